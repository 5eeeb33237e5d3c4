"""A run that crosses midnight, in Türkiye or in UTC, fails for nothing but the product."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.steady import seconds_to_wait


@pytest.mark.parametrize(
    ("time_of_day", "seconds"),
    [
        ("20:58:59", 0),
        ("20:59:30", 30 + 125),
        ("21:00:00", 125),
        ("21:02:04", 1),
        ("21:02:05", 0),
        ("23:58:59", 0),
        ("23:59:59", 1),
        ("00:00:00", 0),
        ("12:00:00", 0),
    ],
)
def test_a_test_that_may_last_a_minute_begins_when_the_day_stays(
    time_of_day: str, seconds: int
) -> None:
    now = dt.datetime.fromisoformat(f"2028-02-29T{time_of_day}+00:00")
    assert seconds_to_wait(now.timestamp(), 60) == seconds
