"""Hikvision's day calendar: on which days something was recorded.

One recorded minute makes a day true, so it never proves that a day was recorded. It contradicts a
search that finds nothing, and it leads to the oldest day without searching months.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cameras.protocols.base import BadAnswer, NotSupported
from cameras.protocols.http import Conversation
from cameras.protocols.isapi.replies import ask
from cameras.protocols.isapi.search_documents import calendar_body, read_calendar
from cameras.protocols.wall_clock import TURKIYE, shown

NO_CALENDAR = "isapi-no-calendar"
_MONTHS_BACK = 24
_EMPTY_MONTHS = 2


class Calendar:
    """The months of one device, asked once each; a device without calendar is asked no more."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._months: dict[tuple[int, int, int], dict[int, bool]] = {}

    async def has_day(self, track: int, day_start_ms: int) -> bool | None:
        """Whether anything was recorded on the day; None when the device does not say."""
        day = shown(day_start_ms)
        return (await self._month(track, day.year, day.month)).get(day.day)

    async def days_from_oldest(self, track: int, before_ms: int) -> list[int]:
        """Start (wall ms) of each day with recordings, oldest first, up to `before_ms`."""
        starts: list[int] = []
        empty = 0
        for month in _months_back(shown(before_ms)):
            days = await self._month(track, month.year, month.month)
            found = [_day_ms(month, number) for number, has_any in days.items() if has_any]
            starts += [start for start in found if start < before_ms]
            empty = 0 if found else empty + 1
            if empty == _EMPTY_MONTHS:
                break
        return sorted(starts)

    async def _month(self, track: int, year: int, month: int) -> dict[int, bool]:
        key = (track, year, month)
        quirks = self._conversation.manner.quirks
        if key not in self._months and NO_CALENDAR not in quirks:
            path = f"ContentMgmt/record/tracks/{track}/dailyDistribution"
            try:
                root = await ask(self._conversation, path, body=calendar_body(year, month))
                self._months[key] = read_calendar(root)
            except NotSupported:
                if NO_CALENDAR not in quirks:
                    quirks.append(NO_CALENDAR)
            except BadAnswer:
                self._months[key] = {}
        return self._months.get(key, {})


def _months_back(latest: datetime) -> Iterator[datetime]:
    month = latest.replace(day=1)
    for _ in range(_MONTHS_BACK):
        yield month
        month = (month - timedelta(days=1)).replace(day=1)


def _day_ms(month: datetime, day: int) -> int:
    first = datetime(month.year, month.month, 1, tzinfo=TURKIYE)
    return int((first + timedelta(days=day - 1)).timestamp()) * 1000
