"""What the clients of makers' own HTTP interfaces share: their clock, bounded searches, oldest recording, port."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from cameras.protocols.base import (
    BadAnswer,
    Channel,
    DeviceError,
    IndexAnswer,
    NotSupported,
    Segment,
    Source,
    StreamTarget,
    TimeBase,
    TooLarge,
)
from cameras.protocols.http import Conversation
from cameras.protocols.oldest_known import OldestKnown, believable
from cameras.protocols.rtsp_address import rtsp_address
from cameras.protocols.rtsp_port import RtspPort
from cameras.protocols.search_budget import SearchBudget, SearchCaps
from cameras.protocols.wall_clock import windows

_ASKED = (
    "identity",
    "clock",
    "channels",
    "recordings",
    "snapshot",
    "live",
    "playback",
    "disks",
    "masks",
)
_UPTIME_DIGITS = 9  # thirty years


class Found(Protocol):
    """What one search of an index gave."""

    notes: set[str]
    complete: bool

    @property
    def segments(self) -> Collection[Segment]: ...


@dataclass
class Gathered:
    """The searches of one question together. Segments keep their order and count once."""

    segments: dict[Segment, None]
    notes: set[str]
    complete: bool
    pages: int


class VendorClient(ABC):
    """One conversation with one device in its maker's interface. Reads only; times are DEVICE_LOCAL."""

    protocol: ClassVar[str]
    index_source: ClassVar[Source]
    index_time_base = TimeBase.DEVICE_LOCAL

    def __init__(self, conversation: Conversation, *, caps: SearchCaps | None = None) -> None:
        self.conversation = conversation
        self.manner = conversation.manner
        self.rtsp_port = RtspPort(conversation.endpoint, self._told_rtsp_port)
        self._caps = caps or SearchCaps()
        self._earliest = OldestKnown()

    async def capabilities(self) -> Mapping[str, bool]:
        """These interfaces have no list of them: what can be asked, whatever the device then answers."""
        return dict.fromkeys(_ASKED, True)

    async def close(self) -> None:
        await self.conversation.close()

    async def earliest(self, channel: Channel, before_ms: int) -> int | None:
        """Start of the oldest unlocked recording, asked once per channel; None where it is not told."""
        number = channel.number
        if self._earliest.must_ask(number, before_ms):
            try:
                oldest = await self._oldest_unlocked(channel, before_ms)
            except DeviceError:
                # It is asked beside the recordings, which are worth more and must not be lost.
                oldest = None
            self._earliest.note(number, before_ms, believable(oldest, before_ms))
        return self._earliest.of(number)

    async def uptime_s(self) -> int | None:
        """For how many seconds the device has been running; None where it does not tell."""
        try:
            told = await self._told_uptime()
        except (NotSupported, BadAnswer, TooLarge):
            return None
        seconds = told.strip().partition(".")[0]
        return int(seconds) if seconds.isdecimal() and len(seconds) <= _UPTIME_DIGITS else None

    @abstractmethod
    async def _told_uptime(self) -> str: ...

    @abstractmethod
    async def _told_rtsp_port(self) -> int | None: ...

    @abstractmethod
    async def _oldest_unlocked(self, channel: Channel, before_ms: int) -> int | None: ...

    async def _gather(
        self,
        start_ms: int,
        end_ms: int,
        longest_ms: int,
        search: Callable[[int, int, SearchBudget], Awaitable[Found]],
    ) -> Gathered:
        """Searches a span in windows of at most `longest_ms`, all of them within one budget."""
        budget = SearchBudget(self._caps)
        gathered = Gathered({}, set(), True, 0)
        for start, end in windows(start_ms, end_ms, longest_ms):
            found = await search(start, end, budget)
            gathered.segments.update(dict.fromkeys(found.segments))
            gathered.notes |= found.notes
            gathered.complete = gathered.complete and found.complete
        gathered.pages = budget.pages
        return gathered

    async def _answer(self, gathered: Gathered, channel: Channel, end_ms: int) -> IndexAnswer:
        return IndexAnswer(
            source=self.index_source,
            time_base=self.index_time_base,
            segments=tuple(gathered.segments),
            complete=gathered.complete,
            pages=gathered.pages,
            notes=tuple(sorted(gathered.notes)),
            earliest_ms=await self.earliest(channel, end_ms),
        )

    async def _rtsp(self, path: str) -> str:
        """The address of a stream on this device."""
        return rtsp_address(self.conversation.endpoint, path, await self.rtsp_port.find())

    async def _past(self, path: str, start_ms: int, end_ms: int) -> StreamTarget:
        """A past span whose digits stand in the path."""
        return StreamTarget(await self._rtsp(path), TimeBase.DEVICE_LOCAL, start_ms, end_ms, "url")
