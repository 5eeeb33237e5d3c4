"""The technician's bench: one device by its address, without the inventory. Pure asyncio, no Django.

Each function gives what it could get and lists what failed and why; only when nothing at all came back
does it raise a DeviceError. True time is this server's clock, less its offset where NTP has proven that.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cameras.clocks.history import KnownOffset, Method, OffsetHistory
from cameras.clocks.measuring import Measurement, in_true_time, measure
from cameras.protocols.base import (
    BadAnswer,
    Channel,
    CredentialRefused,
    DeviceError,
    Endpoint,
    Login,
    Manner,
    NotSupported,
    Picture,
    Reason,
    TimeBase,
)
from cameras.protocols.clips import ClipReport, fetch_clip
from cameras.protocols.decoding import Still, check_still
from cameras.protocols.http import Transport
from cameras.protocols.ntp import ServerClock
from cameras.protocols.opened import REPLAY_BY_ONVIF
from cameras.protocols.probing import without_login
from cameras.protocols.registry import OpenDevice, open_device
from cameras.protocols.rtsp import StreamLimits
from cameras.protocols.rtsp_port import port_in

_LACKING = {
    "clock": "it tells no time",
    "recordings": "it has no recording index",
    "snapshot": "it gives no still pictures",
    "playback": "it plays no recordings back",
}
CLIP_SECONDS_AT_LEAST = 120.0
LARGEST_CLIP_BYTES = 64 * 1024**3
STALL_SECONDS = 8.0


@dataclass(frozen=True)
class Target:
    """Which device to talk to, as whom, in which protocol (`auto` finds out).

    `server` is this server's clock against NTP, where time servers are set: then times are true ones.
    """

    endpoint: Endpoint
    login: Login | None = None
    protocol: str = "auto"
    server: ServerClock | None = None


@dataclass(frozen=True)
class Failure:
    """One thing that failed while the rest went on. `detail` is safe to show."""

    what: str
    reason: str
    detail: str = ""


@dataclass
class Half:
    """What failed, and how the device was spoken to."""

    failures: list[Failure] = field(default_factory=list)
    protocol: str = ""

    def note(self, what: str, error: DeviceError) -> None:
        self.failures.append(Failure(what, str(error.reason), error.detail))


@dataclass
class ClockFound(Half):
    """A measured clock."""

    clock: Measurement | None = None


@dataclass
class StillTaken(Half):
    """A picture; `still` only where it could be decoded."""

    picture: Picture | None = None
    still: Still | None = None


@dataclass
class ClipFetched(Half):
    """A clip and the clock by which its true-time span was asked."""

    report: ClipReport | None = None
    clock: Measurement | None = None
    offset_ms: int | None = None
    rtsp_port: int | None = None
    also_by: Manner | None = None
    """How the device is spoken to where its ONVIF part plays; None where that is no other way."""


async def measure_clock(transport: Transport, target: Target) -> ClockFound:
    """The device's clock against this server's; ONVIF tells it even where the login is refused."""
    found = ClockFound()
    try:
        async with opened(transport, target, found) as device:
            found.clock = await _measured(device, target, found)
    except CredentialRefused as refused:
        open_part = await without_login(transport, target.endpoint, target.protocol, refused)
        if open_part is None:
            raise
        found.note("login", refused)
        try:
            found.clock = await _measured(open_part, target, found)
        except DeviceError:
            raise refused from None
        finally:
            await open_part.close()
    return found


async def take_snapshot(transport: Transport, target: Target, channel_no: int) -> StillTaken:
    """A still, and its size where it can be decoded. Raises when there is no picture at all."""
    taken = StillTaken()
    async with opened(transport, target, taken) as device:
        if device.snapshot is None and device.also_onvif is None:
            raise why_not(device, "snapshot")
        channel = await channel_of(device, channel_no, taken)
        taken.picture = await _picture_of(device, channel, taken)
    try:
        taken.still = await check_still(taken.picture.data)
    except DeviceError as error:
        taken.note("decoding", error)
    return taken


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
    """Copies a span of true time into an MP4, bit for bit. Raises DeviceError or FileExistsError.

    A vendor's device whose own playback proves no time is played over ONVIF, where it speaks that as well.
    """
    fetched = ClipFetched()
    asked = channel_no, start_ms, end_ms, out_path
    try:
        await _copy(transport, target, *asked, fetched, on_progress)
    except BadAnswer as error:
        if error.reason is not Reason.TIME_NOT_PROVEN or fetched.also_by is None:
            raise
        fetched.note("playback", error)
        await _copy(transport, target, *asked, fetched, on_progress, manner=fetched.also_by)
    return fetched


async def _copy(
    transport: Transport,
    target: Target,
    channel_no: int,
    start_ms: int,
    end_ms: int,
    out_path: Path,
    fetched: ClipFetched,
    on_progress: Any,
    *,
    manner: Manner | None = None,
) -> None:
    async with opened(transport, target, fetched, manner) as device:
        if device.also_onvif is not None and manner is None:
            quirks = [*device.manner.quirks, REPLAY_BY_ONVIF]
            fetched.also_by = replace(device.manner, quirks=quirks)
        fetched.clock = await clock_of(device, target, fetched)
        if device.playback is None:
            raise why_not(device, "playback")
        channel = await channel_of(device, channel_no, fetched)
        base = getattr(device.playback, "index_time_base", TimeBase.DEVICE_UTC)
        history = history_of(fetched.clock, base)
        fetched.offset_ms = history.offset_at(start_ms).offset_ms
        shift = fetched.offset_ms or 0
        stream = await device.playback.playback(channel, start_ms + shift, end_ms + shift)
    fetched.rtsp_port = target.endpoint.rtsp_port or port_in(stream.url)
    seconds = (end_ms - start_ms) / 1000
    fetched.report = await fetch_clip(
        target.endpoint,
        target.login,
        stream,
        out_path,
        limits=StreamLimits(
            reply_s=STALL_SECONDS,
            stall_s=STALL_SECONDS,
            total_s=max(CLIP_SECONDS_AT_LEAST, 1.5 * seconds + 60),
            max_bytes=LARGEST_CLIP_BYTES,
        ),
        on_progress=on_progress,
        local_ahead_ms=_local_ahead(fetched.clock),
    )


def history_of(clock: Measurement | None, base: TimeBase) -> OffsetHistory:
    """The one known offset of a time base, or an empty history when it is not known.

    A clock that leaps from reading to reading (D11) has no offset that could be believed.
    """
    if clock is None or clock.method is Method.UNKNOWN:
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


@contextlib.asynccontextmanager
async def opened(
    transport: Transport, target: Target, half: Half, manner: Manner | None = None
) -> AsyncIterator[OpenDevice]:
    """The device, opened; closed again whatever happens."""
    device = await open_device(
        transport, target.endpoint, target.login, protocol=target.protocol, manner=manner
    )
    half.protocol = device.protocol
    try:
        yield device
    finally:
        await device.close()


async def _measured(device: OpenDevice, target: Target, half: Half) -> Measurement:
    """From the protocol that serves the device, else from its ONVIF part."""
    if device.clock is None:
        raise why_not(device, "clock")
    try:
        return in_true_time(await measure(device.clock), target.server)
    except CredentialRefused:
        raise
    except DeviceError as error:
        if device.also_onvif is None:
            raise
        half.note("clock", error)
        return in_true_time(await measure(device.also_onvif), target.server)


async def clock_of(device: OpenDevice, target: Target, half: Half) -> Measurement | None:
    """The measured clock; None, and a note, where the device does not tell it."""
    try:
        measured = await _measured(device, target, half)
    except DeviceError as error:
        half.note("clock", error)
        return None
    if measured.method is Method.UNKNOWN:
        words = "it leaps from reading to reading" if measured.reads > 1 else "it tells no time"
        half.note("clock", BadAnswer(words, reason=Reason.CLOCK_UNKNOWN))
    return measured


async def _picture_of(device: OpenDevice, channel: Channel, half: Half) -> Picture:
    """From the protocol that serves the device, else from its ONVIF part."""
    try:
        if device.snapshot is None:
            raise why_not(device, "snapshot")
        return await device.snapshot.snapshot(channel)
    except CredentialRefused:
        raise
    except DeviceError as error:
        if device.also_onvif is None:
            raise
        half.note("snapshot", error)
        return await device.also_onvif.snapshot(replace(channel, token=""))


async def channel_of(device: OpenDevice, number: int, half: Half) -> Channel:
    """The channel with this number; one made of the number alone where the device lists none."""
    if device.channels is None:
        half.note("channels", why_not(device, "channels"))
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


def why_not(device: OpenDevice, capability: str) -> DeviceError:
    """The error with which a capability failed at opening, or that the device does not have it."""
    for name, _protocol, error in device.failures:
        if name == capability and type(error) is not NotSupported:
            return error
    return NotSupported(_LACKING.get(capability, f"it offers no {capability}"))
