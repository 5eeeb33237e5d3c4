"""Times and zones as ONVIF devices write them, to milliseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from cameras.protocols.xml import find, text

_LEAP_SECOND, _DAY_S = 60, 86_400
TURKIYE_MS = 3 * 3600 * 1000  # a wall clock is written as if it showed UTC+3 (protocols.base)
_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII | re.IGNORECASE,
)
# POSIX counts west as positive. Makers write east with a plus as often as with a minus, so that
# only a minus (east, as POSIX says and as no maker writes for west) or zero is clear.
_CLEAR_ZONE = re.compile(
    r"^(?:<\+(\d\d)(\d\d)?>|[A-Za-z]{3,5})(?:-(\d{1,2})(?::(\d\d))?(?::00)?|0)$"
)


def stamp_ms(written: str) -> tuple[int, bool] | None:
    """An xsd:dateTime as milliseconds, and whether it named its zone (else it counts as UTC).

    None when it is no time.
    """
    match = _STAMP.fullmatch(written.strip())
    if match is None:
        return None
    day, clock, second, fraction, zone = match.groups()
    is_midnight = clock == "24:00" and int(second) == 0
    clock = "00:00" if is_midnight else clock
    offset = "+00:00" if zone in (None, "Z", "z") else zone
    try:
        minute = round(datetime.fromisoformat(f"{day}T{clock}:00{offset}").timestamp())
    except (ValueError, OverflowError):
        return None
    if int(second) > _LEAP_SECOND:
        return None
    seconds = minute + int(second) + (_DAY_S if is_midnight else 0)
    return seconds * 1000 + int((fraction or "0")[:3].ljust(3, "0")), zone is not None


def write_stamp(ms: int) -> str:
    """Milliseconds as Zulu time; the fraction only where there is one (some devices refuse it)."""
    moment = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{ms % 1000:03d}Z" if ms % 1000 else f"{moment}Z"


def date_time_ms(element: etree._Element | None) -> int | None:
    """A tt:DateTime (Time and Date in numbers), taken as UTC; None when absent or impossible."""
    if element is None:
        return None
    date, clock = find(element, "Date"), find(element, "Time")
    try:
        year, month, day = (int(text(date, name)) for name in ("Year", "Month", "Day"))
        hour, minute, second = (int(text(clock, name)) for name in ("Hour", "Minute", "Second"))
        moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    if not 0 <= second <= _LEAP_SECOND:
        return None
    return (round(moment.timestamp()) + second) * 1000


def clear_zone_ms(zone: str) -> int | None:
    """How far a zone is east of UTC, only where its text cannot be read in two ways."""
    match = _CLEAR_ZONE.match(zone.strip())
    if match is None:
        return None
    name_hours, name_minutes, hours, minutes = match.groups()
    east = int(hours or 0) * 60 + int(minutes or 0)
    if name_hours is not None and int(name_hours) * 60 + int(name_minutes or 0) != east:
        return None
    return east * 60_000 if east <= 14 * 60 else None


def http_date_ms(written: str) -> int | None:
    """The HTTP `Date` header as milliseconds; None when absent or unreadable."""
    try:
        moment = parsedate_to_datetime(written)
        return round(moment.timestamp()) * 1000 if moment.tzinfo else None
    except (ValueError, TypeError, OverflowError):
        return None
