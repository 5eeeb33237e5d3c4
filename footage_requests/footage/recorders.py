"""How a recorder is reached for a request: address, login, manner and clock out of the rows, then a conversation.

What is read from the database stands in `Access`, so that the conversation needs none. A refused login
is parked at once: the next try would lock the account.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

import vault
from cameras.clocks.history import KnownOffset, Method, OffsetHistory
from cameras.clocks.measuring import Measurement, measure
from cameras.days.coverage import Interval, clip, merge, subtract
from cameras.days.judging import true_instant
from cameras.models import DeviceCondition
from cameras.night.plans import login_of, manner_of
from cameras.protocols.base import (
    Channel,
    CredentialRefused,
    DeviceError,
    Endpoint,
    Identity,
    IndexAnswer,
    Login,
    Manner,
    NotSupported,
    Reason,
    Segment,
    TimeBase,
    Untrusted,
)
from cameras.protocols.http import Transport
from core.tsi import to_ms
from inventory.models import Address, Device
from inventory.models import Channel as ChannelRow

from .clock_windows import RecorderClock, clock_of, with_reading

if TYPE_CHECKING:
    from cameras.protocols.registry import OpenDevice

INDEX_MARGIN_MS = 5_000
EVENTS_AFTER_MS = 6 * 3_600_000
"""An ONVIF recorder that lost its power inside the window tells it by its next start, which may come long after."""


class NotReachable(Exception):
    """Nothing can be dialled; `reason` is a code of cameras.wording.reasons."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Access:
    """Everything that a conversation with one recorder needs."""

    recorder_id: int
    name: str
    endpoint: Endpoint
    login: Login | None
    manner: Manner
    expected: Identity
    clock: RecorderClock


@dataclass
class Heard:
    """What the index says about one channel and span, in true time.

    `doubted` is what the index itself can neither call recorded nor lost: it lies in no gap. `unsure` has
    that as well, and what a clock makes unsure that was set at an unknown moment.
    """

    recorded: list[Interval] = field(default_factory=list)
    gaps: list[Interval] = field(default_factory=list)
    unsure: list[Interval] = field(default_factory=list)
    doubted: list[Interval] = field(default_factory=list)
    oldest_ms: int | None = None
    is_complete: bool = True
    is_online: bool | None = None
    source: str = ""


def access_to(recorder: Device) -> Access:
    """How to reach a recorder now. Raises NotReachable with the reason."""
    if recorder.status not in {Device.Status.IN_SERVICE, Device.Status.FAULTY}:
        raise NotReachable("RECORDER_NOT_IN_SERVICE")
    address = (
        Address.objects.at(timezone.now())
        .filter(device=recorder)
        .select_related("network")
        .order_by("-starts_at")
        .first()
    )
    if address is None:
        raise NotReachable("NO_ADDRESS")
    if address.network.via_id is not None:
        raise NotReachable("BEHIND_RECORDER")
    login, why_not = login_of(recorder)
    if login is None and why_not:
        raise NotReachable(str(why_not))
    condition = DeviceCondition.objects.filter(pk=recorder.pk).first()
    return Access(
        recorder_id=recorder.pk,
        name=str(recorder),
        endpoint=Endpoint(str(address.ip), recorder.http_port, recorder.rtsp_port, recorder.tls),
        login=login,
        manner=manner_of(recorder, condition),
        expected=Identity(
            maker=recorder.maker,
            serial=recorder.serial,
            macs=(recorder.mac,) if recorder.mac else (),
        ),
        clock=clock_of(recorder),
    )


def recorder_facts(channel: ChannelRow) -> dict[str, Any]:
    """Which recorder and channel an exhibit comes from, as its facts keep it."""
    recorder = channel.recorder
    return {
        "maker": recorder.maker,
        "model": recorder.model,
        "serial": recorder.serial,
        "firmware": recorder.firmware,
        "mac": recorder.mac,
        "channel": channel.number,
    }


def park_refused(recorder_id: int, login: Login | None, error: DeviceError) -> None:
    """Stops the use of a login that was refused."""
    if not isinstance(error, CredentialRefused) or login is None:
        return
    if error.reason == Reason.NO_CREDENTIAL:
        return
    tried = vault.Login(login.username, login.password)
    with transaction.atomic():
        vault.park(Device.objects.get(pk=recorder_id), str(error.reason), tried=tried)


