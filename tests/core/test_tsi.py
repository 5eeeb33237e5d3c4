"""Days of Türkiye time, whatever the season and the zone table say."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from core import tsi

INSTANT = dt.datetime(2026, 7, 1, 21, 30, 5, tzinfo=dt.UTC)


def test_a_day_begins_at_21_utc_of_the_day_before():
    start, end = tsi.day_bounds(dt.date(2026, 7, 2))

    assert start == dt.datetime(2026, 7, 1, 21, tzinfo=dt.UTC)
    assert end - start == dt.timedelta(hours=24)
    assert start.tzinfo is dt.UTC


@pytest.mark.parametrize("day", [dt.date(2026, 3, 29), dt.date(2026, 10, 25), dt.date(2015, 7, 1)])
def test_every_day_has_24_hours(day):
    start, end = tsi.day_bounds_ms(day)
    assert end - start == 86_400_000


def test_the_day_of_an_instant():
    assert tsi.day_of(INSTANT) == dt.date(2026, 7, 2)
    assert tsi.day_of(INSTANT - dt.timedelta(minutes=31)) == dt.date(2026, 7, 1)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        tsi.day_of(dt.datetime(2026, 7, 1))


def test_milliseconds_there_and_back():
    assert tsi.from_ms(tsi.to_ms(INSTANT)) == INSTANT
    assert tsi.to_ms(dt.datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=dt.UTC)) == -1


def test_forms():
    assert tsi.stamp(INSTANT) == "02.07.2026 00:30:05 TSİ"
    assert tsi.clock_time(INSTANT) == "00:30:05"
    assert tsi.day_text(dt.date(2026, 7, 2)) == "02.07.2026"
    assert tsi.at(dt.date(2026, 7, 2), 1) == dt.datetime(2026, 7, 1, 22, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "just now"),
        (240, "4 min ago"),
        (7200, "2 h ago"),
        (47 * 3600, "47 h ago"),
        (3 * 86400, "3 days ago"),
        (-600, "in the future"),
    ],
)
def test_ages_in_words(seconds, words):
    with translation.override("en"):
        assert tsi.age(INSTANT, INSTANT + dt.timedelta(seconds=seconds)) == words


def test_what_never_happened_has_no_age():
    with translation.override("en"):
        assert tsi.age(None) == "never"
