"""Public holidays and working days of Türkiye."""

from __future__ import annotations

import datetime as dt

import pytest

from core.holidays import Holiday, is_working_day, working_day_from

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-23", True),  # a Monday
        ("2026-11-22", False),  # a Sunday
        ("2027-10-29", False),  # Republic Day, every year
        ("2026-10-28", True),  # its eve is a half day
        ("2026-05-26", True),  # eve of Kurban Bayramı
        ("2026-05-27", False),
        ("2030-02-06", False),  # third day of Ramazan Bayramı
        ("2030-02-07", True),
        ("2019-10-29", True),  # the calendar of this system begins in 2020
    ],
)
def test_working_days_follow_weekends_and_whole_holidays(day: str, expected: bool) -> None:
    assert is_working_day(dt.date.fromisoformat(day)) is expected


def test_after_a_long_holiday_the_next_working_day_counts() -> None:
    assert working_day_from(dt.date(2026, 5, 27)) == dt.date(2026, 6, 1)
    assert working_day_from(dt.date(2026, 6, 1)) == dt.date(2026, 6, 1)


def test_a_day_that_the_unit_enters_counts_at_once() -> None:
    Holiday.objects.create(day=dt.date(2026, 11, 23), name="İdari izin")

    assert working_day_from(dt.date(2026, 11, 21)) == dt.date(2026, 11, 24)
