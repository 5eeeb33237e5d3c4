"""Time in doubt and time that nobody asked about yet is never drawn, listed or answered as recorded (REC-18)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import translation

from cameras.days.answers import was_recording
from cameras.days.coverage import Interval
from cameras.days.coverage_rows import facts_of
from cameras.days.judging import ChannelDay
from cameras.days.position_days import refresh
from cameras.drawing.strips import day_strip
from cameras.models import CoverageDay, PositionDay
from cameras.reports.lists import _end_of_newest
from core import tsi
from inventory.models import ChannelAssignment, RecordingSchedule
from tests.cameras.campus import LONG_AGO, Campus, Scripted, hours, whole, yesterday

DAY = dt.date(2026, 11, 22)
START, END = tsi.day_bounds_ms(DAY)
HOUR = 3_600_000
MINUTE = 60_000


def row(**facts: Any) -> CoverageDay:
    told = {
        "result": "RECORDED",
        "recorded_ms": END - START,
        "expected_ms": END - START,
        "asked_at": tsi.from_ms(END + HOUR),
    }
    return CoverageDay(day=DAY, **(told | facts))


def kinds(answered: CoverageDay, day: dt.date = DAY) -> list[tuple[str, float]]:
    strip = day_strip(day, answered, [tsi.day_bounds_ms(day)])
    return [(piece.kind, round(float(piece.x) * 0.24, 2)) for piece in strip.stretches]


@pytest.mark.parametrize("result", ["PARTLY", "UNKNOWN"])
def test_the_doubted_part_of_a_day_is_hatched_and_the_rest_is_not(result: str) -> None:
    doubted = row(
        result=result,
        recorded_ms=20 * HOUR,
        disputed_ms=3 * HOUR,
        doubts=[[START + 2 * HOUR, START + 5 * HOUR]],
        gaps=[[START + 10 * HOUR, START + 11 * HOUR, "NO_STREAM"]],
        gap_count=1,
        reason="END_NOT_TOLD" if result == "UNKNOWN" else "",
    )

    assert kinds(doubted) == [
        ("RECORDED", 0),
        ("UNKNOWN", 2),
        ("RECORDED", 5),
        ("NOT_RECORDED", 10),
        ("RECORDED", 11),
    ]


def test_a_row_that_does_not_say_where_its_doubt_lies_is_hatched_whole() -> None:
    old = row(result="PARTLY", recorded_ms=20 * HOUR, disputed_ms=4 * HOUR)

    assert kinds(old) == [("UNKNOWN", 0)]


def test_the_strip_says_in_words_how_much_is_in_doubt() -> None:
    doubted = row(result="PARTLY", disputed_ms=2 * HOUR, doubts=[[START, START + 2 * HOUR]])

    with translation.override("en"):
        assert "2 h 00 min in doubt" in day_strip(DAY, doubted, [(START, END)]).summary


@time_machine.travel(dt.datetime(2026, 11, 22, 15, tzinfo=tsi.TSI), tick=False)
def test_a_day_that_is_not_over_is_drawn_up_to_what_was_asked_and_not_to_the_asking() -> None:
    """The newest two minutes are not in an index yet."""
    noon = START + 12 * HOUR
    today = row(
        is_provisional=True,
        asked_at=tsi.from_ms(noon),
        asked_until=tsi.from_ms(noon - HOUR),
        recorded_ms=11 * HOUR,
    )

    assert kinds(today) == [("RECORDED", 0), ("future", 11)]


@time_machine.travel(dt.datetime(2026, 11, 24, 15, tzinfo=tsi.TSI), tick=False)
def test_what_was_never_asked_of_a_day_that_is_over_is_not_the_future() -> None:
    noon = tsi.from_ms(START + 12 * HOUR)
    half = row(is_provisional=True, asked_at=noon, asked_until=noon, recorded_ms=12 * HOUR)

    assert kinds(half) == [("RECORDED", 0), ("UNKNOWN", 12)]


@pytest.mark.parametrize(
    ("facts", "expected", "ends"),
    [
        ({}, [(START, END)], END),
        (
            {"is_provisional": True, "asked_until": tsi.from_ms(START + HOUR)},
            [(START, END)],
            START + HOUR,
        ),
        ({}, [(START + 8 * HOUR, START + 18 * HOUR)], START + 18 * HOUR),
        ({"gaps": [[END - HOUR, END, "UNKNOWN"]]}, [(START, END)], END - HOUR),
        (
            {
                "gaps": [[END - HOUR, END, "UNKNOWN"]],
                "doubts": [[END - 2 * HOUR, END - HOUR]],
                "disputed_ms": HOUR,
            },
            [(START, END)],
            END - 2 * HOUR,
        ),
    ],
    ids=["whole", "today", "hours", "a hole at the end", "doubt before the hole"],
)
def test_the_newest_recording_ends_where_it_is_known_to_end(
    facts: dict[str, Any], expected: list[Interval], ends: int
) -> None:
    """REC-2, REC-5b."""
    assert _end_of_newest(row(**facts), expected) == ends


def test_a_proof_says_where_its_doubts_lie_only_where_it_has_some() -> None:
    plain = facts_of(ChannelDay(7, DAY, "RECORDED", END, False), None)  # type: ignore[arg-type]

    assert plain["doubts"] is None
    assert "doubts" not in plain["canonical"]
    assert "unseen_cut_ms" not in plain["canonical"]


def test_a_moment_in_doubt_is_unknown_and_its_neighbours_are_told(
    campus: Campus, night: Any
) -> None:
    """REC-19."""
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    night()
    start, _end = tsi.day_bounds_ms(yesterday())
    CoverageDay.objects.filter(day=yesterday()).update(
        result="UNKNOWN",
        reason="END_NOT_TOLD",
        recorded_ms=22 * HOUR,
        disputed_ms=2 * HOUR,
        doubts=[[start + 3 * HOUR, start + 5 * HOUR]],
    )
    position = recorder.channels.get().assignments.get().position

    def at(hour: int) -> str:
        moment = tsi.from_ms(start + hour * HOUR + MINUTE)
        return was_recording(position, yesterday(), moment).at_moment

    assert [at(2), at(4), at(6)] == ["YES", "UNKNOWN", "YES"]


def test_a_moment_at_which_nothing_is_expected_is_not_called_recorded(
    campus: Campus, night: Any
) -> None:
    recorder = campus.recorder(Scripted(recorded={1: hours(yesterday(), (8, 18))}))
    position = recorder.channels.get().assignments.get().position
    RecordingSchedule.objects.create(
        position=position,
        kind="HOURS",
        hours={str(day): [["08:00", "18:00"]] for day in range(7)},
        valid_from=dt.date(2020, 1, 1),
    )
    night()
    start, _end = tsi.day_bounds_ms(yesterday())

    answers = [
        was_recording(position, yesterday(), tsi.from_ms(start + hour * HOUR)).at_moment
        for hour in (3, 12)
    ]

    assert answers == ["UNKNOWN", "YES"]


def test_a_second_channel_clears_the_doubt_of_the_first(campus: Campus, night: Any) -> None:
    """A position's coverage is the union of its channels, minute by minute."""
    one = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    two = campus.recorder(Scripted(recorded={1: hours(yesterday(), (2, 6))}))
    position = one.channels.get().assignments.get().position
    ChannelAssignment.objects.filter(channel__recorder=two).delete()
    ChannelAssignment.objects.create(
        channel=two.channels.get(), position=position, starts_at=LONG_AGO
    )
    night()
    start, _end = tsi.day_bounds_ms(yesterday())
    CoverageDay.objects.filter(channel__recorder=one, day=yesterday()).update(
        result="UNKNOWN",
        reason="END_NOT_TOLD",
        recorded_ms=22 * HOUR,
        disputed_ms=2 * HOUR,
        doubts=[[start + 3 * HOUR, start + 5 * HOUR]],
    )

    refresh([position], yesterday(), None)

    answer = PositionDay.objects.get(position=position, day=yesterday())
    assert (answer.result, answer.recorded_ms) == ("RECORDED", 24 * HOUR)
