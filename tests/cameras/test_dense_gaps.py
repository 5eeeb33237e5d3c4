"""Hundreds of short gaps are one stretch on a strip: they would run into each other on a screen."""

from __future__ import annotations

import datetime as dt

import pytest

from cameras.drawing.strips import Strip, day_strip
from cameras.models import CoverageDay
from core import tsi

DAY = dt.date(2026, 11, 22)
START, END = tsi.day_bounds_ms(DAY)
HOUR = 3_600_000


def strip(*gaps: tuple[int, int], motion_only: bool = False) -> Strip:
    """The strip of a day with gaps (start and length in seconds of the day)."""
    spans = [(START + 1000 * at, START + 1000 * (at + size)) for at, size in gaps]
    row = CoverageDay(
        day=DAY,
        asked_at=tsi.from_ms(END),
        result="PARTLY",
        recorded_ms=END - START,
        gaps=[[start, end, "NO_STREAM"] for start, end in spans],
        gap_count=len(spans),
    )
    return day_strip(DAY, row, [(START, END)], motion_only=motion_only)


def kinds(drawn: Strip) -> list[str]:
    return [piece.kind for piece in drawn.stretches]


def test_a_run_of_short_gaps_is_one_stretch_that_says_how_many_and_how_much() -> None:
    drawn = strip(*((9 * 3600 + 44 * n, 15) for n in range(652)))

    assert kinds(drawn) == ["RECORDED", "PARTLY", "RECORDED"]
    assert "652" in drawn.stretches[1].title
    assert drawn.stretches[1].x == "37.500"


@pytest.mark.parametrize(
    "gaps",
    [
        [(3600 * n, 15) for n in range(24)],  # far apart
        [(44 * n + 60, 15) for n in range(4)],  # only a few
        [(600 * n, 400) for n in range(20)],  # long ones
    ],
)
def test_gaps_that_can_be_told_apart_stay_apart(gaps: list[tuple[int, int]]) -> None:
    assert kinds(strip(*gaps)).count("NOT_RECORDED") == len(gaps)


def test_a_long_gap_next_to_short_ones_keeps_its_place() -> None:
    drawn = strip(*((60 * n, 20) for n in range(10)), (600, 3600))

    assert kinds(drawn) == ["PARTLY", "NOT_RECORDED", "RECORDED"]


def test_times_without_motion_are_no_gaps() -> None:
    drawn = strip(*((44 * n, 15) for n in range(100)), motion_only=True)

    assert "PARTLY" not in kinds(drawn)


def test_a_strip_of_two_thousand_gaps_stays_small() -> None:
    drawn = strip(*((40 * n, 5) for n in range(2_000)))

    assert len(drawn.stretches) < 10
