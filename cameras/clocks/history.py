"""The offset of a device's clock at any past moment, from the measurements around that moment.

Offsets are device minus true, in milliseconds; device time becomes true time with the offset *of that
time*. Where no offset is known it is unknown, never 0.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cameras.days.coverage import Interval, clip, merge, subtract

LARGEST_ZONE_MS = 15 * 3_600_000
RESET_MS = 30 * 24 * 3_600_000
"""Beyond any zone, and off by more than a month: the date itself is wrong."""
DAY_MS = 24 * 3_600_000
FASTEST_DRIFT_PER_DAY_MS = 43_200
"""500 ppm: what a poor crystal can do. Faster changes are jumps."""
TYPICAL_DRIFT_PER_DAY_MS = 5_000
JUMP_SLACK_MS = 2_000


class Method(StrEnum):
    """How an offset came about."""

    EDGE = "EDGE"  # the edge of the device's second was found
    WHOLE_SECONDS = "WHOLE_SECONDS"  # only the device's whole seconds are known
    MEASURED = "MEASURED"  # read off a history close to a measurement
    INTERPOLATED = "INTERPOLATED"
    EXTRAPOLATED = "EXTRAPOLATED"
    ACROSS_JUMP = "ACROSS_JUMP"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class OffsetAt:
    """The offset at one moment of true time; `offset_ms` is None when it is unknown."""

    offset_ms: int | None
    uncertainty_ms: int
    method: Method


@dataclass(frozen=True)
class KnownOffset:
    """A measured offset of ONE time base, as the history keeps it. `at_ms` is true time."""

    at_ms: int
    offset_ms: int
    uncertainty_ms: int


@dataclass(frozen=True)
class Piece:
    """A stretch of true time in which the clock was not set: its offset runs evenly from first to last.

    `is_moment_known` is False where it begins or ends at a correction of which only the readings around it
    are known: then the border lies in the middle between them, and the offset near it may be either one.
    """

    start_ms: int
    end_ms: int
    first_offset_ms: int
    last_offset_ms: int
    is_moment_known: bool = True

    def to_true(self, device_ms: int) -> int:
        """Device time of this stretch as true time."""
        return _unmap(
            device_ms, self.start_ms, self.end_ms, self.first_offset_ms, self.last_offset_ms
        )

    @property
    def device_span(self) -> Interval:
        """What the clock showed during this stretch."""
        return self.start_ms + self.first_offset_ms, self.end_ms + self.last_offset_ms


class OffsetHistory:
    """The measured offsets of one device and one time base, oldest first, and what lies between them."""

    def __init__(self, known: Iterable[KnownOffset], *, is_leaping: bool = False) -> None:
        """`is_leaping`: the clock has been found leaping since, so nothing is told past the last reading."""
        self.is_leaping = is_leaping
        self.known = sorted(known, key=lambda point: point.at_ms)
        self._moments = [point.at_ms for point in self.known]

    def __bool__(self) -> bool:
        return bool(self.known)

    def offset_at(self, true_ms: int) -> OffsetAt:
        """The offset at a moment of true time, from the measurements around it."""
        if not self.known:
            return OffsetAt(None, 0, Method.UNKNOWN)
        place = bisect_right(self._moments, true_ms)
        if place == 0:
            return self._beyond(self.known[0], true_ms)
        if place == len(self.known):
            return self._beyond(self.known[-1], true_ms)
        before, after = self.known[place - 1], self.known[place]
        if is_jump(before, after):
            nearest = before if true_ms < _middle(before, after) else after
            apart = abs(after.offset_ms - before.offset_ms)
            return OffsetAt(nearest.offset_ms, apart + nearest.uncertainty_ms, Method.ACROSS_JUMP)
        return _between(before, after, true_ms)

    def _beyond(self, nearest: KnownOffset, true_ms: int) -> OffsetAt:
        away = abs(true_ms - nearest.at_ms)
        method = Method.MEASURED if away <= DAY_MS // 4 else Method.EXTRAPOLATED
        growth = away * TYPICAL_DRIFT_PER_DAY_MS // DAY_MS
        return OffsetAt(nearest.offset_ms, nearest.uncertainty_ms + growth, method)

    def jumps(self, start_ms: int, end_ms: int) -> list[tuple[KnownOffset, KnownOffset]]:
        """Pairs of neighbouring measurements with a jump between them that may lie in this true-time span."""
        return [
            (before, after)
            for before, after in itertools.pairwise(self.known)
            if is_jump(before, after) and before.at_ms < end_ms and after.at_ms > start_ms
        ]

    def device_span(self, start_ms: int, end_ms: int, *, margin_ms: int = 0) -> Interval | None:
        """The device-time span that surely contains a true-time span, or None when no offset is known."""
        marks = [start_ms, end_ms]
        for before, after in self.jumps(start_ms, end_ms):
            marks += [max(start_ms, before.at_ms), min(end_ms, after.at_ms)]
        found = [(mark, self.offset_at(mark)) for mark in marks]
        if any(offset.offset_ms is None for _mark, offset in found):
            return None
        low = min(m + (o.offset_ms or 0) - o.uncertainty_ms for m, o in found)
        high = max(m + (o.offset_ms or 0) + o.uncertainty_ms for m, o in found)
        return low - margin_ms, high + margin_ms

    def is_trustworthy(self, start_ms: int, end_ms: int) -> bool:
        """Whether times of this span can be told at all by a clock that has been on a wrong date.

        A reset clock starts again at every power cut, so its offset is believed only close to and between
        measurements that agree. A clock that leapt by more than any zone leaves the span untold.
        """
        if self.is_leaping and not (self._moments and end_ms <= self._moments[-1]):
            return False
        if any(
            abs(after.offset_ms - before.offset_ms) > LARGEST_ZONE_MS
            for before, after in self.jumps(start_ms, end_ms)
        ):
            return False
        found = [self.offset_at(start_ms), self.offset_at(end_ms)]
        if all(abs(at.offset_ms or 0) <= RESET_MS for at in found):
            return True
        return all(at.method in {Method.MEASURED, Method.INTERPOLATED} for at in found)

    def to_true(
        self, recorded: Sequence[Interval], start_ms: int, end_ms: int
    ) -> tuple[list[Interval], list[Interval]]:
        """Recorded intervals of device time as true time inside [start_ms, end_ms).

        Returns the merged true-time intervals and the spans in which a clock jump makes them unsure.
        Raises ValueError when no offset is known: an offset is never assumed.
        """
        if not self.known:
            raise ValueError("No offset is known for this clock.")
        pieces, unsure = self._pieces(recorded, start_ms, end_ms)
        true: list[Interval] = []
        for piece in pieces:
            low, high = piece.device_span
            window = clip(recorded, [(low, high)]) if high > low else []
            true += [(piece.to_true(a), piece.to_true(b)) for a, b in window]
        return clip(merge(true), [(start_ms, end_ms)]), merge(unsure)

    def pieces(self, start_ms: int, end_ms: int, recorded: Sequence[Interval] = ()) -> list[Piece]:
        """A true-time span cut where the clock was set inside it; one piece where it was not.

        `recorded` (merged, device time) tells the moment of a correction forward where it went on meanwhile.
        Raises ValueError when no offset is known: an offset is never assumed.
        """
        if not self.known:
            raise ValueError("No offset is known for this clock.")
        return self._pieces(recorded, start_ms, end_ms)[0]

    def _pieces(
        self, recorded: Sequence[Interval], start_ms: int, end_ms: int
    ) -> tuple[list[Piece], list[Interval]]:
        """The pieces of a span, and where an unknown moment of a correction makes it unsure."""
        unsure: list[Interval] = []
        borders, guessed = [start_ms], set()
        for before, after in self.jumps(start_ms, end_ms):
            at_ms = locate_jump(recorded, before, after)
            if at_ms is None:
                unsure.append((max(start_ms, before.at_ms), min(end_ms, after.at_ms)))
                at_ms = _middle(before, after)
                guessed.add(at_ms)
            if borders[-1] < at_ms < end_ms:
                borders.append(at_ms)
        borders.append(end_ms)
        pieces = [
            Piece(
                low,
                high,
                self._regime_offset(low, high),
                self._regime_offset(high - 1, low),
                is_moment_known=not guessed & {low, high},
            )
            for low, high in itertools.pairwise(borders)
        ]
        return pieces, unsure

    def _regime_offset(self, at_ms: int, towards_ms: int) -> int:
        """The offset at one end of a stretch without a jump, read on the stretch's own side."""
        place = bisect_right(self._moments, at_ms)
        around = self.known[max(place - 1, 0) : place + 1]
        if len(around) == 2 and is_jump(*around):
            middle = (at_ms + towards_ms) // 2
            closest = min(around, key=lambda point: abs(point.at_ms - middle))
            return closest.offset_ms
        return self.offset_at(at_ms).offset_ms or 0


