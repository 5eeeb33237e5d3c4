"""A small campus for the API: a position with a camera, recorded by a channel, with one proven day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cameras.models import CoverageDay, Finding, PositionDay, Run
from core.tsi import day_bounds_ms, today
from inventory.models import (
    Address,
    Building,
    Channel,
    ChannelAssignment,
    Device,
    Installation,
    Position,
)
from tests.inventory import rows

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
HOUR = 3_600_000


def yesterday() -> dt.date:
    return today() - dt.timedelta(days=1)


@dataclass
class Place:
    """One position with everything around it."""

    position: Position
    camera: Device
    recorder: Device
    channel: Channel

    @property
    def building(self) -> Building:
        return self.position.floor.building


def place(building: Building | None = None, recorder: Device | None = None) -> Place:
    position = rows.position(building)
    camera, recorder = rows.device(), recorder or rows.device("RECORDER")
    channel = rows.channel(recorder, recorder.channels.count() + 1)
    Installation.objects.create(device=camera, position=position, starts_at=LONG_AGO)
    ChannelAssignment.objects.create(channel=channel, position=position, starts_at=LONG_AGO)
    return Place(position, camera, recorder, channel)


def address(device: Device, ip: str) -> Address:
    network = rows.network("10.20.0.0/16")
    return Address.objects.create(device=device, network=network, ip=ip, starts_at=LONG_AGO)


def proven(at: Place, day: dt.date | None = None, **fields: Any) -> CoverageDay:
    """A day recorded but for the hour after noon."""
    day = day or yesterday()
    start = day_bounds_ms(day)[0]
    facts: dict[str, Any] = {
        "result": "PARTLY",
        "expected_ms": 24 * HOUR,
        "recorded_ms": 23 * HOUR,
        "longest_gap_ms": HOUR,
        "gap_count": 1,
        "gaps": [[start + 12 * HOUR, start + 13 * HOUR, "NO_RECORDING"]],
        "source": "isapi",
        "asked_at": dt.datetime.now(dt.UTC),
        "is_complete": True,
        "canonical": "{}",
        "sha256": "0" * 64,
    } | fields
    PositionDay.objects.update_or_create(
        position=at.position,
        day=day,
        defaults={
            "result": facts["result"],
            "expected_ms": facts["expected_ms"],
            "recorded_ms": facts["recorded_ms"],
            "evidence_at": facts["asked_at"],
        },
    )
    return CoverageDay.objects.create(channel=at.channel, day=day, **facts)


def finding(subject: Any, kind: str = "FIRMWARE_CHANGED", **fields: Any) -> Finding:
    kinds = {Device: "DEVICE", Channel: "CHANNEL", Position: "POSITION"}
    return Finding.objects.create(
        kind=kind, subject_kind=kinds[type(subject)], subject_id=subject.pk, **fields
    )


def run(**fields: Any) -> Run:
    fields = {"kind": "NIGHT", "day": yesterday(), "slot": f"night:{next(rows.NUMBER)}"} | fields
    return Run.objects.create(**fields)
