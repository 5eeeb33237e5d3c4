"""Plays one track of a device, live or past, and says of each unit when it was taken.

A recorder that does not understand a time span tends to play something else and call it a success.
So a past span is accepted only with a proof: the recording's own NTP times (ONVIF extension), else a
`Range: clock=` in the reply to PLAY that matches what was asked (Hikvision may say it in its description
instead), else RTCP times inside the span that are not simply the time of sending.
What proves to be of another time is `BadAnswer(WRONG_RANGE)`, what proves no time at all
`BadAnswer(TIME_NOT_PROVEN)`: many recorders answer without a word about the time, and that is no lie.
A picture of another time never leaves here.

Times are integer milliseconds in the target's time base. The track is the video, unless `sounds.fetch_sound`
plays: then it is the sound, whose coded units take the place of the pictures.
"""

from __future__ import annotations

import time
from collections import deque
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
    TimeBase,
    TooSlow,
)
from .rtp import DOLLAR, RtpPacket, SenderReport, parse_rtcp, parse_rtp
from .rtp_clock import RtpTimeline, StampSource
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
    ClockRange,
    Message,
    control_url,
    interleaved_channel,
    read_range,
    refusal,
    rtp_info_time,
    write_clock,
)
from .sdp import told_range
from .tracks import Choose, Depacketises, Track, choose_video