def _middle(before: KnownOffset, after: KnownOffset) -> int:
    """From which moment on the later of two readings is believed, where the clock was set between them."""
    return (before.at_ms + after.at_ms + 1) // 2


def _unmap(device_ms: int, low: int, high: int, first: int, last: int) -> int:
    """Device time to true time in a stretch whose offset runs evenly from `first` to `last`."""
    if first == last:
        return device_ms - first
    share = (device_ms - low - first) / (high + last - low - first)
    return round(low + share * (high - low))


def _between(before: KnownOffset, after: KnownOffset, true_ms: int) -> OffsetAt:
    span = after.at_ms - before.at_ms
    change = after.offset_ms - before.offset_ms
    offset = before.offset_ms + (round(change * (true_ms - before.at_ms) / span) if span else 0)
    certain = max(before.uncertainty_ms, after.uncertainty_ms)
    # Even drift is an assumption: the true offset lies somewhere between the two readings.
    return OffsetAt(offset, certain + abs(change) // 2, Method.INTERPOLATED)


def is_jump(before: KnownOffset, after: KnownOffset) -> bool:
    """Whether the offset changed faster than any crystal drifts: somebody or something set the clock."""
    elapsed = max(after.at_ms - before.at_ms, 0)
    possible = elapsed * FASTEST_DRIFT_PER_DAY_MS // DAY_MS
    unsure = before.uncertainty_ms + after.uncertainty_ms + JUMP_SLACK_MS
    return abs(after.offset_ms - before.offset_ms) > possible + unsure


def locate_jump(
    recorded: Sequence[Interval], before: KnownOffset, after: KnownOffset
) -> int | None:
    """When (true time) a clock was set forward, from the hole that this left in device time; else None.

    A forward jump skips exactly its own length of device time; a recording that went on all the while
    shows one hole of that length. A backward jump leaves no hole, and the moment stays unknown.
    """
    length = after.offset_ms - before.offset_ms
    if length <= 0:
        return None
    low, high = before.at_ms + before.offset_ms, after.at_ms + after.offset_ms
    slack = before.uncertainty_ms + after.uncertainty_ms + JUMP_SLACK_MS
    holes = [
        (start, end)
        for start, end in subtract([(low, high)], recorded)
        if abs(end - start - length) <= slack and start > low and end < high
    ]
    return holes[0][0] - before.offset_ms if len(holes) == 1 else None
