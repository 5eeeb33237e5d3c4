"""The technician's bench: one device by its address, without the inventory. Pure asyncio, no Django.

Each function gives what it could get and lists what failed and why; only when nothing at all came back
does it raise a DeviceError. True time is this server's clock.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cameras import clocks, coverage
from cameras.clocks import KnownOffset, Measurement, OffsetHistory
from cameras.coverage import Interval
from cameras.protocols.base import (
    Channel,
    DeviceError,
    Endpoint,
    IndexAnswer,
    IndexesRecordings,
    Login,
    NotSupported,
    Picture,
    Reason,
    TimeBase,
)
from cameras.protocols.clips import ClipReport, fetch_clip
from cameras.protocols.decoding import Still, check_still
from cameras.protocols.http import Transport
from cameras.protocols.registry import OpenDevice, open_device
from cameras.protocols.rtsp import StreamLimits

MARGIN_MS = 5_000
CLIP_SECONDS_AT_LEAST = 120.0
LARGEST_CLIP_BYTES = 64 * 1024**3


@dataclass(frozen=True)
class Target:
    """Which device to talk to, as whom, in which protocol (`auto` finds out)."""

    endpoint: Endpoint
    login: Login | None = None
    protocol: str = "auto"


@dataclass
class Half:
    """What failed while the rest went on: (what, reason)."""

    failures: list[tuple[str, str]] = field(default_factory=list)

    def note(self, what: str, error: DeviceError) -> None:
        self.failures.append((what, str(error)))


@dataclass
class RecordingsFound(Half):
    """The recordings of one channel and span. With a known clock times are true, else the device's own."""

    answer: IndexAnswer | None = None
    second: IndexAnswer | None = None
    clock: Measurement | None = None
    is_true_time: bool = False
    intervals: list[Interval] = field(default_factory=list)
    gaps: list[Interval] = field(default_factory=list)
    disputed: list[Interval] = field(default_factory=list)
    earliest_ms: int | None = None


@dataclass
class ClipFetched(Half):
    """A clip and the clock by which its true-time span was asked."""

    report: ClipReport | None = None
    clock: Measurement | None = None
    offset_ms: int | None = None


async def measure_clock(transport: Transport, target: Target) -> Measurement:
    """The device's clock against this server's. Raises DeviceError."""
    device = await open_device(transport, target.endpoint, target.login, protocol=target.protocol)
    try:
        if device.clock is None:
            raise _why_not(device, "clock")
        return await clocks.measure(device.clock)
    finally:
        await device.close()


async def find_recordings(
    transport: Transport, target: Target, channel_no: int, start_ms: int, end_ms: int
) -> RecordingsFound:
    """What the device's index says about a channel and a span of true time. Raises when it says nothing."""
    found = RecordingsFound()
    device = await open_device(transport, target.endpoint, target.login, protocol=target.protocol)
    try:
        found.clock = await _clock_of(device, found)
        if device.recordings is None:
            raise _why_not(device, "recordings")
        channel = await _channel_of(device, channel_no, found)
        history = history_of(found.clock, device.recordings.index_time_base)
        found.is_true_time = bool(history)
        found.answer = await _ask(device.recordings, channel, start_ms, end_ms, history)
        found.intervals = _in_true_time(found.answer, history, start_ms, end_ms)
        found.earliest_ms = _true_instant(found.answer.earliest_ms, history)
        if device.second_index is not None:
            await _compare(device.second_index, channel, start_ms, end_ms, found)
    finally:
        await device.close()
    until = min(end_ms, round(time.time() * 1000))
    found.gaps = coverage.subtract([(start_ms, max(until, start_ms))], found.intervals)
    return found


async def take_snapshot(
    transport: Transport, target: Target, channel_no: int
) -> tuple[Picture, Still | None, Half]:
    """A still, and its size where it can be decoded."""
    half = Half()
    device = await open_device(transport, target.endpoint, target.login, protocol=target.protocol)
    try:
        if device.snapshot is None:
            raise _why_not(device, "snapshot")
        channel = await _channel_of(device, channel_no, half)
        picture = await device.snapshot.snapshot(channel)
    finally:
        await device.close()
    try:
        return picture, await check_still(picture.data), half
    except DeviceError as error:
        half.note("decoding", error)
        return picture, None, half


