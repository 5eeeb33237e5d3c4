"""The digits of vendors' wall clocks: read in every spelling, never bent into a time that was not told."""

from __future__ import annotations

import pytest

from cameras.protocols.wall_clock import DAY_MS, read_wall_time
from tests.protocols.isapi_recorder import wall

MIDNIGHT = wall("2026-11-02T00:00:00")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-11-01 24:00:00", MIDNIGHT),
        ("2026-11-01T23:59:60Z", MIDNIGHT),
        ("20261101T240000Z", MIDNIGHT),
        ("2026-11-01 23:59:59", MIDNIGHT - 1000),
        ("2026-11-02", None),
        ("2026-11-01 24:00:01", None),
        ("2026-11-01 23:59:61", None),
        ("2026-11-01 23:59:99", None),
        ("2026-11-01 23:60:00", None),
        ("2026-02-29 10:00:00", None),
        ("2000-00-00 00:00:00", None),
    ],
)
def test_a_day_may_end_at_24_and_nothing_else_is_made_up(told: str, expected: int | None) -> None:
    read = read_wall_time(told)
    assert (read.ms if read else None) == expected
    assert MIDNIGHT % DAY_MS == 21 * 3_600_000
