"""B6: windows that no recording can answer are refused with a sentence, all others are taken."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from footage_requests.casework import asked_window
from tests.inventory.rows import at

NOW = at(dt.date(2026, 11, 23), 12)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (NOW - HOUR, NOW - 2 * HOUR, "ends_at"),
        (NOW - HOUR, NOW - HOUR, "ends_at"),
        (NOW + HOUR, NOW + 2 * HOUR, "starts_at"),
        (NOW - HOUR, NOW + HOUR, "ends_at"),
        (NOW - 40 * DAY, NOW - 8 * DAY, "ends_at"),
        (at(dt.date(2016, 9, 1)), at(dt.date(2016, 9, 2)), "starts_at"),
    ],
)
def test_an_impossible_window_is_refused_beside_its_field(start, end, field):
    """B6."""
    with pytest.raises(ValidationError) as refused:
        asked_window.check_window(start, end, NOW)

    assert set(refused.value.error_dict) == {field}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (at(dt.date(2026, 11, 21), 23), at(dt.date(2026, 11, 22), 1)),
        (at(dt.date(2025, 12, 31), 23), at(dt.date(2026, 1, 1), 2)),
        (at(dt.date(2026, 3, 29), 2), at(dt.date(2026, 3, 29), 5)),
        (NOW - 41 * DAY, NOW - 10 * DAY),
    ],
)
def test_midnight_the_turn_of_the_year_and_old_changes_of_clocks_are_no_obstacle(start, end):
    """B6: Türkiye has been three hours ahead all year since 2016."""
    asked_window.check_window(start, end, NOW)


def test_a_night_in_march_is_as_long_as_any_other():
    start = asked_window.instant(dt.date(2026, 3, 29), dt.time(2, 30))
    end = asked_window.instant(dt.date(2026, 3, 29), dt.time(4, 30))

    assert end - start == 2 * HOUR


def test_about_two_oclock_is_the_time_around_it():
    start, end = asked_window.about(dt.date(2026, 3, 10), dt.time(14), dt.timedelta(minutes=30))

    assert (start, end) == (
        at(dt.date(2026, 3, 10), 13) + HOUR / 2,
        at(dt.date(2026, 3, 10), 14) + HOUR / 2,
    )


def test_about_midnight_reaches_into_the_day_before():
    start, _end = asked_window.about(dt.date(2026, 3, 10), dt.time(0, 10), HOUR)

    assert start == at(dt.date(2026, 3, 9), 23) + dt.timedelta(minutes=10)


def test_a_window_over_midnight_is_written_with_both_days():
    words = asked_window.in_words(at(dt.date(2026, 3, 9), 23), at(dt.date(2026, 3, 10), 1))

    assert words == "09.03.2026 23:00:00 – 10.03.2026 01:00:00"
