"""Fetches the recorded sound of a span, in a conversation that sets up the sound track and nothing else.

Sound is a stronger intrusion than pictures: only `footage_requests.footage.sound_work` calls this, for approved
minutes. Nothing is decoded. What comes goes into a sink as records (`read_units` reads them again): eight bytes of
time, a flag, four bytes of length, then the coded unit. Times are integer milliseconds in the target's time base and
come from the same stamps as the pictures'.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .base import Endpoint, Login, StreamTarget, TimeBase
from .mp4_slices import Sink
from .playback import EndedBy, Playback, open_playback
from .rtp_audio import SoundDepacketiser
from .rtp_clock import StampSource
from .rtsp import StreamLimits
from .sound_format import NoSound, SoundFault, SoundFormat
from .tracks import choose_sound

_RECORD = struct.Struct(">qBI")
_MISSING_BEFORE = 1
_PORTION = 64 * 1024
# Packets that follow each other within this tell how fast the samples really went by.
_NEAR_MS = 1_000
_CLOCK_SLACK_MS = 500
_CLOCK_SLACK = 0.05


class SoundUnit(NamedTuple):
    """One coded unit. `is_broken`: something is missing directly before it."""

    stamp_ms: int
    is_broken: bool
    data: bytes


@dataclass(frozen=True, kw_only=True)
class SoundReport:
    """What came of the sound; instants in the target's time base, `end_ms` is where the last unit ends."""

    sound: SoundFormat
    units: int
    samples: int
    time_base: TimeBase
    start_ms: int
    end_ms: int
    packets_received: int
    packets_lost: int
    stamp_source: StampSource
    range_reply: str
    ended_by: EndedBy


async def fetch_sound(
    endpoint: Endpoint,
    login: Login | None,
    target: StreamTarget,
    sink: Sink,
    *,
    limits: StreamLimits,
    local_ahead_ms: int = 0,
) -> SoundReport:
    """Plays the sound of a past span into a sink. Raises NoSound, or another DeviceError as for pictures.

    Only units that reach into the span are written, so nothing from before it is kept.
    """
    async with open_playback(
        endpoint, login, target, limits, local_ahead_ms=local_ahead_ms, choose=choose_sound
    ) as playback:
        took = _Taking(playback, target, sink)
        await took.copy()
    return took.report()


class _Taking:
    """One span in the making: from units to records, and what the report needs."""

    def __init__(self, playback: Playback, target: StreamTarget, sink: Sink) -> None:
        if not isinstance(playback.depacketiser, SoundDepacketiser):
            raise NoSound(SoundFault.NO_TRACK)
        self._sound = playback.depacketiser.sound
        self._playback = playback
        self._target = target
        self._sink = sink
        self._first: int | None = None
        self._last: SoundUnit | None = None
        self._units = self._samples = 0
        self._measured_ms = self._counted_ms = 0.0

    async def copy(self) -> None:
        portion = bytearray()
        async for frame in self._playback.frames():
            unit = SoundUnit(frame.stamp_ms, frame.unit.is_damaged, frame.unit.nals[0])
            if self._is_wanted(unit):
                self._note(unit)
                portion += _RECORD.pack(unit.stamp_ms, unit.is_broken, len(unit.data)) + unit.data
            if len(portion) >= _PORTION:
                self._write(portion)
        self._write(portion)
        if not self._units:
            self._raise_nothing()

    def _raise_nothing(self) -> None:
        """A recorder that offers a track and sends nothing of it, unless the connection broke before."""
        if self._playback.packets_received or self._playback.ended_by in (
            EndedBy.EOF,
            EndedBy.DEADLINE,
        ):
            raise self._playback.nothing_came()
        raise NoSound(SoundFault.SILENT)

    def _is_wanted(self, unit: SoundUnit) -> bool:
        start = self._target.start_ms
        return start is None or unit.stamp_ms + self._length_ms(unit) > start

    def _length_ms(self, unit: SoundUnit) -> float:
        return self._sound.ms(self._sound.samples(unit.data))

    def _note(self, unit: SoundUnit) -> None:
        if self._first is None:
            self._first = unit.stamp_ms
        if self._last is not None and not unit.is_broken:
            apart = unit.stamp_ms - self._last.stamp_ms
            if 0 <= apart < _NEAR_MS:
                self._measured_ms += apart
                self._counted_ms += self._length_ms(self._last)
        self._last = unit
        self._units += 1
        self._samples += self._sound.samples(unit.data)

    def _write(self, portion: bytearray) -> None:
        if portion:
            self._sink.write(bytes(portion))
            portion.clear()

    def report(self) -> SoundReport:
        """Raises NoSound where the samples' number and their times contradict each other."""
        off = abs(self._measured_ms - self._counted_ms)
        if off > _CLOCK_SLACK_MS and off > _CLOCK_SLACK * self._counted_ms:
            raise NoSound(SoundFault.WRONG_CLOCK)
        last, playback = self._last, self._playback
        first = self._first or 0
        return SoundReport(
            sound=self._sound,
            units=self._units,
            samples=self._samples,
            time_base=self._target.time_base,
            start_ms=first,
            end_ms=round(last.stamp_ms + self._length_ms(last)) if last else first,
            packets_received=playback.packets_received,
            packets_lost=playback.packets_lost,
            stamp_source=playback.stamp_source or StampSource.ARRIVAL,
            range_reply=playback.range_reply,
            ended_by=playback.ended_by or EndedBy.EOF,
        )


def read_units(pieces: Iterable[bytes]) -> Iterator[SoundUnit]:
    """The records of a sink, from its bytes in any pieces. Raises ValueError where they end within one."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        at = 0
        while len(waiting) >= at + _RECORD.size:
            stamp, flags, size = _RECORD.unpack_from(waiting, at)
            end = at + _RECORD.size + size
            if len(waiting) < end:
                break
            data = bytes(waiting[at + _RECORD.size : end])
            yield SoundUnit(stamp, bool(flags & _MISSING_BEFORE), data)
            at = end
        del waiting[:at]
    if waiting:
        raise ValueError("A piece of sound ends within a unit.")