# Recorders start at the key frame before the asked instant; smart codecs put many seconds between two.
LEAD_MS = 30_000
_WALL_CLOCK_MS = 3 * 3_600_000
_NTP_ERA_MS = (1 << 32) * 1000
_NEAR_NOW_MS = 10 * 60_000
# Every known player asks so, and some recorders that are not asked play from their oldest file. Played
# for a player, a minute takes a minute: without their pace, recorders of Hikvision send it eight times as fast.
_FROM_START = {"Range": "npt=0.000-", "Rate-Control": "no"}
_NO_SUCH_RANGE = (400, 456, 457, 501)
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
    """A stream that is playing. `frames()` may be walked once; the figures are true afterwards."""

    def __init__(
        self,
        connection: RtspConnection,
        target: StreamTarget,
        local_ahead_ms: int = 0,
        choose: Choose = choose_video,
    ) -> None:
        self.range_reply = ""
        self.stamp_source: StampSource | None = None
        self.ended_by: EndedBy | None = None
        self._connection = connection
        self._target = target
        self._shifts = [0]
        if target.time_base is TimeBase.DEVICE_LOCAL:
            self._shifts = [0, local_ahead_ms, -_WALL_CLOCK_MS]
        if target.start_ms is not None and target.start_ms < 0:
            # A recording dated near 1900 (a recorder without a clock): its NTP times look like 2036.
            self._shifts.append(-_NTP_ERA_MS)
        self._require = target.replay == "onvif"
        self._choose = choose
        self._track: Track
        self._depacketiser: Depacketises
        self._channel = 0
        self._confirmed_start_ms: int | None = None
        self._described = ""
        self._range_rtp: int | None = None
        self._report: SenderReport | None = None
        self._source: int | None = None
        self._timeline: RtpTimeline | None = None
        self._shift_ms = 0
        self._held: deque[AccessUnit] = deque()
        self._frames: list[Frame] = []
        self._held_bytes = 0
        self._held_since = 0.0

    @property
    def depacketiser(self) -> Depacketises:
        """What reads the packets of the chosen track; there once it plays."""
        return self._depacketiser

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
        await self._set_up(control_url(address, base, self._track.control), aggregate)
        await self._play(aggregate)

    async def _set_up(self, url: str, aggregate: str) -> None:
        reply = await self._request_replay(
            "SETUP", url, {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
        )
        self._channel = interleaved_channel(reply.get("transport"))
        self._connection.use_session(reply, aggregate)

    async def _play(self, url: str) -> None:
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
        reply = await self._request_replay("PLAY", url, headers)
        self.range_reply = "".join(c for c in reply.get("range")[:200] if c.isprintable())
        self._range_rtp = rtp_info_time(reply.get("rtp-info"), self._track.control)
        if target.replay:
            told = read_range(self.range_reply)
            self._confirmed_start_ms = self._confirm(told)
            if told is None and target.replay == "url":
                self._confirm_by_description()

    async def _request_replay(self, method: str, url: str, headers: dict[str, str]) -> Message:
        """A request with `Require: onvif-replay` where wanted, and once without where it is refused."""
        required = {"Require": "onvif-replay"} if self._require else {}
        reply = await self._connection.request(method, url, headers | required)
        if reply.status == 551 and self._require:
            self._require = False
            reply = await self._connection.request(method, url, headers)
        if headers is _FROM_START and reply.status in _NO_SUCH_RANGE:
            reply = await self._connection.request(method, url)
        if reply.status != 200:
            raise refusal(method, reply)
        return reply

    def _confirm(self, told: ClockRange | None) -> int | None:
        """The start that the reply to PLAY confirms, in the target's time base; None if it does not."""
        if told is None or (told.end_ms is not None and told.end_ms <= told.start_ms):
            return None
        shift = self._fitting_shift(told.start_ms)
        return None if shift is None else told.start_ms + shift

    def _confirm_by_description(self) -> None:
        """The description of a URL with a span may name that span; of a whole recording it proves nothing."""
        told = read_range(self._described)
        start = self._confirm(told)
        if told is None or told.end_ms is None or start is None:
            return
        end_ms = start + told.end_ms - told.start_ms
        if self._target.end_ms is not None and end_ms <= self._target.end_ms + LEAD_MS:
            self._confirmed_start_ms = start
            self.range_reply = "".join(c for c in self._described[:200] if c.isprintable())

    def _fitting_shift(self, ms: int) -> int | None:
        """What to add to a time of the device so that it lies in the asked span; None = it does not.

        Recorders that think in wall-clock time write it either as such behind a false Z, or as UTC.
        """
        fitting = [shift for shift in self._shifts if self._in_span(ms + shift)]
        if 0 not in fitting and _is_now(ms):
            # Three hours ago asked, live played: that fits a false Z only by accident.
            return None
        start = self._target.start_ms or 0
        return min(fitting, key=lambda shift: abs(ms + shift - start), default=None)

    def _in_span(self, ms: int) -> bool:
        start, end = self._target.start_ms, self._target.end_ms
        return (start is None or ms >= start - LEAD_MS) and (end is None or ms < end)

    async def frames(self) -> AsyncIterator[Frame]:
        """The pictures in the order of the stream, each inside the span (or one lead before it).

        Raises BadAnswer(WRONG_RANGE) at the first picture that proves to be of another time, and
        BadAnswer(TIME_NOT_PROVEN) when nothing proves the time; other device errors only where they are
        not just an end of stream.
        """
        try:
            async for _ in self._connection.receive(self._take):
                ready, self._frames = self._frames, []
                for frame in ready:
                    yield frame
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
        for frame in self._last_frames(self._depacketiser.complete()):
            yield frame

    def _take(self, buffer: bytearray) -> int:
        """Takes the whole packets at the head of the buffer: see `RtspConnection.receive`."""
        at, size = 0, len(buffer)
        pieces, channel, kind = (
            self._depacketiser.take_pieces,
            self._channel,
            self._track.payload_type,
        )
        while self.ended_by is None:
            at = pieces(buffer, at, channel, kind)
            if at + 4 > size or buffer[at] != DOLLAR:
                break
            end = at + 4 + (buffer[at + 2] << 8 | buffer[at + 3])
            if end > size:
                break
            self._frames += self._frames_of(buffer[at + 1], bytes(buffer[at + 4 : end]))
            at = end
        return at

    def _frames_of(self, channel: int, data: bytes) -> Sequence[Frame]:
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
                self._report = report
                self._follow(report)
            if not bye:
                return ()
            frames = self._last_frames(self._depacketiser.flush())
            self.ended_by = self.ended_by or EndedBy.BYE
            return frames
        return ()

    def _is_lost_in_time(self, packet: RtpPacket) -> bool:
        """Whether a new source began whose RTP times nothing places: those of the old one say nothing."""
        before, self._source = self._source, packet.source
        is_new = before not in (None, packet.source)
        return is_new and self.stamp_source is not StampSource.ONVIF_NTP

    def _last_frames(self, units: list[AccessUnit]) -> list[Frame]:
        frames = self._stamped(units)
        if self._held and self.stamp_source is None:
            self._choose_source(self._held[0], final=True)
            frames += self._stamped([])
        return frames

    def _stamped(self, units: Sequence[AccessUnit]) -> list[Frame]:
        frames: list[Frame] = []
        for unit in units:
            self._held_since = self._held_since or time.monotonic()
            self._held.append(unit)
            self._held_bytes += unit.size
        while self._held and self._ready():
            unit = self._held.popleft()
            stamp = self._stamp(unit)
            if self._target.end_ms is not None and stamp >= self._target.end_ms:
                self.ended_by = EndedBy.SPAN_END
                self._held.clear()
                break
            if self._target.replay and not self._in_span(stamp):
                raise _wrong_range("The pictures leave the asked span.")
            frames.append(Frame(stamp, unit))
            if unit.is_terminal:
                self.ended_by = EndedBy.TERMINAL
                self._held.clear()
        return frames

    def _ready(self) -> bool:
        if self.stamp_source is None:
            waited = time.monotonic() - self._held_since
            final = waited > _HOLD_S or self._held_bytes > _HOLD_BYTES
            self._choose_source(self._held[0], final=final)
        return self.stamp_source is not None

    def _choose_source(self, first: AccessUnit, *, final: bool) -> None:
        """Decide once, at the first picture, from where times come. `final`: decide now."""
        if first.stamp is not None:
            shift = self._fitting_shift(first.stamp.ms) if self._target.replay else 0
            if shift is None:
                raise _wrong_range("The recorder plays another time than was asked.")
            self._shift_ms, self.stamp_source = shift, StampSource.ONVIF_NTP
            return
        if self._report is not None and self._use_report(first, self._report):
            return
        if self._confirmed_start_ms is not None:
            anchor = self._anchor(first)
            self._timeline = RtpTimeline(self._track.clock_rate, anchor, self._confirmed_start_ms)
            self.stamp_source = StampSource.RANGE
        elif final and self._target.replay:
            raise self._unconfirmed()
        elif final:
            now = round(time.time() * 1000)
            self._timeline = RtpTimeline(self._track.clock_rate, first.rtp_time, now)
            self.stamp_source = StampSource.ARRIVAL

    def _unconfirmed(self) -> DeviceError:
        """Another range than asked is a lie; a reply that says nothing of the time proves nothing."""
        told = read_range(self.range_reply)
        if told is not None or (self._target.replay == "onvif" and self.range_reply):
            return _wrong_range("The recorder confirms another time than was asked.")
        return BadAnswer(
            "The recorder does not tell which time it plays.", reason=Reason.TIME_NOT_PROVEN
        )

    def _use_report(self, first: AccessUnit, report: SenderReport) -> bool:
        timeline = RtpTimeline.of_report(self._track.clock_rate, report)
        shift = 0
        if self._target.replay:
            ms = timeline.ms(first.rtp_time)
            fitting = self._fitting_shift(ms)
            if fitting is None or not self._report_is_of_recording(ms, ms + fitting):
                return False
            shift = fitting
        self._shift_ms, self._timeline = shift, timeline
        self.stamp_source = StampSource.RTCP
        return True

    def _follow(self, report: SenderReport) -> None:
        """A later report moves the times with it: over a gap, RTP times of some recorders just run on."""
        if self.stamp_source is StampSource.RTCP and self._timeline is not None:
            self._timeline.set_anchor(report.rtp_time, report.ntp_ms)

    def _report_is_of_recording(self, told_ms: int, ms: int) -> bool:
        """Whether an RTCP time is the recording's. Many recorders write the time of sending instead."""
        if self._confirmed_start_ms is not None:
            return abs(ms - self._confirmed_start_ms) <= LEAD_MS
        return not _is_now(told_ms)

    def _anchor(self, first: AccessUnit) -> int:
        """The RTP time of the confirmed start: as told, where that is near the first picture."""
        told = self._range_rtp
        if told is not None:
            distance = (first.rtp_time - told) % (1 << 32)
            distance = min(distance, (1 << 32) - distance)
            if distance <= LEAD_MS / 1000 * self._track.clock_rate:
                return told
        return first.rtp_time

    def _stamp(self, unit: AccessUnit) -> int:
        if self.stamp_source is StampSource.ONVIF_NTP:
            if unit.stamp is not None:
                ms = unit.stamp.ms + self._shift_ms
                # A picture without the extension is placed by its RTP distance to this one.
                self._timeline = RtpTimeline(self._track.clock_rate, unit.rtp_time, ms)
                return ms
            return self._timeline.ms(unit.rtp_time) if self._timeline else 0
        if self._timeline is None:
            return 0
        return self._timeline.ms(unit.rtp_time) + self._shift_ms


def _is_now(ms: int) -> bool:
    return abs(ms - time.time() * 1000) < _NEAR_NOW_MS


def _wrong_range(words: str) -> BadAnswer:
    return BadAnswer(words, reason=Reason.WRONG_RANGE)
