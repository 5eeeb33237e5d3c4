"""What is expected of a position on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from inventory.models import Position, RecordingSchedule
from inventory.schedules import check_hours, expected, expected_many

from . import rows

pytestmark = pytest.mark.django_db
MONDAY = dt.date(2026, 3, 9)
TUESDAY = MONDAY + dt.timedelta(days=1)
SUNDAY = MONDAY - dt.timedelta(days=1)


def schedule(
    kind: str, place: Position | None = None, valid_from: dt.date = SUNDAY, **fields: Any
) -> Position:
    place = place or rows.position()
    row = RecordingSchedule(position=place, kind=kind, valid_from=valid_from, **fields)
    row.full_clean()
    row.save()
    return place


def clock(day: dt.date, place: Position) -> list[tuple[str, str]]:
    """Spans as Türkiye clock times of that day."""
    midnight = int(rows.at(day).timestamp() * 1000)

    def text(ms: int) -> str:
        minutes = (ms - midnight) // 60_000
        return f"{minutes // 60:02}:{minutes % 60:02}"

    return [(text(start), text(end)) for start, end in expected(place, day).spans_ms]


def test_no_schedule_means_always():
    place = rows.position()

    assert expected(place, MONDAY).kind == "ALWAYS"
    assert expected(place, MONDAY).expected_ms == 86_400_000


def test_hours_are_spans_of_that_weekday():
    place = schedule("HOURS", hours={"0": [["08:00", "12:30"], ["13:00", "24:00"]]})

    assert clock(MONDAY, place) == [("08:00", "12:30"), ("13:00", "24:00")]
    assert clock(TUESDAY, place) == []


def test_hours_across_midnight_belong_to_both_days():
    place = schedule("HOURS", hours={"0": [["22:00", "06:00"]], "1": [["05:00", "07:00"]]})

    assert clock(MONDAY, place) == [("22:00", "24:00")]
    assert clock(TUESDAY, place) == [("00:00", "07:00")]


def test_the_night_shift_of_the_day_before_follows_the_schedule_of_that_day():
    place = schedule("HOURS", hours={"0": [["22:00", "06:00"]]}, valid_to=TUESDAY)
    schedule("HOURS", place, TUESDAY, hours={"1": [["08:00", "09:00"]]})

    assert clock(TUESDAY, place) == [("00:00", "06:00"), ("08:00", "09:00")]


def test_spans_that_touch_or_overlap_are_one():
    place = schedule(
        "HOURS", hours={"0": [["08:00", "10:00"], ["09:00", "11:00"], ["11:00", "12:00"]]}
    )

    assert clock(MONDAY, place) == [("08:00", "12:00")]


def test_motion_expects_something_all_day():
    place = schedule("MOTION")

    assert expected(place, MONDAY).kind == "MOTION"
    assert expected(place, MONDAY).expected_ms == 86_400_000


def test_an_exemption_tells_its_reason_and_end():
    place = schedule("EXEMPT", reason="Building closed", valid_to=TUESDAY)

    day = expected(place, MONDAY)
    assert (day.kind, day.spans_ms, day.reason, day.until) == (
        "EXEMPT",
        (),
        "Building closed",
        TUESDAY,
    )
    assert expected(place, TUESDAY).kind == "ALWAYS"


@pytest.mark.parametrize("fields", [{"reason": ""}, {"valid_to": None}])
def test_an_exemption_without_reason_or_end_is_impossible(fields):
    row = {"reason": "x", "valid_to": TUESDAY} | fields

    with pytest.raises(IntegrityError), transaction.atomic():
        RecordingSchedule.objects.create(
            position=rows.position(), kind="EXEMPT", valid_from=SUNDAY, **row
        )
    with pytest.raises(ValidationError):
        schedule("EXEMPT", **row)


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {"0": []},
        {"7": [["08:00", "09:00"]]},
        {"0": [["8", "9"]]},
        {"0": [["08:00"]]},
        {"0": [["24:00", "08:00"]]},
        {"0": [["08:00", "24:30"]]},
        [],
        {"0": [[8, 9]]},
    ],
)
def test_wrong_hours_are_refused(hours):
    with pytest.raises(ValidationError):
        check_hours(hours)


def test_many_positions_take_one_query(django_assert_num_queries):
    places = [schedule("MOTION") for _ in range(5)] + [rows.position()]

    with django_assert_num_queries(1):
        days = expected_many(places, MONDAY)

    assert [days[place.pk].kind for place in places] == ["MOTION"] * 5 + ["ALWAYS"]
