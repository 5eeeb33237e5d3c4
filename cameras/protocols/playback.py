"""Plays one track of a device, live or past, and says of each unit when it was taken.

A past span is played only with a proof that it is the one that was asked (`time_proofs`): a picture of another
time never leaves here. Times are integer milliseconds in the target's time base. The track is the video, unless
`sounds.fetch_sound` plays: then it is the sound, whose coded units take the place of the pictures.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import NamedTuple

from .base import (
    BadAnswer,
    DeviceError,
    Endpoint,
    Login,
    Reason,
    StreamTarget,
    TooSlow,
)
from .rtp import DOLLAR, RtpPacket, parse_rtcp, parse_rtp
from .rtp_clock import StampSource
from .rtp_video import AccessUnit
from .rtsp import (
    ConnectionEnded,
    DeadlinePassed,
    RtspConnection,
    Stalled,
    StreamEnded,
    StreamLimits,
)
from .rtsp_messages import (
    Message,
    control_url,
    interleaved_channel,
    play_urls,
    refusal,
    rtp_info_time,
    track_urls,
    write_clock,
)
from .sdp import told_range
from .time_proofs import TimeProof
from .tracks import Choose, Depacketises, Track, choose_video

# Every known player asks so, and some recorders that are not asked play from their oldest file. Played
# for a player, a minute takes a minute: without their pace, recorders of Hikvision send it eight times as fast.
_FROM_START = {"Range": "npt=0.000-", "Rate-Control": "no"}
_NO_SUCH_RANGE = (400, 451, 455, 456, 457, 501)
# What is answered to an address that a device does not know as the one it gave out itself.
_PERHAPS_ANOTHER_ADDRESS = (400, 404, 405, 454, 459, 460, 461)
_HOLD_S = 3.0
_HOLD_BYTES = 8 * 1024 * 1024


class EndedBy(StrEnum):
    """Why no more pictures came."""

    SPAN_END = "SPAN_END"  # a picture at or after the asked end arrived
    TERMINAL = "TERMINAL"  # the T bit of the ONVIF extension
    BYE = "BYE"  # RTCP BYE
    ANNOUNCED = "ANNOUNCED"  # an RTSP message of the device
    STALL = "STALL"
    EOF = "EOF"
    DEADLINE = "DEADLINE"
    RENUMBERED = "RENUMBERED"  # another RTP source went on: what places its times is not known
    ENOUGH = "ENOUGH"  # we had what we wanted


# The device says itself that there is no more, which a broken connection does not.
_ORDERLY = (EndedBy.SPAN_END, EndedBy.TERMINAL, EndedBy.BYE, EndedBy.ANNOUNCED)


class Frame(NamedTuple):
    """One coded picture and when it was taken."""

    stamp_ms: int
    unit: AccessUnit


@asynccontextmanager
async def open_playback(
    endpoint: Endpoint,
    login: Login | None,
    target: StreamTarget,
    limits: StreamLimits,
    *,
    allow_basic: bool = False,
    local_ahead_ms: int = 0,
    choose: Choose = choose_video,
) -> AsyncIterator[Playback]:
    """Dial, describe, set up the one track and start to play. Ends the session when left.

    `local_ahead_ms` is how far the device's DEVICE_LOCAL is known to be ahead of its DEVICE_UTC, for
    targets in local time of a device with a wrong zone.
    """
    connection = RtspConnection(endpoint, login, target.url, limits, allow_basic=allow_basic)
    async with connection:
        playback = Playback(connection, target, local_ahead_ms, choose)
        await playback.start()
        yield playback


class Playback:
    """A stream that is playing. `frames()` or `portions()` may be walked once; the figures are true afterwards."""

    def __init__(
        self,
        connection: RtspConnection,
        target: StreamTarget,
        local_ahead_ms: int = 0,
        choose: Choose = choose_video,
    ) -> None:
        self.ended_by: EndedBy | None = None
        self._connection = connection
        self._target = target
        self._proof = TimeProof(target, local_ahead_ms)
        self._require = target.replay == "onvif"
        self._choose = choose
        self._track: Track
        self._depacketiser: Depacketises
        self._channel = 0
        self._described = ""
        self._source: int | None = None
        self._held: list[AccessUnit] = []
        self._frames: list[Frame] = []
        self._held_bytes = 0
        self._held_since = 0.0

    @property
    def depacketiser(self) -> Depacketises:
        """What reads the packets of the chosen track; there once it plays."""
        return self._depacketiser

    @property
    def stamp_source(self) -> StampSource | None:
        """From where the times come; None before the first picture."""
        return self._proof.source

    @property
    def range_reply(self) -> str:
        """The range that the device said it plays."""
        return self._proof.range_reply

    @property
    def codec(self) -> str:
        """`h264` or `hevc`."""
        return self._depacketiser.codec

    @property
    def parameter_sets(self) -> bytes:
        return self._depacketiser.parameter_sets

    @property
    def packets_received(self) -> int:
        return self._depacketiser.sequence.received

    @property
    def packets_lost(self) -> int:
        return self._depacketiser.sequence.lost

    def nothing_came(self) -> DeviceError:
        """What to raise when the stream ended before a single usable picture."""
        if self.ended_by in (EndedBy.STALL, EndedBy.DEADLINE):
            reason = Reason.NO_ANSWER if self.ended_by is EndedBy.STALL else Reason.TOO_SLOW
            return TooSlow("The stream was opened and no picture came.", reason=reason)
        if self.ended_by in _ORDERLY and self.packets_received == 0:
            return BadAnswer("The stream ended and nothing came.", reason=Reason.NOTHING_PLAYED)
        return BadAnswer("The stream ended without one usable picture.")

    async def start(self) -> None:
        connection, url = self._connection, self._connection.address.url
        options = await connection.request("OPTIONS", url)
        connection.use_methods(options.get("public"))
        described = await connection.request("DESCRIBE", url, {"Accept": "application/sdp"})
        if described.status != 200:
            raise refusal("DESCRIBE", described)
        session_control, self._track, self._depacketiser = self._choose(described.body)
        self._described = told_range(described.body)
        address = connection.address
        given = described.get("content-base") or described.get("content-location")
        base = address.under_same_host(given) if "://" in given else url
        aggregate = control_url(address, base, session_control if "://" in session_control else "")
        track = await self._set_up(track_urls(address, base, self._track.control), aggregate)
        await self._play(play_urls(aggregate, url, track))

    async def _set_up(self, urls: Sequence[str], aggregate: str) -> str:
        transport = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
        url, reply = await self._request_at("SETUP", urls, transport)
        self._channel = interleaved_channel(reply.get("transport"))
        self._connection.use_session(reply, aggregate)
        return url

    async def _play(self, urls: Sequence[str]) -> None:
        target = self._target
        headers = {}
        if target.replay == "onvif" and target.start_ms is not None:
            end = write_clock(target.end_ms) if target.end_ms is not None else ""
            headers = {
                "Range": f"clock={write_clock(target.start_ms)}-{end}",
                "Rate-Control": "no",
            }
        elif target.replay:
            headers = _FROM_START
        self._connection.control, reply = await self._request_at("PLAY", urls, headers)
        rtp_time = rtp_info_time(reply.get("rtp-info"), self._track.control)
        told, clock_rate = reply.get("range"), self._track.clock_rate
        self._proof.hear_play(told, rtp_time, self._described, clock_rate)

    async def _request_at(
        self, method: str, urls: Sequence[str], headers: dict[str, str]
    ) -> tuple[str, Message]:
        """The first of these addresses that the device takes, and its reply; else what it said to the first one."""
        first: Message | None = None
        for url in urls:
            try:
                reply = await self._request_replay(method, url, headers)
            except (ConnectionEnded, Stalled):
                if first is None:
                    raise
                break
            if reply.status == 200:
                return url, reply
            first = first or reply
            if reply.status not in _PERHAPS_ANOTHER_ADDRESS:
                break
        raise refusal(method, first or Message())

    async def _request_replay(self, method: str, url: str, headers: dict[str, str]) -> Message:
        """A request with `Require: onvif-replay` where wanted, and once without where it is refused."""
        required = {"Require": "onvif-replay"} if self._require else {}
        reply = await self._connection.request(method, url, headers | required)
        if reply.status == 551 and self._require:
            self._require = False
            reply = await self._connection.request(method, url, headers)
        if headers is _FROM_START and reply.status in _NO_SUCH_RANGE:
            reply = await self._connection.request(method, url)
        return reply

    async def frames(self) -> AsyncIterator[Frame]:
        """The pictures in the order of the stream, each inside the span (or one lead before it).

        Raises BadAnswer(WRONG_RANGE) at the first picture that proves to be of another time, and
        BadAnswer(TIME_NOT_PROVEN) when nothing proves the time; other device errors only where they are
        not just an end of stream.
        """
        async for portion in self.portions():
            for frame in portion:
                yield frame

    async def portions(self) -> AsyncIterator[Sequence[Frame]]:
        """As `frames()`, as many at once as came at once: footage comes in tens of thousands of pictures."""
        try:
            async for _ in self._connection.receive(self._take):
                ready, self._frames = self._frames, []
                if ready:
                    yield ready
                if self.ended_by is not None:
                    return
        except Stalled:
            self.ended_by = EndedBy.STALL
        except DeadlinePassed:
            self.ended_by = EndedBy.DEADLINE
        except ConnectionEnded:
            self.ended_by = EndedBy.EOF
        except StreamEnded:
            self.ended_by = EndedBy.ANNOUNCED
        # What has no end yet is part of a picture; it is not delivered.
        yield self._last_frames(self._depacketiser.complete())

    def _take(self, buffer: bytearray, at: int, end: int) -> int:
        """Takes the whole packets from `at` on: see `RtspConnection.receive`."""
        depacketiser, channel, kind = self._depacketiser, self._channel, self._track.payload_type
        while self.ended_by is None:
            at = depacketiser.take_pieces(buffer, at, end, channel, kind)
            if depacketiser.finished:
                units, depacketiser.finished = depacketiser.finished, []
                self._frames += self._stamped(units)
                continue
            if at + 4 > end or buffer[at] != DOLLAR:
                break
            following = at + 4 + (buffer[at + 2] << 8 | buffer[at + 3])
            if following > end:
                break
            self._frames += self._frames_of(buffer[at + 1], bytes(buffer[at + 4 : following]))
            at = following
        return at

    def _frames_of(self, channel: int, data: bytes) -> Sequence[Frame]:
        if self._is_ours_elsewhere(channel, data):
            self._channel = channel
        if channel == self._channel:
            packet = parse_rtp(data)
            if packet is None or packet.payload_type != self._track.payload_type:
                return ()
            if self._is_lost_in_time(packet):
                frames = self._last_frames(self._depacketiser.flush())
                self.ended_by = self.ended_by or EndedBy.RENUMBERED
                return frames
            units = self._depacketiser.push(packet)
            return self._stamped(units) if units or self._held else ()
        if channel == self._channel + 1:
            report, bye = parse_rtcp(data)
            if report is not None:
                self._proof.hear_report(report)
            if not bye:
                return ()
            frames = self._last_frames(self._depacketiser.flush())
            self.ended_by = self.ended_by or EndedBy.BYE
            return frames
        return ()

    def _is_ours_elsewhere(self, channel: int, data: bytes) -> bool:
        """Whether the track comes on another channel than the reply to SETUP said, from its first packet on."""
        if channel == self._channel or channel % 2 or self.packets_received:
            return False
        packet = parse_rtp(data)
        return packet is not None and packet.payload_type == self._track.payload_type

    def _is_lost_in_time(self, packet: RtpPacket) -> bool:
        """Whether a new source began whose RTP times nothing places: those of the old one say nothing."""
        before, self._source = self._source, packet.source
        is_new = before not in (None, packet.source)
        return is_new and self.stamp_source is not StampSource.ONVIF_NTP

    def _last_frames(self, units: list[AccessUnit]) -> list[Frame]:
        frames = self._stamped(units)
        if self._held and self.stamp_source is None:
            self._proof.decide(self._held[0], final=True)
            frames += self._stamped([])
        return frames

    def _stamped(self, units: Sequence[AccessUnit]) -> list[Frame]:
        frames: list[Frame] = []
        for unit in self._decided(units) if self._held or self.stamp_source is None else units:
            stamp = self._proof.place(unit)
            if self._target.end_ms is not None and stamp >= self._target.end_ms:
                self.ended_by = EndedBy.SPAN_END
                break
            self._proof.refuse_outside(stamp)
            frames.append(Frame(stamp, unit))
            if unit.is_terminal:
                self.ended_by = EndedBy.TERMINAL
                break
        return frames

    def _decided(self, units: Sequence[AccessUnit]) -> list[AccessUnit]:
        """All that have come, once it is known from where their times come; until then they are held."""
        self._held_since = self._held_since or time.monotonic()
        self._held += units
        self._held_bytes += sum(unit.size for unit in units)
        if not self._held or not self._ready():
            return []
        held, self._held = self._held, []
        return held

    def _ready(self) -> bool:
        if self.stamp_source is not None:
            return True
        waited = time.monotonic() - self._held_since
        final = waited > _HOLD_S or self._held_bytes > _HOLD_BYTES
        return self._proof.decide(self._held[0], final=final)
