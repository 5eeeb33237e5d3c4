"""Clocks: how far a device's clock is from true time, now and at any past moment, and what is wrong with it.

Offsets are device minus true, in milliseconds: positive means that the device is ahead. An offset always
comes with its uncertainty (plus or minus) and method; without a measurement it is unknown, never 0.
True time is this server's clock, proven against NTP by `cameras.protocols.ntp`.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cameras.coverage import Interval, clip, merge, subtract
from cameras.protocols.base import ClockSample, DeviceError, TellsTime

MAX_READS = 8
MAX_SECONDS = 2.0
"""Budget of one measurement (decisions: at most 8 reads and 2 s per device)."""
GOOD_ENOUGH_MS = 100
INCONSISTENT_MS = 250
"""Readings of a steady clock that contradict each other by more than this come from a clock that leaps."""
TICK_SLACK_MS = 20

WARN_MS = 5_000
CRITICAL_MS = 60_000
HALF_HOUR_MS = 30 * 60_000
ZONE_SLACK_MS = 60_000
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


class Verdict(StrEnum):
    """What is wrong with a clock (CLK-13)."""

    OK = "OK"
    OFF = "OFF"
    DRIFT = "DRIFT"
    SUMMER_TIME = "SUMMER_TIME"
    ZONE = "ZONE"
    RESET = "RESET"
    JUMP = "JUMP"
    UNSTABLE = "UNSTABLE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Measurement:
    """One measured offset. `utc_*`/`local_*` are the offsets of the device's two time bases.

    `at_ms` is true time. `local_offset_ms` compares the wall clock with Türkiye time (UTC+3).
    """

    at_ms: int
    utc_offset_ms: int | None
    local_offset_ms: int | None
    uncertainty_ms: int
    method: Method
    round_trip_ms: int = 0
    reads: int = 0
    zone: str = ""
    daylight_saving: bool | None = None

    @property
    def offset_ms(self) -> int | None:
        """The offset that people mean: of the wall clock where it is known, else of UTC."""
        return self.utc_offset_ms if self.local_offset_ms is None else self.local_offset_ms

    @property
    def is_leaping(self) -> bool:
        """Whether the readings contradicted each other: such an offset says nothing about recordings."""
        return self.offset_ms is not None and self.method is Method.UNKNOWN


@dataclass
class _Window:
    """What the readings so far leave possible for the offset (milliseconds, closed interval)."""

    low: float = float("-inf")
    high: float = float("inf")
    unstable: bool = False

    def narrow(self, shown_ms: int, sample: ClockSample) -> None:
        # The device showed this second at some moment between sending and receiving.
        low = shown_ms - sample.received_ms
        high = shown_ms + sample.resolution_ms - sample.sent_ms
        new_low, new_high = max(self.low, low), min(self.high, high)
        if new_low - new_high > INCONSISTENT_MS:
            self.unstable = True
        elif new_low > new_high:
            middle = (new_low + new_high) / 2
            self.low = self.high = middle
        else:
            self.low, self.high = new_low, new_high

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2

    def wait_ms(self, now_ms: float, resolution_ms: int) -> float:
        """How long to wait so that the next reading splits the window near its middle.

        A reading at true time t tells whether the offset lies above or below -t modulo the resolution,
        so any t that puts this border into the middle half of the window is a good moment.
        """
        border_from = self.middle - self.half / 2
        border_to = self.middle + self.half / 2
        # t = -border (mod resolution); the earliest such t at or after now.
        first = (-border_to - now_ms) % resolution_ms
        reach = border_to - border_from
        # Not the very start of the good stretch: a quarter into it splits more evenly.
        return 0.0 if first + reach >= resolution_ms else first + reach / 4


async def measure(
    device: TellsTime,
    *,
    max_reads: int = MAX_READS,
    max_seconds: float = MAX_SECONDS,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], float] = time.time,
) -> Measurement:
    """Measures a device's clock by finding the edge of its second. Raises DeviceError of the first read.

    Later reads that fail only end the search: what was learnt so far stands, with its uncertainty.
    """
    started = now()
    window = _Window()
    samples: list[ClockSample] = []
    while len(samples) < max_reads:
        try:
            sample = await device.read_clock()
        except DeviceError:
            if not samples:
                raise
            break
        shown = _primary(sample)
        if shown is None:
            return _unknown(sample)
        samples.append(sample)
        window.narrow(shown, sample)
        trip = sample.received_ms - sample.sent_ms
        ticked = len({_primary(read) for read in samples}) > 1
        if window.unstable or (ticked and window.half <= GOOD_ENOUGH_MS + trip / 2):
            break
        at_ms = now() * 1000 + trip / 2
        if window.half <= GOOD_ENOUGH_MS + trip / 2:
            # Sharp, but the next second was never seen to come: a stopped clock looks just so.
            overdue = INCONSISTENT_MS if window.low == window.high else 0
            due_ms = shown + sample.resolution_ms - window.low + overdue + TICK_SLACK_MS
            wait = max(0.0, due_ms - at_ms) / 1000
        else:
            wait = window.wait_ms(at_ms, sample.resolution_ms) / 1000
        if now() - started + wait > max_seconds:
            break
        await sleep(wait)
    return _measured(samples, window)


def _primary(sample: ClockSample) -> int | None:
    return sample.local_ms if sample.utc_ms is None else sample.utc_ms


def _unknown(sample: ClockSample) -> Measurement:
    return Measurement(
        at_ms=round(sample.received_ms),
        utc_offset_ms=None,
        local_offset_ms=None,
        uncertainty_ms=0,
        method=Method.UNKNOWN,
        reads=1,
        zone=sample.zone,
        daylight_saving=sample.daylight_saving,
    )


def _measured(samples: Sequence[ClockSample], window: _Window) -> Measurement:
    last = samples[-1]
    trips = sorted(sample.received_ms - sample.sent_ms for sample in samples)
    trip = trips[len(trips) // 2]
    if window.unstable:
        return _unstable(samples, round(trip))
    half = max(window.half, trip / 2, 1)
    ticked = len({_primary(sample) for sample in samples}) > 1
    sharp = ticked and half <= GOOD_ENOUGH_MS + trip / 2
    if not ticked:
        # Nothing proves that this clock runs: one shown second is worth no more than a second.
        half = max(half, last.resolution_ms / 2)
    offset = round(window.middle)
    primary = _primary(last)
    beside = None
    if primary is not None and last.local_ms is not None and last.utc_ms is not None:
        beside = offset + last.local_ms - last.utc_ms
    return Measurement(
        at_ms=round((last.sent_ms + last.received_ms) / 2),
        utc_offset_ms=offset if last.utc_ms is not None else None,
        local_offset_ms=beside if last.utc_ms is not None else offset,
        uncertainty_ms=math.ceil(half),
        method=Method.EDGE if sharp else Method.WHOLE_SECONDS,
        round_trip_ms=round(trip),
        reads=len(samples),
        zone=last.zone,
        daylight_saving=last.daylight_saving,
    )


def _unstable(samples: Sequence[ClockSample], trip_ms: int) -> Measurement:
    """A clock that leaps from call to call: the median says where, the spread how little that is worth."""
    offsets = sorted(
        shown + sample.resolution_ms / 2 - (sample.sent_ms + sample.received_ms) / 2
        for sample in samples
        if (shown := _primary(sample)) is not None
    )
    last = samples[-1]
    median = round(offsets[len(offsets) // 2])
    is_utc = last.utc_ms is not None
    return Measurement(
        at_ms=round(last.received_ms),
        utc_offset_ms=median if is_utc else None,
        local_offset_ms=None if is_utc else median,
        uncertainty_ms=max(round(offsets[-1] - offsets[0]), 1),
        method=Method.UNKNOWN,
        round_trip_ms=trip_ms,
        reads=len(samples),
        zone=last.zone,
        daylight_saving=last.daylight_saving,
    )


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
            nearest = before if true_ms - before.at_ms <= after.at_ms - true_ms else after
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
        unsure: list[Interval] = []
        regimes = [start_ms]
        for before, after in self.jumps(start_ms, end_ms):
            at_ms = locate_jump(recorded, before, after)
            if at_ms is None:
                unsure.append((max(start_ms, before.at_ms), min(end_ms, after.at_ms)))
                at_ms = (before.at_ms + after.at_ms) // 2
            if regimes[-1] < at_ms < end_ms:
                regimes.append(at_ms)
        regimes.append(end_ms)
        true: list[Interval] = []
        for low, high in itertools.pairwise(regimes):
            first, last = self._regime_offset(low, high), self._regime_offset(high - 1, low)
            window = (
                clip(recorded, [(low + first, high + last)]) if high + last > low + first else []
            )
            true += [
                (_unmap(a, low, high, first, last), _unmap(b, low, high, first, last))
                for a, b in window
            ]
        return clip(merge(true), [(start_ms, end_ms)]), merge(unsure)

    def _regime_offset(self, at_ms: int, towards_ms: int) -> int:
        """The offset at one end of a stretch without a jump, read on the stretch's own side."""
        place = bisect_right(self._moments, at_ms)
        around = self.known[max(place - 1, 0) : place + 1]
        if len(around) == 2 and is_jump(*around):
            middle = (at_ms + towards_ms) // 2
            closest = min(around, key=lambda point: abs(point.at_ms - middle))
            return closest.offset_ms
        return self.offset_at(at_ms).offset_ms or 0


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


