"""Sends the pictures and the sound of one PLAY: paced or as fast as the socket takes them, with RTCP and faults."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from simulator.clocks import Base
from simulator.faults import fault
from simulator.rtsp_faults import damaged
from simulator.rtsp_playback import Played, video_of
from simulator.rtsp_rtp import Coded, Mark, RtpSender, replay_extension, split_interleaved
from simulator.rtsp_sound import SoundSender
from simulator.video import gop
from simulator.video_camera import camera_for
from simulator.world import Campus, SimChannel, SimDevice

_REPORT_EVERY_S = 5.0
_TICKS_PER_MS = 90
_STEP_MS = 40


class PoweredOff(Exception):
    """The device lost its power while it was sending."""


@dataclass(frozen=True)
class Play:
    """One PLAY.

    `speed` 1.0 is real time, None unthrottled; `cseq` None means no replay extension. RTCP tells the
    pictures' time plus `report_shift_ms`, or the time of sending where that is None.
    """

    groups: Iterator[list[Played]]
    speed: float | None = 1.0
    cseq: int | None = None
    report_shift_ms: int | None = None
    stamp_shift_ms: int = 0


def live_pictures(
    campus: Campus, device: SimDevice, channel: SimChannel, video: dict[str, Any]
) -> Iterator[list[Played]]:
    """Pictures of now, without end, with the device's clock in them."""
    start = device.clock.at(campus.now_ms(), Base.UTC)
    while True:
        camera = camera_for(device, channel, campus.now_ms())
        group = gop(camera, start, **video)
        yield [Played(unit.pts_ms, unit, Mark(0)) for unit in group]
        start += 1000 - start % 1000


