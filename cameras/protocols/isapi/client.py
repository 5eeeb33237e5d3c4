"""A Hikvision recorder or camera, spoken to over ISAPI."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from cameras.protocols.base import (
    BadAnswer,
    Channel,
    ClockSample,
    DeviceError,
    Identity,
    IndexAnswer,
    NotSupported,
    Picture,
    Reason,
    Segment,
    Source,
    StreamTarget,
    TooLarge,
    Untrusted,
)
from cameras.protocols.disk_states import DiskKind, DiskState, DiskTrouble
from cameras.protocols.http import PICTURE_LIMIT, Conversation, path_on_device
from cameras.protocols.isapi import documents
from cameras.protocols.isapi.calendar import NO_CALENDAR, Calendar
from cameras.protocols.isapi.index_time import PERHAPS_UTC, IndexClock
from cameras.protocols.isapi.masks import count_regions, read_masks
from cameras.protocols.isapi.replies import (
    OPTIONAL,
    ask,
    call,
    raise_for_failure,
    read_document,
)
from cameras.protocols.isapi.track_search import Findings, first_unlocked, search_track
from cameras.protocols.oldest_known import LONGEST_KEPT_MS
from cameras.protocols.rtsp_port import port_in
from cameras.protocols.search_budget import SearchBudget, SearchCaps
from cameras.protocols.vendor_client import VendorClient
from cameras.protocols.wall_clock import DAY_MS, end_second, shown, whole_days

# Older recorders give pictures of network cameras only under the second path.
_PICTURE_PATHS = (
    "/ISAPI/Streaming/channels/{}/picture",
    "/ISAPI/ContentMgmt/StreamingProxy/channels/{}/picture",
)
_OLDEST_DAYS_LOOKED_AT = 5
_LOOK_PAGES = 10
_MOST_SMART = 16
_SMART_SECONDS = 5.0
"""So many disks, and no longer than this, are asked for their SMART state: it must not cost the visit."""
_LONG_AGO_MS = 946_674_000_000  # the year 2000


class IsapiClient(VendorClient):
    """One conversation with one Hikvision device. Reads only; times are DEVICE_LOCAL."""

    protocol = "isapi"
    index_source = Source.ISAPI_SEARCH

    def __init__(self, conversation: Conversation, *, caps: SearchCaps | None = None) -> None:
        super().__init__(conversation, caps=caps)
        self._calendar = Calendar(conversation)
        self._index_clock = IndexClock(conversation, self._look)
        self._ntp_servers: tuple[str, ...] | None = None
        self._playback_paths: dict[int, str] = {}

    async def identity(self) -> Identity:
        """Who it is, from System/deviceInfo."""
        return documents.read_identity(await ask(self.conversation, "System/deviceInfo"))

    async def read_clock(self) -> ClockSample:
        """The wall clock in whole seconds, and UTC where the device tells its zone."""
        if self._ntp_servers is None:
            self._ntp_servers = await self._read_ntp_servers()
        reply = await call(self.conversation, "System/time")
        time = documents.read_time(read_document(reply, self.manner.quirks))
        return ClockSample(
            utc_ms=time.utc_ms,
            local_ms=time.local_ms,
            resolution_ms=1_000,
            sent_ms=reply.sent_ms,
            received_ms=reply.received_ms,
            zone=time.zone,
            daylight_saving=time.daylight_saving,
            uses_ntp=time.uses_ntp,
            ntp_servers=self._ntp_servers,
        )

    async def channels(self) -> list[Channel]:
        """Network cameras of a recorder, then analogue inputs; else the one picture of a camera.

        On a hybrid recorder the network cameras are numbered behind the analogue inputs.
        """
        listed: list[Channel] = []
        try:
            root = await ask(self.conversation, "ContentMgmt/InputProxy/channels")
            listed = documents.with_states(
                documents.read_proxy_channels(root), await self._proxy_states()
            )
        except OPTIONAL:
            listed = []
        if not listed or min(channel.number for channel in listed) > 1:
            known = {channel.number for channel in listed}
            listed += [c for c in await self._video_inputs() if c.number not in known]
        every = listed or [Channel(1)]
        return [replace(c, token=str(track_of(c))) for c in sorted(every, key=lambda c: c.number)]

    async def schedules(self) -> dict[int, str]:
        """Channel number -> how its main stream is recorded: "off", "CMR", "MOTION", ..."""
        tracks = documents.read_schedules(await ask(self.conversation, "ContentMgmt/record/tracks"))
        return {track // 100: word for track, word in tracks.items() if track % 100 == 1}

    async def recordings(self, channel: Channel, start_ms: int, end_ms: int) -> IndexAnswer:
        """The segments of a channel's main stream, searched at most one day at a time."""
        track = track_of(channel)
        search = partial(self._search, track)
        gathered = await self._gather(start_ms, end_ms, DAY_MS, search)
        if await self._calendar_disagrees(track, start_ms, end_ms, gathered.segments):
            gathered.notes.add("CALENDAR_DISAGREES")
            gathered.complete = False
        self._remember_playback_path(track, gathered.segments)
        return await self._answer(gathered, channel, end_ms)

    async def _search(
        self, track: int, start_ms: int, end_ms: int, budget: SearchBudget
    ) -> Findings:
        """`search_track` in wall clock time, also where the index is written in UTC."""
        when = await self._index_clock.find(track)
        ahead_ms = when.ahead_ms
        span = start_ms - ahead_ms, end_ms - ahead_ms
        found = await search_track(self.conversation, track, *span, budget)
        if ahead_ms:
            found.segments = [
                replace(one, start_ms=one.start_ms + ahead_ms, end_ms=one.end_ms + ahead_ms)
                for one in found.segments
            ]
        if when.is_doubtful:
            found.is_incomplete(PERHAPS_UTC)
        return found

    async def _look(self, track: int, start_ms: int, end_ms: int) -> list[Segment]:
        budget = SearchBudget(replace(self._caps, pages=min(self._caps.pages, _LOOK_PAGES)))
        found = await search_track(self.conversation, track, start_ms, end_ms, budget)
        return found.segments

    async def _calendar_disagrees(
        self, track: int, start_ms: int, end_ms: int, segments: Mapping[Segment, None]
    ) -> bool:
        """An empty day is believed only when the calendar does not contradict it."""
        for day, next_day in whole_days(start_ms, end_ms):
            is_empty = not any(s.start_ms < next_day and s.end_ms > day for s in segments)
            if is_empty and await self._calendar.has_day(track, day):
                return True
        return False

    async def _oldest_unlocked(self, channel: Channel, before_ms: int) -> int | None:
        track = track_of(channel)
        budget = SearchBudget(self._caps)
        days = await self._calendar.days_from_oldest(track, before_ms)
        if NO_CALENDAR in self.manner.quirks:
            ahead_ms = (await self._index_clock.find(track)).ahead_ms
            until = before_ms - ahead_ms
            span = max(_LONG_AGO_MS, until - LONGEST_KEPT_MS), until
            oldest = await first_unlocked(self.conversation, track, *span, budget)
            return None if oldest is None else oldest + ahead_ms
        for day in days[:_OLDEST_DAYS_LOOKED_AT]:
            found = await self._search(track, day, day + DAY_MS, budget)
            for segment in found.segments:
                if not segment.locked:
                    return segment.start_ms
        return None

    async def snapshot(self, channel: Channel) -> Picture:
        """A still of the channel's main stream; the path that worked is remembered."""
        known = self.manner.services.get("isapi-snapshot", "")
        failure: BadAnswer | None = None
        for path in (known,) if known in _PICTURE_PATHS else _PICTURE_PATHS:
            reply = await self.conversation.call(
                "GET", path.format(track_of(channel)), limit=PICTURE_LIMIT
            )
            kind = reply.headers.get("Content-Type", "")
            # Refusals come with HTTP 200 as well, and not always called XML.
            is_text = "xml" in kind.lower() or reply.body[:64].lstrip().startswith(b"<")
            if reply.status < 400 and reply.body and not is_text:
                self.manner.services["isapi-snapshot"] = path
                return Picture(reply.body, kind)
            try:
                raise_for_failure(reply) if reply.status >= 400 else read_document(reply)
                raise BadAnswer("no picture in the answer", reason=Reason.UNDECODABLE)
            except NotSupported:
                continue
            except BadAnswer as error:
                # Recorders call the first path bad XML, or a device error, for their network cameras.
                failure = failure or error
        raise failure or NotSupported("the device gives no pictures of this channel")

    async def live(self, channel: Channel) -> StreamTarget:
        """The main stream."""
        return StreamTarget(await self._rtsp(f"/Streaming/Channels/{track_of(channel)}"))

    async def playback(self, channel: Channel, start_ms: int, end_ms: int) -> StreamTarget:
        """A past span; it stands in the URL, in digits of the device's wall clock."""
        track = track_of(channel)
        if track not in self._playback_paths and not self.rtsp_port.is_known:
            await self._learn_playback_path(track, start_ms, end_ms)
        path = self._playback_paths.get(track) or f"/Streaming/tracks/{track}"
        ahead_ms = (await self._index_clock.find(track)).ahead_ms
        span = (
            f"?starttime={shown(start_ms - ahead_ms):%Y%m%dT%H%M%SZ}"
            f"&endtime={shown(end_second(end_ms - ahead_ms)):%Y%m%dT%H%M%SZ}"
        )
        return await self._past(path + span, start_ms, end_ms)

    async def disks(self) -> list[DiskState]:
        """Disks, arrays and network volumes with the device's own word, and what SMART says of the disks."""
        disks = documents.read_disks(await ask(self.conversation, "ContentMgmt/Storage"))
        until = time.monotonic() + _SMART_SECONDS
        for place, disk in enumerate(disks[:_MOST_SMART]):
            if time.monotonic() > until:
                break
            number = disk.slot.removeprefix("hdd ")
            if disk.kind is not DiskKind.DISK or not (number.isascii() and number.isdecimal()):
                continue
            try:
                word = await self._smart(number)
            except DeviceError:
                # It is asked beside the states, which are worth more; what cannot tell once is left alone.
                break
            if word and disk.trouble is None:
                disks[place] = replace(
                    disk,
                    healthy=False,
                    trouble=DiskTrouble.FAILING,
                    word=f"{disk.word}, SMART {word}".lstrip(", "),
                )
        return disks

    async def _smart(self, number: str) -> str:
        path = f"ContentMgmt/Storage/hdd/{number}/SMARTTest/status"
        return documents.read_smart(await ask(self.conversation, path))

    async def masks(self, channel: Channel) -> int:
        """How many areas of the channel the device covers itself; 0 = its masks are off."""
        path = f"System/Video/inputs/channels/{channel.number}/privacyMask"
        areas = read_masks(await ask(self.conversation, path))
        if areas is None:
            areas = count_regions(await ask(self.conversation, f"{path}/regions"))
        return areas

    async def _learn_playback_path(self, track: int, start_ms: int, end_ms: int) -> None:
        """The recorder's own playbackURI of the span: it knows its path, and often its port."""
        budget = SearchBudget(replace(self._caps, pages=1))
        end_ms = min(end_ms, start_ms + DAY_MS)
        try:
            found = await search_track(self.conversation, track, start_ms, end_ms, budget)
        except (NotSupported, BadAnswer, TooLarge):
            return
        self._remember_playback_path(track, dict.fromkeys(found.segments))

    def _remember_playback_path(self, track: int, segments: Mapping[Segment, None]) -> None:
        """The path and the port in the recorder's own playbackURI; its host is not used."""
        told = next((s.playback for s in reversed(list(segments)) if s.playback), "")
        if not told:
            return
        try:
            path, _ = path_on_device(self.conversation.endpoint, told)
        except Untrusted:
            return
        bare = path.partition("?")[0]
        if str(track) in bare:
            self._playback_paths[track] = bare
            port = port_in(told)
            # Some write their web port there, which is no answer: then it is asked for.
            if port not in (80, 443, self.conversation.endpoint.port):
                self.rtsp_port.note(port)

    async def _told_uptime(self) -> str:
        return documents.told(await ask(self.conversation, "System/status"), "deviceUpTime")

    async def _told_rtsp_port(self) -> int | None:
        return documents.read_rtsp_port(await ask(self.conversation, "Security/adminAccesses"))

    async def _proxy_states(self) -> dict[int, bool]:
        try:
            root = await ask(self.conversation, "ContentMgmt/InputProxy/channels/status")
        except OPTIONAL:
            return {}
        return documents.read_proxy_states(root)

    async def _video_inputs(self) -> list[Channel]:
        try:
            root = await ask(self.conversation, "System/Video/inputs/channels")
        except OPTIONAL:
            return []
        return documents.read_video_inputs(root)

    async def _read_ntp_servers(self) -> tuple[str, ...]:
        try:
            return documents.read_ntp_servers(
                await ask(self.conversation, "System/time/ntpServers")
            )
        except DeviceError as error:
            if isinstance(error, OPTIONAL):
                return ()
            raise


def track_of(channel: Channel) -> int:
    """The trackID of a channel's main stream: channel 7 is 701."""
    return channel.number * 100 + 1