@dataclass(frozen=True)
class Classified:
    """What is wrong with a clock, and how bad. `drift_per_day_ms` where two measurements tell it."""

    verdict: Verdict
    is_critical: bool = False
    drift_per_day_ms: int | None = None


def classify(latest: Measurement, history: Sequence[KnownOffset] = ()) -> Classified:
    """Names the fault of a clock from its latest measurement and the earlier ones of the same time base."""
    offset = latest.offset_ms
    if latest.method is Method.UNKNOWN:
        return Classified(
            Verdict.UNKNOWN if offset is None else Verdict.UNSTABLE, offset is not None
        )
    if offset is None:
        return Classified(Verdict.UNKNOWN)
    size = abs(offset)
    named = _named_by_size(size, latest)
    if named is not None:
        return Classified(named, is_critical=True)
    drift, jumped = _trend(latest.at_ms, offset, latest.uncertainty_ms, history)
    if jumped:
        return Classified(Verdict.JUMP, size > CRITICAL_MS, drift)
    if size <= WARN_MS:
        return Classified(Verdict.OK, False, drift)
    steady = drift is not None and abs(drift) * 30 >= WARN_MS
    return Classified(Verdict.DRIFT if steady else Verdict.OFF, size > CRITICAL_MS, drift)


def _named_by_size(size: int, latest: Measurement) -> Verdict | None:
    """The faults that the size alone gives away: a wrong date, or whole half-hours."""
    if size > RESET_MS:
        return Verdict.RESET
    steps = round(size / HALF_HOUR_MS)
    if steps and abs(size - steps * HALF_HOUR_MS) <= ZONE_SLACK_MS and size <= LARGEST_ZONE_MS:
        return Verdict.SUMMER_TIME if steps == 2 else Verdict.ZONE
    if size > LARGEST_ZONE_MS:
        return Verdict.RESET
    return None


def _trend(
    at_ms: int, offset_ms: int, uncertainty_ms: int, history: Sequence[KnownOffset]
) -> tuple[int | None, bool]:
    """Drift per day since the last jump (None when the span is too short to tell), and whether it jumped now."""
    earlier = sorted((point for point in history if point.at_ms < at_ms), key=lambda p: p.at_ms)
    if not earlier:
        return None, False
    now = KnownOffset(at_ms, offset_ms, uncertainty_ms)
    if is_jump(earlier[-1], now):
        return None, True
    oldest = now
    for point in reversed(earlier):
        if is_jump(point, oldest):
            break
        oldest = point
    elapsed = now.at_ms - oldest.at_ms
    if elapsed < DAY_MS // 2:
        return None, False
    return round((now.offset_ms - oldest.offset_ms) * DAY_MS / elapsed), False
