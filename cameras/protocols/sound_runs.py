"""From fetched units of sound to continuous runs: one run becomes one file, and nothing is joined over a hole.

Slices that follow each other overlap a little, so that no sound is lost between them; what both have is taken once.
A run ends where packets are missing, where the times leave a hole or go back, and where the format changes. Times are
integer milliseconds of true time; what lies outside of the approved span is cut off: G.711 to the sample, AAC to the
frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .sound_format import SoundFormat
from .sounds import SoundUnit

Interval = tuple[int, int]
_JITTER_MS = 100
_ROUNDING_MS = 1.0


@dataclass(frozen=True)
class SoundSlice:
    """One fetched piece: `units` gives its records each time anew, `shift_ms` is device minus true time."""

    sound: SoundFormat
    shift_ms: int
    units: Callable[[], Iterable[SoundUnit]]


@dataclass
class Run:
    """A stretch without a break. `end_ms` is where its last unit ends by the times that came with it."""

    sound: SoundFormat
    start_ms: int
    end_ms: float
    samples: int = 0
    bytes: int = 0

    @property
    def drift_ms(self) -> int:
        """How much longer the recorder's clock says that it lasted than its samples do."""
        return round(self.end_ms - self.start_ms - self.sound.ms(self.samples))


class _Placed(NamedTuple):
    run: int
    sound: SoundFormat
    start_ms: float
    data: bytes


@dataclass
class _Cursor:
    """Where the sound has come to."""

    end_ms: float | None = None
    sound: SoundFormat | None = None
    run: int = -1
    is_overlapping: bool = field(default=False)


def runs_of(slices: Sequence[SoundSlice], span: Interval, most: int) -> list[Run]:
    """The continuous runs inside a span, in order, the first `most` of them."""
    runs: list[Run] = []
    for unit in _placed(slices, span):
        if unit.run >= most:
            break
        if unit.run == len(runs):
            runs.append(Run(unit.sound, round(unit.start_ms), unit.start_ms))
        run, samples = runs[-1], unit.sound.samples(unit.data)
        run.end_ms = unit.start_ms + unit.sound.ms(samples)
        run.samples += samples
        run.bytes += len(unit.data)
    return runs


def file_pieces(
    slices: Sequence[SoundSlice], span: Interval, runs: Sequence[Run]
) -> Iterator[tuple[int, bytes]]:
    """The files of `runs_of`'s runs, one after the other: the run's number and its next bytes.

    They are the recorder's own units behind the heads that a file needs.
    """
    at = -1
    for unit in _placed(slices, span):
        if unit.run >= len(runs):
            break
        if unit.run != at:
            if at >= 0:
                yield at, runs[at].sound.tail(runs[at].samples)
            at = unit.run
            yield at, runs[at].sound.head(runs[at].samples)
        yield at, unit.sound.framed(unit.data)
    if at >= 0:
        yield at, runs[at].sound.tail(runs[at].samples)


def _placed(slices: Sequence[SoundSlice], span: Interval) -> Iterator[_Placed]:
    cursor = _Cursor()
    for piece in slices:
        cursor.is_overlapping = cursor.end_ms is not None
        for unit in piece.units():
            placed = _place(unit, piece, span, cursor)
            if placed is not None:
                yield placed


def _place(unit: SoundUnit, piece: SoundSlice, span: Interval, cursor: _Cursor) -> _Placed | None:
    """A unit in its run, cut to the span; None where nothing of it is left."""
    sound, start, data = piece.sound, float(unit.stamp_ms - piece.shift_ms), unit.data
    if cursor.is_overlapping and cursor.end_ms is not None:
        half = sound.ms(sound.samples(data)) / 2 if sound.codec == "aac" else 0
        start, data = _behind(sound, start, data, cursor.end_ms, _ROUNDING_MS + half)
        if not data:
            return None
        cursor.is_overlapping = False
    # Where an AAC frame would be lost whole, the rounding of its time alone does not put it outside.
    slack = _ROUNDING_MS if sound.codec == "aac" else 0
    start, data = _behind(sound, start, data, span[0], slack)
    data = _before(sound, start, data, span[1], slack)
    if not data:
        return None
    length = sound.ms(sound.samples(data))
    end = cursor.end_ms
    allowed = max(_JITTER_MS, 2 * length)
    is_new = end is None or abs(start - end) > allowed or cursor.sound != sound
    if is_new or unit.is_broken:
        cursor.run += 1
    cursor.end_ms, cursor.sound = start + length, sound
    return _Placed(cursor.run, sound, start, data)


def _behind(
    sound: SoundFormat, start: float, data: bytes, limit: float, slack: float
) -> tuple[float, bytes]:
    """What of a unit lies behind a moment: samples can be cut, an AAC frame is whole or nothing."""
    if start >= limit - slack:
        return start, data
    if sound.codec == "aac":
        return start, b""
    samples = min(sound.samples(data), round((limit - start) * sound.rate / 1000))
    return start + sound.ms(samples), data[samples * sound.channels :]


def _before(sound: SoundFormat, start: float, data: bytes, limit: float, slack: float) -> bytes:
    """What of a unit lies before a moment."""
    if not data or start + sound.ms(sound.samples(data)) <= limit + slack:
        return data
    if sound.codec == "aac":
        return b""
    return data[: max(0, int((limit - start) * sound.rate / 1000)) * sound.channels]
