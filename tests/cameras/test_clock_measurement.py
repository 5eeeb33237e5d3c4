"""Measuring a clock that only shows whole seconds."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameras.clocks.history import Method
from cameras.clocks.measuring import MAX_READS, MAX_SECONDS, measure
from cameras.clocks.verdicts import Verdict, classify
from cameras.protocols.base import ClockSample, TooSlow


class FakeDevice:
    """A device in simulated time: its clock is `offset_ms` ahead and it shows whole seconds."""

    def __init__(self, offset_ms, *, trip_ms=20.0, seed=1, leaps_ms=0, fails_after=99, local=None):
        self.now_ms = 1_790_000_000_123.0 + seed * 37
        self.offset_ms, self.trip_ms, self.leaps_ms, self.local = (
            offset_ms,
            trip_ms,
            leaps_ms,
            local,
        )
        self.random = random.Random(seed)
        self.reads, self.fails_after, self.waited = 0, fails_after, 0.0

    async def read_clock(self):
        self.reads += 1
        if self.reads > self.fails_after:
            raise TooSlow("no answer in time")
        sent = self.now_ms
        there = self.random.uniform(0, self.trip_ms)
        leap = self.random.uniform(-self.leaps_ms, self.leaps_ms)
        shown = int((sent + there + self.offset_ms + leap) // 1000 * 1000)
        self.now_ms = sent + self.trip_ms
        return ClockSample(
            utc_ms=shown,
            local_ms=None if self.local is None else shown + self.local,
            resolution_ms=1000,
            sent_ms=sent,
            received_ms=self.now_ms,
        )

    async def sleep(self, seconds):
        self.waited += seconds
        self.now_ms += seconds * 1000

    def measure(self, **kwargs):
        return asyncio.run(
            measure(self, sleep=self.sleep, now=lambda: self.now_ms / 1000, **kwargs)
        )


@given(
    st.integers(-4_000_000, 4_000_000), st.floats(0.5, 400, allow_nan=False), st.integers(0, 5_000)
)
def test_the_true_offset_lies_within_the_stated_uncertainty(offset_ms, trip_ms, seed):
    device = FakeDevice(offset_ms, trip_ms=trip_ms, seed=seed)

    found = device.measure()

    assert abs(found.utc_offset_ms - offset_ms) <= found.uncertainty_ms + 1
    assert device.reads <= MAX_READS
    assert device.waited <= MAX_SECONDS


def test_a_quick_device_is_measured_to_a_tenth_of_a_second_nearly_always():
    """CLK-1: the edge of the second is found, the round trip is recorded."""
    sharp = 0
    for seed in range(200):
        found = FakeDevice(seed * 811 - 70_000, trip_ms=10, seed=seed).measure()
        assert found.round_trip_ms == 10
        sharp += found.method is Method.EDGE and found.uncertainty_ms <= 105
    assert sharp >= 195


def test_a_clock_that_leaps_from_call_to_call_is_not_trusted():
    """D11: +-30 s jitter."""
    found = FakeDevice(0, leaps_ms=30_000, seed=4).measure()

    assert found.method is Method.UNKNOWN
    assert classify(found).verdict is Verdict.UNSTABLE


def test_one_reading_is_worth_whole_seconds():
    found = FakeDevice(300, fails_after=1).measure()

    assert found.method is Method.WHOLE_SECONDS
    assert 500 <= found.uncertainty_ms <= 600


def test_a_device_that_never_answers_raises_its_own_error():
    with pytest.raises(TooSlow):
        FakeDevice(0, fails_after=0).measure()


def test_the_wall_clock_is_measured_beside_utc():
    found = FakeDevice(200, local=3_600_000).measure()

    assert found.local_offset_ms - found.utc_offset_ms == 3_600_000
    assert found.offset_ms == found.local_offset_ms


def test_a_device_without_a_time_is_unknown_and_never_zero():
    class Silent:
        async def read_clock(self):
            return ClockSample(None, None, 1000, 0.0, 5.0)

    found = asyncio.run(measure(Silent()))

    assert found.offset_ms is None
    assert classify(found).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("second", [0, 250, 500, 999])
def test_a_stopped_clock_is_not_taken_for_an_exact_one(second):
    """D11: it shows one second for ever, and a sharp window alone would call that exact."""
    device = FakeDevice(0, trip_ms=4)
    shown = int(device.now_ms // 1000 * 1000) - second

    async def read_clock():
        device.reads += 1
        sent = device.now_ms
        device.now_ms += 4
        return ClockSample(shown, None, 1000, sent, device.now_ms)

    device.read_clock = read_clock  # type: ignore[method-assign]

    found = device.measure()

    assert found.method is not Method.EDGE
    assert found.method is Method.UNKNOWN or found.uncertainty_ms >= 500