class Conversation:
    """An opened recorder with the clock that fits it."""

    def __init__(self, device: OpenDevice, access: Access) -> None:
        self.device = device
        self.access = access
        index = device.recordings
        base = getattr(index or device.playback, "index_time_base", TimeBase.DEVICE_UTC)
        self.clock = replace(access.clock, base=base)
        self.measured: Measurement | None = None
        self._listed: list[Channel] | None = None

    async def measure_clock(self) -> None:
        """Reads the clock now, which is the last measurement after the event. Failing is no fault."""
        if self.device.clock is None:
            return
        try:
            told = await measure(self.device.clock)
        except CredentialRefused:
            raise
        except DeviceError:
            return
        if told.method is Method.UNKNOWN:
            return
        self.measured = told
        is_utc = self.clock.base is TimeBase.DEVICE_UTC
        offset = told.utc_offset_ms if is_utc else told.local_offset_ms
        if offset is not None:
            now = KnownOffset(told.at_ms, offset, told.uncertainty_ms)
            self.clock = with_reading(self.clock, self.clock.base, now)

    async def channel(self, number: int) -> Channel:
        """The recorder's own row for a channel; the bare number where it lists none."""
        if self._listed is None:
            client = self.device.channels
            self._listed = list(await client.channels()) if client is not None else []
        if not self._listed:
            return Channel(number)
        found = next((each for each in self._listed if each.number == number), None)
        if found is None:
            raise NotSupported(f"channel {number}", reason=Reason.NO_SUCH_CHANNEL)
        return found

    async def recorded(self, number: int, start_ms: int, end_ms: int) -> Heard:
        """Asks the index about [start, end) of true time. Raises DeviceError."""
        channel = await self.channel(number)
        answer = await self.index_of(channel, start_ms, end_ms)
        heard = heard_of(answer, self.clock.history, start_ms, end_ms)
        heard.is_online = channel.online
        return heard

    async def index_of(self, channel: Channel, start_ms: int, end_ms: int) -> IndexAnswer:
        """The index's own answer about [start, end) of true time. Raises DeviceError."""
        index = self.device.recordings
        if index is None:
            raise NotSupported("recordings")
        span = self.clock.history.device_span(start_ms, end_ms, margin_ms=INDEX_MARGIN_MS)
        if span is None:
            # No offset is known: the recorder's own time is all there is, and the records say so.
            span = (start_ms, end_ms)
        if self.device.protocol == "onvif":
            past_ms = to_ms(timezone.now()) - end_ms
            span = (span[0], span[1] + min(EVENTS_AFTER_MS, max(0, past_ms)))
        return await index.recordings(channel, *span)


def heard_of(answer: IndexAnswer, history: OffsetHistory, start_ms: int, end_ms: int) -> Heard:
    """What an index's answer says about [start, end) of true time."""
    told, jumps = _in_true_time(answer.segments, history, start_ms, end_ms)
    doubted, _jumps = _in_true_time(answer.unsure, history, start_ms, end_ms)
    recorded = subtract(told, doubted)
    oldest = true_instant(answer.earliest_ms, history) if history else answer.earliest_ms
    return Heard(
        recorded=recorded,
        gaps=subtract([(start_ms, end_ms)], merge([*recorded, *doubted])),
        unsure=merge([*jumps, *doubted]),
        doubted=doubted,
        oldest_ms=oldest,
        is_complete=answer.complete,
        source=str(answer.source),
    )


def _in_true_time(
    segments: Iterable[Segment], history: OffsetHistory, start_ms: int, end_ms: int
) -> tuple[list[Interval], list[Interval]]:
    """What the index tells inside a span of true time, and where a clock that was set makes it unsure.

    Without any measurement its own time is taken as it is.
    """
    told = merge((one.start_ms, one.end_ms) for one in segments)
    if history:
        return history.to_true(told, start_ms, end_ms)
    return clip(told, [(start_ms, end_ms)]), []


@asynccontextmanager
async def conversation(access: Access) -> AsyncIterator[Conversation]:
    """Opens the recorder with the saved manner. Raises DeviceError; another device gets Untrusted."""
    # Reads the WSDLs: only who talks to recorders pays for that.
    from cameras.protocols.registry import open_device

    async with Transport(deadline=settings.DEVICE_DEADLINE_SECONDS) as transport:
        device = await open_device(
            transport,
            access.endpoint,
            access.login,
            manner=access.manner if access.manner.protocol else None,
            expect=access.expected,
        )
        try:
            if device.other_device:
                raise Untrusted("another serial number", reason=Reason.WRONG_DEVICE)
            yield Conversation(device, access)
        finally:
            await device.close()


def channel_name(channel: ChannelRow) -> str:
    """ "Kayıt 1, channel 7" for messages."""
    return f"{channel.recorder} / {channel.number}"
