"""In which clock a Hikvision device writes its index: mostly its wall clock, on some firmware really UTC.

Both end in "Z". What is being recorded now tells them apart: its digits are those of the wall clock, or those
of UTC. Only what moves on while we look proves UTC: a recorder that stopped three hours ago would look the
same. What looks so and does not move is left in doubt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from cameras.protocols.base import BadAnswer, NotSupported, Segment, TooLarge
from cameras.protocols.http import Conversation
from cameras.protocols.isapi.documents import ToldTime, read_time
from cameras.protocols.isapi.replies import ask

IN_UTC = "isapi-index-in-utc"
IN_WALL_CLOCK = "isapi-index-in-wall-clock"
PERHAPS_UTC = "PERHAPS_IN_UTC"

_NEAR_MS = 3 * 60_000
_BEFORE_MS = 15 * 60_000
LOOK_AGAIN_S = 20.0
"""Long enough for a recording that is going on to have become longer in the index."""
_LEAST_ZONE_MS = 30 * 60_000

Look = Callable[[int, int, int], Awaitable[Collection[Segment]]]
"""Searches a track and a span of digits, as the index writes them, and gives its segments."""


@dataclass(frozen=True)
class IndexTime:
    """`ahead_ms` is how far the wall clock is ahead of what the index writes."""

    ahead_ms: int = 0
    is_doubtful: bool = False


class IndexClock:
    """Settles the question once per device; asks with each channel until one of them tells."""

    def __init__(self, conversation: Conversation, look: Look) -> None:
        self._conversation = conversation
        self._look = look
        self._lock = asyncio.Lock()
        self._found: dict[int, IndexTime] = {}

    async def find(self, track: int) -> IndexTime:
        """What is known of the device, else what the newest recordings of this track show."""
        quirks = self._conversation.manner.quirks
        if IN_WALL_CLOCK in quirks:
            return IndexTime()
        async with self._lock:
            if track not in self._found:
                self._found[track] = await self._settle(track)
            return self._found[track]

    async def _settle(self, track: int) -> IndexTime:
        quirks = self._conversation.manner.quirks
        told = await self._time()
        zone_ms = None if told is None or told.zone_minutes is None else told.zone_minutes * 60_000
        if IN_UTC in quirks:
            return IndexTime(zone_ms or 0, is_doubtful=zone_ms is None)
        # A zone west of Greenwich would need footage of the future to look for; UTC itself needs nothing.
        if IN_WALL_CLOCK in quirks or told is None or (zone_ms or 0) < _LEAST_ZONE_MS:
            return IndexTime()
        in_utc = told.local_ms - (zone_ms or 0)
        span = in_utc - _BEFORE_MS, told.local_ms + _NEAR_MS
        newest = await self._newest(track, *span)
        if newest is None or newest < in_utc - _NEAR_MS:
            return IndexTime()
        if newest > in_utc + _NEAR_MS:
            quirks.append(IN_WALL_CLOCK)
            return IndexTime()
        await asyncio.sleep(LOOK_AGAIN_S)
        later = await self._newest(track, *span)
        if later is None or not newest < later <= in_utc + _NEAR_MS:
            return IndexTime(is_doubtful=True)
        quirks.append(IN_UTC)
        return IndexTime(zone_ms or 0)

    async def _time(self) -> ToldTime | None:
        try:
            return read_time(await ask(self._conversation, "System/time"))
        except (NotSupported, BadAnswer):
            return None

    async def _newest(self, track: int, start_ms: int, end_ms: int) -> int | None:
        """The latest end in a span of digits; None where nothing was found, or where that cannot be told."""
        try:
            segments = await self._look(track, start_ms, end_ms)
        except (NotSupported, BadAnswer, TooLarge):
            return None
        return max((segment.end_ms for segment in segments), default=None)
