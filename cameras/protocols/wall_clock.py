"""The wall clocks of vendor devices, in milliseconds of `TimeBase.DEVICE_LOCAL`.

A wall clock is written as if it showed Türkiye time (UTC+3 all year), whatever zone the device is set
to: 10:00:00 on the device's screen is the instant 07:00:00 UTC of the time base. A letter Z or a zone
at the end of a device's time does not move it; `WallTime.zone_minutes` tells it apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

TURKIYE = timezone(timedelta(hours=3))
DAY_MS = 86_400_000
_TURKIYE_MS = 3 * 3_600_000
# A dead battery shows 1970; what lies far outside is no clock, and leaves room for arithmetic.
_YEARS = range(1900, 3000)
_LEAP_SECOND = 60
_FARTHEST_ZONE = 14 * 60

_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})[-/.](?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[T ,]+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})(?P<rest>.*)",
    re.ASCII,
)
_YEAR_LAST = re.compile(
    r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<year>\d{4})[T ,]+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})(?P<rest>.*)",
    re.ASCII,
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<a>\d{2})(?P<b>\d{2})[T ]?"
    r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})(?P<rest>.*)",
    re.ASCII,
)
_ZONE = re.compile(r"(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})", re.ASCII)
# POSIX counts zones westwards: CST-3:00:00 is three hours EAST of Greenwich.
_POSIX_ZONE = re.compile(
    r"\s*(?:<[^>]*>|[A-Za-z]+)(?P<sign>[+-]?)(?P<hours>\d{1,2})"
    r"(?::(?P<minutes>\d{2}))?(?::\d{2})?(?P<rule>.*)",
    re.ASCII,
)


@dataclass(frozen=True)
class WallTime:
    """A wall clock's reading. `zone_minutes` is east of Greenwich; None when no offset stood there."""

    ms: int
    zone_minutes: int | None = None


def read_wall_time(text: str, *, day_first: bool = True) -> WallTime | None:
    """The time in `text`, in any spelling that devices are known to use; None when there is none.

    `day_first` decides 03-04-2026 only where both readings are possible.
    """
    text = text.strip()
    for pattern in (_YEAR_FIRST, _COMPACT, _YEAR_LAST):
        match = pattern.fullmatch(text)
        if match is not None:
            month, day = _month_and_day(
                match, year_first=pattern is not _YEAR_LAST, day_first=day_first
            )
            return _wall_time(match, month, day)
    return None


def _month_and_day(match: re.Match[str], *, year_first: bool, day_first: bool) -> tuple[int, int]:
    a, b = int(match["a"]), int(match["b"])
    if year_first:
        return a, b
    if a > 12 or (day_first and b <= 12):
        return b, a
    return a, b


def _wall_time(match: re.Match[str], month: int, day: int) -> WallTime | None:
    hour, rest = int(match["hour"]), match["rest"].strip().upper()
    if rest[-2:] in ("AM", "PM") and 1 <= hour <= 12:
        hour = hour % 12 + (12 if rest.endswith("PM") else 0)
    minute, second = int(match["minute"]), int(match["second"])
    is_midnight = (hour, minute, second) == (24, 0, 0)
    if int(match["year"]) not in _YEARS or second > _LEAP_SECOND:
        return None
    try:
        shown = datetime(
            int(match["year"]), month, day, 0 if is_midnight else hour, minute, tzinfo=UTC
        )
    except ValueError:
        return None
    shown += timedelta(days=is_midnight, seconds=second)
    zone = _ZONE.search(rest)
    minutes = _minutes(zone) if zone else None
    if minutes is not None and abs(minutes) > _FARTHEST_ZONE:
        minutes = None
    return WallTime(_wall_ms(shown), minutes)


def _wall_ms(shown: datetime) -> int:
    return int(shown.timestamp()) * 1000 - _TURKIYE_MS


def _minutes(zone: re.Match[str]) -> int:
    minutes = int(zone["hours"]) * 60 + int(zone["minutes"] or 0)
    return -minutes if zone["sign"] == "-" else minutes


def posix_zone_minutes(zone: str) -> int | None:
    """Minutes east of Greenwich of a POSIX-like zone such as CST-3:00:00, without its summer rule."""
    match = _POSIX_ZONE.fullmatch(zone)
    return -_minutes(match) if match else None


def posix_zone_has_summer_time(zone: str) -> bool:
    """Whether a summer rule follows the offset (CST-2:00:00DST01:00:00,M4.1.0/02:00:00,...)."""
    match = _POSIX_ZONE.fullmatch(zone)
    return bool(match and match["rule"].strip())


def utc_of_wall(wall_ms: int, zone_minutes: int) -> int:
    """What a device whose wall clock shows `wall_ms` takes for UTC, given its zone's offset."""
    return wall_ms + _TURKIYE_MS - zone_minutes * 60_000


def shown(wall_ms: int) -> datetime:
    """The wall clock's digits for an instant, whole seconds."""
    return datetime.fromtimestamp(wall_ms // 1000, TURKIYE)


def end_second(wall_ms: int) -> int:
    """The whole second that ends a span: rounded down, its last pictures would be missing."""
    return -(-wall_ms // 1000) * 1000


def windows(start_ms: int, end_ms: int, longest_ms: int) -> Iterator[tuple[int, int]]:
    """Cuts a span into pieces of at most `longest_ms`."""
    while start_ms < end_ms:
        yield start_ms, min(start_ms + longest_ms, end_ms)
        start_ms += longest_ms


def whole_days(start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """The calendar days of the wall clock that lie wholly inside a span."""
    day = -(-(start_ms + _TURKIYE_MS) // DAY_MS) * DAY_MS - _TURKIYE_MS
    while day + DAY_MS <= end_ms:
        yield day, day + DAY_MS
        day += DAY_MS
