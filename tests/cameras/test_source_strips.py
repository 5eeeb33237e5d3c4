"""Where two sources of a recorder disagree, each has a row of its own on the strip."""

from __future__ import annotations

import datetime as dt

import pytest

from cameras.days.coverage import Result
from cameras.days.coverage_rows import facts_of
from cameras.days.judging import ChannelDay
from cameras.drawing.strips import source_strips
from cameras.models import CoverageDay
from cameras.protocols.base import Source
from core import tsi

DAY = dt.date(2026, 11, 22)
START, END = tsi.day_bounds_ms(DAY)
HOUR = 3_600_000


def answered(**facts: object) -> CoverageDay:
    return CoverageDay(day=DAY, asked_at=tsi.from_ms(END), result="UNKNOWN", **facts)


def test_each_source_shows_what_it_lacks() -> None:
    gaps = {"ISAPI_SEARCH": [[START, START + HOUR]], "ONVIF_EVENTS": []}

    strips = dict(source_strips(DAY, answered(source_gaps=gaps), [(START, END)]))

    assert [piece.kind for piece in strips["ISAPI_SEARCH"].stretches] == [
        "NOT_RECORDED",
        "RECORDED",
    ]
    assert [piece.kind for piece in strips["ONVIF_EVENTS"].stretches] == ["RECORDED"]


@pytest.mark.parametrize("row", [None, answered(), answered(source_gaps={})])
def test_sources_that_agree_need_no_rows(row: CoverageDay | None) -> None:
    assert source_strips(DAY, row, [(START, END)]) == []


def test_time_that_is_not_expected_is_no_gap_of_a_source() -> None:
    gaps = {"ISAPI_SEARCH": [[START, END]]}

    strips = dict(
        source_strips(DAY, answered(source_gaps=gaps), [(START + HOUR, START + 2 * HOUR)])
    )
    assert [piece.kind for piece in strips["ISAPI_SEARCH"].stretches] == [
        "outside",
        "NOT_RECORDED",
        "outside",
    ]


def test_what_each_source_lacks_is_part_of_the_proof_only_where_they_disagree() -> None:
    day = ChannelDay(7, DAY, Result.UNKNOWN, END, False, reason="SOURCES_DISAGREE")
    facts = facts_of(day, None)
    assert facts["source_gaps"] is None
    assert "source_gaps" not in facts["canonical"]

    disputed = ChannelDay(
        7,
        DAY,
        Result.UNKNOWN,
        END,
        False,
        reason="SOURCES_DISAGREE",
        source_gaps={str(Source.ISAPI_SEARCH): [(START, START + 5_000)]},
    )
    facts = facts_of(disputed, None)
    assert facts["source_gaps"] == {"ISAPI_SEARCH": [[START, START + 5_000]]}
    assert "source_gaps" in facts["canonical"]
