"""Measures a device's clock: how far it is from true time now, and how sure that is.

Offsets are device minus true, in milliseconds: positive means that the device is ahead. An offset always
comes with its uncertainty (plus or minus) and method; without a measurement it is unknown, never 0.
`measure` compares with this server's clock. Where NTP has proven how far that is from true time
(`cameras.protocols.ntp`), `in_true_time` takes it off; otherwise the offset stays unverified.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from cameras.clocks.history import Method
from cameras.protocols.base import ClockSample, DeviceError, TellsTime
from cameras.protocols.ntp import ServerClock

MAX_READS = 8
MAX_SECONDS = 2.0
"""Budget of one measurement (decisions: at most 8 reads and 2 s per device)."""
GOOD_ENOUGH_MS = 100
INCONSISTENT_MS = 250
"""Readings of a steady clock that contradict each other by more than this come from a clock that leaps."""
TICK_SLACK_MS = 20


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


def in_true_time(measured: Measurement, server: ServerClock | None) -> Measurement:
    """The measurement against true time instead of this server's clock, where that is proven.

    A server that is ahead makes devices look slow: its own offset is added, and its uncertainty as well.
    """
    if server is None or not server.verified or server.offset_ms is None:
        return measured
    ahead = round(server.offset_ms)
    return replace(
        measured,
        at_ms=measured.at_ms - ahead,
        utc_offset_ms=None if measured.utc_offset_ms is None else measured.utc_offset_ms + ahead,
        local_offset_ms=(
            None if measured.local_offset_ms is None else measured.local_offset_ms + ahead
        ),
        uncertainty_ms=measured.uncertainty_ms + math.ceil(server.uncertainty_ms or 0),
    )


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