async def clip(
    transport: Transport,
    target: Target,
    channel_no: int,
    start_ms: int,
    end_ms: int,
    out_path: Path,
    *,
    on_progress: Any = None,
) -> ClipFetched:
    """Copies a span of true time into an MP4, bit for bit. Raises DeviceError or FileExistsError."""
    fetched = ClipFetched()
    device = await open_device(transport, target.endpoint, target.login, protocol=target.protocol)
    try:
        fetched.clock = await _clock_of(device, fetched)
        if device.playback is None:
            raise _why_not(device, "playback")
        channel = await _channel_of(device, channel_no, fetched)
        base = getattr(device.playback, "index_time_base", TimeBase.DEVICE_UTC)
        history = history_of(fetched.clock, base)
        fetched.offset_ms = history.offset_at(start_ms).offset_ms
        shift = fetched.offset_ms or 0
        stream = await device.playback.playback(channel, start_ms + shift, end_ms + shift)
    finally:
        await device.close()
    seconds = (end_ms - start_ms) / 1000
    fetched.report = await fetch_clip(
        target.endpoint,
        target.login,
        stream,
        out_path,
        limits=StreamLimits(
            total_s=max(CLIP_SECONDS_AT_LEAST, 1.5 * seconds + 60), max_bytes=LARGEST_CLIP_BYTES
        ),
        on_progress=on_progress,
        local_ahead_ms=_local_ahead(fetched.clock),
    )
    return fetched


def history_of(clock: Measurement | None, base: TimeBase) -> OffsetHistory:
    """The one known offset of a time base, or an empty history when it is not known."""
    if clock is None:
        return OffsetHistory(())
    offset = clock.utc_offset_ms if base is TimeBase.DEVICE_UTC else clock.local_offset_ms
    if offset is None:
        return OffsetHistory(())
    return OffsetHistory([KnownOffset(clock.at_ms, offset, clock.uncertainty_ms)])


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _local_ahead(clock: Measurement | None) -> int:
    """How far the device's wall clock (as Türkiye time) is ahead of its UTC."""
    if clock is None or clock.utc_offset_ms is None or clock.local_offset_ms is None:
        return 0
    return clock.local_offset_ms - clock.utc_offset_ms


async def _clock_of(device: OpenDevice, half: Half) -> Measurement | None:
    if device.clock is None:
        half.note("clock", _why_not(device, "clock"))
        return None
    try:
        return await clocks.measure(device.clock)
    except DeviceError as error:
        half.note("clock", error)
        return None


async def _channel_of(device: OpenDevice, number: int, half: Half) -> Channel:
    """The channel with this number; one made of the number alone where the device lists none."""
    if device.channels is None:
        half.note("channels", _why_not(device, "channels"))
        return Channel(number)
    try:
        listed = await device.channels.channels()
    except DeviceError as error:
        half.note("channels", error)
        return Channel(number)
    for channel in listed:
        if channel.number == number:
            return channel
    if listed:
        numbers = ", ".join(str(channel.number) for channel in listed[:64])
        raise NotSupported(f"It has channels {numbers}.", reason=Reason.NO_SUCH_CHANNEL)
    return Channel(number)


async def _ask(
    index: IndexesRecordings, channel: Channel, start_ms: int, end_ms: int, history: OffsetHistory
) -> IndexAnswer:
    span = history.device_span(start_ms, end_ms, margin_ms=MARGIN_MS) or (start_ms, end_ms)
    return await index.recordings(channel, *span)


async def _compare(
    index: IndexesRecordings, channel: Channel, start_ms: int, end_ms: int, found: RecordingsFound
) -> None:
    history = history_of(found.clock, index.index_time_base)
    try:
        found.second = await _ask(index, channel, start_ms, end_ms, history)
    except DeviceError as error:
        found.note("second source", error)
        return
    if found.second.complete and found.answer and found.answer.complete:
        other = _in_true_time(found.second, history, start_ms, end_ms)
        found.disputed = coverage.compare(found.intervals, other)


def _in_true_time(
    answer: IndexAnswer, history: OffsetHistory, start_ms: int, end_ms: int
) -> list[Interval]:
    told = coverage.merge((segment.start_ms, segment.end_ms) for segment in answer.segments)
    if not history:
        return coverage.clip(told, [(start_ms, end_ms)])
    return history.to_true(told, start_ms, end_ms)[0]


def _true_instant(device_ms: int | None, history: OffsetHistory) -> int | None:
    if device_ms is None:
        return None
    return device_ms - (history.offset_at(device_ms).offset_ms or 0)


def _why_not(device: OpenDevice, capability: str) -> DeviceError:
    """The error with which a capability failed at opening, or that the device does not have it."""
    for name, _protocol, error in device.failures:
        if name == capability:
            return error
    for name, _protocol, error in device.failures:
        if name in {"protocol", "identity"}:
            return error
    return NotSupported(f"It offers no {capability}.")
