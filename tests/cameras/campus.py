"""A small campus of rows, and scripted devices that answer as told: the engine and database are real."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from dataclasses import dataclass, field
from itertools import count

from cameras.models import Run
from cameras.night import nights, work
from cameras.protocols.base import (
    Channel,
    ClockSample,
    DeviceError,
    DeviceKind,
    Identity,
    IndexAnswer,
    Manner,
    Picture,
    Segment,
    Source,
    TimeBase,
    Unreachable,
)
from cameras.protocols.disk_states import DiskState
from cameras.protocols.registry import OpenDevice
from cameras.visiting import visits
from cameras.visiting.visit_data import VisitOutcome, VisitPlan
from core.tsi import day_bounds, day_bounds_ms, day_of
from inventory.models import (
    Address,
    ChannelAssignment,
    Device,
    Installation,
    Position,
)
from inventory.models import Channel as ChannelRow
from tests.inventory import rows

NUMBER = count(1)
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
PIXEL = b"\xff\xd8\xff\xe0 a picture"


def yesterday() -> dt.date:
    return day_of(dt.datetime.now(dt.UTC)) - dt.timedelta(days=1)


def last_night() -> Run:
    """Last night's run, planned for its own hour.

    So it is, at any hour of the day, a night and not one that was missed: those ask other days and kinds.
    """
    return nights.plan_night(yesterday(), now=nights.night_begins(yesterday()))


def hours(day: dt.date, *spans: tuple[float, float]) -> list[tuple[int, int]]:
    """Spans of hours of a day (Türkiye time) as true-time milliseconds."""
    start = day_bounds_ms(day)[0]
    return [(start + round(a * 3_600_000), start + round(b * 3_600_000)) for a, b in spans]


@dataclass
class Scripted:
    """What a device does. `recorded` maps channel numbers to true-time intervals.

    `offset_ms` is the clock's when it recorded; `clock_now_ms` is what it shows now, where that differs.
    """

    serial: str = ""
    firmware: str = "1.0"
    mac: str = ""
    offset_ms: int = 0
    clock_now_ms: int | None = None
    leaps_ms: int = 0
    recorded: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    second: dict[int, list[tuple[int, int]]] | None = None
    second_error: DeviceError | None = None
    earliest_ms: int | None = None
    locked: bool = False
    error: DeviceError | None = None
    hang_s: float = 0
    complete: bool = True
    source: Source = Source.ISAPI_SEARCH
    online: dict[int, bool] = field(default_factory=dict)
    disk_ok: bool = True
    disks: list[DiskState] | None = None
    running_s: int | None = None
    has_clock: bool = True
    mask_areas: int | None = None
    sketch: bytes = b""
    fails_on: dict[str, DeviceError] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0


class Client:
    """A conversation with a scripted device."""

    index_time_base = TimeBase.DEVICE_LOCAL

    def __init__(self, script: Scripted, protocol: str) -> None:
        self.script = script
        self.protocol = protocol
        self.manner = Manner(protocol=protocol, auth="digest-md5")

    async def _call(self, what: str) -> None:
        script = self.script
        script.calls.append(what)
        script.at_once += 1
        script.most_at_once = max(script.most_at_once, script.at_once)
        try:
            await asyncio.sleep(script.hang_s)
            if what in script.fails_on:
                raise script.fails_on[what]
        finally:
            script.at_once -= 1

    async def capabilities(self) -> dict[str, bool]:
        return {}

    async def close(self) -> None:
        return None

    async def identity(self) -> Identity:
        await self._call("identity")
        macs = (self.script.mac,) if self.script.mac else ()
        return Identity(
            maker="Maker",
            serial=self.script.serial,
            firmware=self.script.firmware,
            macs=macs,
            kind=DeviceKind.RECORDER,
        )

    async def read_clock(self) -> ClockSample:
        await self._call("clock")
        now = time.time() * 1000
        ahead = self.script.clock_now_ms
        shown = round(now) + (self.script.offset_ms if ahead is None else ahead)
        if self.script.leaps_ms:
            shown += self.script.leaps_ms * (-1) ** len(self.script.calls)
        if not self.script.has_clock:
            return ClockSample(None, None, 1000, now, now)
        return ClockSample(shown, shown, 100, now - 1, now + 1)

    async def channels(self) -> list[Channel]:
        await self._call("channels")
        return [Channel(n, online=self.script.online.get(n)) for n in self.script.recorded]

    async def disks(self) -> list[DiskState]:
        await self._call("disks")
        if self.script.disks is not None:
            return self.script.disks
        return [DiskState("1", self.script.disk_ok)]

    async def uptime_s(self) -> int | None:
        return self.script.running_s

    async def snapshot(self, channel: Channel) -> Picture:
        await self._call("snapshot")
        return Picture(PIXEL, "text/html")

    async def masks(self, channel: Channel) -> int:
        await self._call("masks")
        return self.script.mask_areas or 0

    async def recordings(self, channel: Channel, start_ms: int, end_ms: int) -> IndexAnswer:
        script = self.script
        second = self.protocol == "onvif" and script.second is not None
        await self._call("second" if second else "recordings")
        if second and script.second_error is not None:
            raise script.second_error
        told = (script.second or {}) if second else script.recorded
        segments = tuple(
            Segment(a + script.offset_ms, b + script.offset_ms)
            for a, b in told.get(channel.number, [])
            if a + script.offset_ms < end_ms and b + script.offset_ms > start_ms
        )
        earliest = script.earliest_ms
        return IndexAnswer(
            Source.ONVIF_EVENTS if second else script.source,
            TimeBase.DEVICE_LOCAL,
            segments,
            complete=script.complete,
            earliest_ms=None if earliest is None else earliest + script.offset_ms,
        )


class Campus:
    """Rows and their scripted devices, by address."""

    def __init__(self) -> None:
        self.scripts: dict[str, Scripted] = {}
        self.network = rows.network("10.0.0.0/8")
        self.building = rows.building()

    def _device(self, kind: str, script: Scripted) -> Device:
        number = next(NUMBER)
        device = rows.device(kind)
        script.serial = script.serial or device.serial
        ip = f"10.9.{number // 250}.{number % 250 + 1}"
        Address.objects.create(device=device, network=self.network, ip=ip, starts_at=LONG_AGO)
        self.scripts[ip] = script
        return device

    def recorder(self, script: Scripted) -> Device:
        """A recorder whose channels are all assigned to positions with cameras of stock."""
        recorder = self._device("RECORDER", script)
        for number in script.recorded:
            channel = rows.channel(recorder, number)
            camera = rows.device()
            self.place(camera, channel)
        return recorder

    def camera(self, script: Scripted | None = None, channel: ChannelRow | None = None) -> Device:
        camera = self._device("CAMERA", script or Scripted())
        self.place(camera, channel)
        return camera

    def place(self, camera: Device, channel: ChannelRow | None) -> Position:
        position = rows.position(self.building)
        Installation.objects.create(device=camera, position=position, starts_at=LONG_AGO)
        if channel is not None:
            ChannelAssignment.objects.create(channel=channel, position=position, starts_at=LONG_AGO)
        return position

    async def open(self, plan: VisitPlan) -> OpenDevice:
        script = self.scripts.get(plan.endpoint.host)
        if script is None:
            raise Unreachable
        if script.error is not None:
            await asyncio.sleep(script.hang_s)
            raise script.error
        client = Client(script, "isapi")
        second = Client(script, "onvif") if script.second is not None else None
        return OpenDevice(
            manner=client.manner,
            identity_client=client,
            clock=client,
            channels=client,
            recordings=client,
            snapshot=client,
            disks=client,
            masks=client if script.mask_areas is not None else None,
            second_index=second,
        )

    async def visit(self, plan: VisitPlan, tools: work.Tools) -> VisitOutcome:
        outcome = await visits.visit(plan, self.open)
        if outcome.picture is not None:
            # What the decoder would have made of a real picture.
            outcome.picture_sketch = self.scripts[plan.endpoint.host].sketch
        return outcome

    def work(self, run: Run | None = None, **more: object) -> work.Worked:
        return work.work(run=run, visitor=self.visit, **more)  # type: ignore[arg-type]


def whole(day: dt.date) -> list[tuple[int, int]]:
    """A whole day without a hole, with a margin on both sides."""
    start, end = day_bounds_ms(day)
    return [(start - 40 * 86_400_000, end + 2 * 86_400_000)]


__all__ = ["Campus", "Scripted", "day_bounds", "hours", "last_night", "whole", "yesterday"]