class Player:
    """The sending side of a session; it lives over several PLAYs, so that RTP numbers run on."""

    def __init__(
        self,
        campus: Campus,
        device: SimDevice,
        sender: RtpSender,
        send: Callable[[bytes | memoryview], Awaitable[None]],
    ) -> None:
        self.sender = sender
        self.has_pictures = False  # whether the track of the pictures was set up
        self.sound: SoundSender | None = None  # where the track of the sound was set up
        self.next_ms: int | None = None  # where a PLAY after PAUSE goes on
        self._campus = campus
        self._device = device
        self._send = send
        self._chance = random.Random(device.seed)
        self._timestamp = self._chance.getrandbits(32)
        self._last_ms: int | None = None
        self._last_pts_ms = 0
        self._reported_at = 0.0
        self._pace: tuple[float, int] | None = None  # loop time at which an instant was due

    @property
    def timestamp(self) -> int:
        """The RTP time stamp of the last picture, or of the first before any was sent."""
        return self._timestamp & 0xFFFFFFFF

    async def run(self, play: Play) -> None:
        """Send everything, then say goodbye. PoweredOff when the device dies meanwhile."""
        self._reported_at = asyncio.get_running_loop().time() - _REPORT_EVERY_S
        self._pace = None
        first_ms: int | None = None
        for group in play.groups:
            if self._device.is_down(self._campus.now_ms()):
                raise PoweredOff
            if first_ms is None:
                first_ms = group[0].instant_ms
                self._begin_at(first_ms)
            kept = self._before_limit(group, first_ms)
            if play.speed is None:
                await self._deliver(self._packets(kept, play))
                await self._deliver(self._sound_packets(kept, play))
                await self._report(play)
                await asyncio.sleep(0)
            else:
                await self._paced(kept, play, play.speed)
            if len(kept) < len(group):
                break
        await self._end()

    async def _paced(self, group: list[Played], play: Play, speed: float) -> None:
        """Send each picture when its time has come; a gap is stepped over, not waited for."""
        loop = asyncio.get_running_loop()
        await self._deliver(self._sound_packets(group, play))
        for each in group:
            if self._pace is None or Mark.DISCONTINUITY in each.marks:
                self._pace = (loop.time(), each.instant_ms)
            due = self._pace[0] + (each.instant_ms - self._pace[1]) / 1000 / speed
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._deliver(self._packets([each], play))
            await self._report(play)

    async def _end(self) -> None:
        if self._silent_after_ms() is not None:
            await asyncio.Event().wait()
        if fault(self._device, "rtsp_no_bye") is None:
            for sender in self._senders():
                await self._send(sender.bye())

    def _senders(self) -> list[RtpSender]:
        """What was set up: a track that nobody asked for is not sent."""
        pictures = [self.sender] if self.has_pictures else []
        return [*pictures, self.sound] if self.sound is not None else pictures

    def _sound_packets(self, group: list[Played], play: Play) -> bytes:
        """The sound of the time that a group of pictures takes."""
        if self.sound is None or not group:
            return b""
        first, last = group[0].unit.pts_ms, group[-1].unit.pts_ms
        whole = first - first % 1000 + 1000
        end = min(whole, last - (-1000 // int(video_of(self._device)["fps"])))
        ahead = group[0].instant_ms - first + play.stamp_shift_ms

        def extension(instant_ms: int) -> bytes:
            if play.cseq is None:
                return b""
            return replay_extension(instant_ms + ahead, Mark.CLEAN_POINT, play.cseq)

        return self.sound.packets(first, end, extension)

    def _begin_at(self, first_ms: int) -> None:
        """RTP time runs on when a PLAY begins somewhere else than the last one ended."""
        if self._last_ms is not None and first_ms != self.next_ms:
            self._last_ms = first_ms - _STEP_MS

    def _silent_after_ms(self) -> int | None:
        value = fault(self._device, "rtsp_silent_after")
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def _before_limit(self, group: list[Played], first_ms: int) -> list[Played]:
        """What is sent of a group before a fault ends the clip."""
        limits = (self._silent_after_ms(), fault(self._device, "rtsp_stops_early"))
        ends = [first_ms + int(limit) for limit in limits if limit is not None]
        return [each for each in group if not ends or each.instant_ms < min(ends)]

    def _packets(self, pictures: list[Played], play: Play) -> memoryview:
        packets = self.sender.pictures([self._coded(each, play) for each in pictures])
        return packets if self.has_pictures else packets[:0]

    def _coded(self, picture: Played, play: Play) -> Coded:
        self._advance(picture)
        self.next_ms = picture.instant_ms + 1
        extension = b""
        if play.cseq is not None:
            marks = picture.marks
            if fault(self._device, "rtsp_no_bye") is not None:
                marks &= ~Mark.TERMINAL
            stamp = picture.instant_ms + play.stamp_shift_ms
            extension = replay_extension(stamp, marks, play.cseq)
        nals, is_repeated = picture.unit.nals, not (picture.unit.key or self.sender.is_h265)
        share = fault(self._device, "rtsp_corrupt")
        if share is not None and self._chance.random() < float(share):
            nals = damaged(nals, self._chance, is_h265=self.sender.is_h265)
            is_repeated = False
        return Coded(nals, self._timestamp, extension, is_repeated)

    def _advance(self, picture: Played) -> None:
        """Move the RTP clock with the recording's, or over a gap as if it were not there."""
        if self._last_ms is not None:
            step = picture.instant_ms - self._last_ms
            is_gapless = fault(self._device, "rtsp_gapless") is not None
            if is_gapless and Mark.DISCONTINUITY in picture.marks:
                step = _STEP_MS
            self._timestamp += step * _TICKS_PER_MS
        self._last_ms, self._last_pts_ms = picture.instant_ms, picture.unit.pts_ms

    async def _report(self, play: Play) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._reported_at < _REPORT_EVERY_S:
            return
        self._reported_at = now
        wall: int | None = self._device.clock.at(self._campus.now_ms())
        if play.report_shift_ms is not None and self._last_ms is not None:
            wall = self._last_ms + play.report_shift_ms
        elif play.cseq is not None and play.speed is None:
            wall = None
        if self.has_pictures:
            await self._send(self.sender.sender_report(wall, self._timestamp))
        if self.sound is not None:
            time = self.sound.time_of(self._last_pts_ms)
            await self._send(self.sound.sender_report(wall, time))

    async def _deliver(self, data: bytes | memoryview) -> None:
        if not data:
            return
        rate = fault(self._device, "rtsp_trickle")
        lost = fault(self._device, "rtsp_lost")
        if rate is None and lost is None:
            await self._send(data)
            return
        for packet in split_interleaved(data):
            if lost is None or self._chance.random() >= float(lost):
                await self._send(packet)
            if rate is not None:
                await asyncio.sleep(1 / float(rate))
