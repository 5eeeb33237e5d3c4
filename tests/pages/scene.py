"""Rows as a night leaves them, so that pages have something to show."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Person
from cameras.models import (
    CheckResult,
    ClockMeasurement,
    CoverageDay,
    DeviceCheck,
    DeviceCondition,
    Finding,
    PositionDay,
    Run,
)
from cameras.models.conditions import ChannelCondition
from core import tsi
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
NUMBER = count(1)
DAY_MS = tsi.DAY_MS


def yesterday() -> dt.date:
    return tsi.today() - dt.timedelta(days=1)


def browser(person: Person, language: str = "en") -> Client:
    """A signed-in test client that reads the pages in one language."""
    person.language = language
    person.save()
    client = Client(headers={"accept-language": language})
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def addressed(device: Device) -> Device:
    """Gives the device an address of its own."""
    number = next(NUMBER)
    Address.objects.create(
        device=device,
        network=rows.network(f"10.{30 + number // 200}.{number % 200}.0/24"),
        ip=f"10.{30 + number // 200}.{number % 200}.9",
        starts_at=LONG_AGO,
    )
    return device


def camera_at(position: Position, **fields: Any) -> Device:
    """A camera fitted there since long ago."""
    camera = addressed(rows.device(**fields))
    Installation.objects.create(device=camera, position=position, starts_at=LONG_AGO)
    DeviceCondition.objects.create(device=camera, answered_at=timezone.now())
    return camera


def recorder(**fields: Any) -> Device:
    """A recorder that has answered and whose clock was read."""
    device = addressed(rows.device("RECORDER", **fields))
    DeviceCondition.objects.create(
        device=device, answered_at=timezone.now(), clock_verdict="OK", clock_offset_ms=20
    )
    return device


def recorded(position: Position, channel: Channel) -> None:
    """From now on the channel holds the position."""
    ChannelAssignment.objects.create(channel=channel, position=position, starts_at=LONG_AGO)
    ChannelCondition.objects.create(channel=channel, asked_at=timezone.now(), held_days=14)


def proof(
    channel: Channel,
    day: dt.date | None = None,
    gaps: tuple[tuple[float, float], ...] = (),
    **facts: Any,
) -> CoverageDay:
    """The answer of a recorder about a day. `gaps` are hours of the day."""
    day = day or yesterday()
    start = tsi.day_bounds_ms(day)[0]
    spans = [(start + round(a * 3_600_000), start + round(b * 3_600_000)) for a, b in gaps]
    lost = sum(b - a for a, b in spans)
    told: dict[str, Any] = {
        "result": "PARTLY" if gaps else "RECORDED",
        "source": "ISAPI_SEARCH",
        "offset_ms": 0,
        "offset_uncertainty_ms": 100,
        "is_complete": True,
        "asked_at": timezone.now(),
        "canonical": "{}",
        "sha256": "0" * 64,
    } | facts
    return CoverageDay.objects.create(
        channel=channel,
        day=day,
        expected_ms=DAY_MS,
        recorded_ms=DAY_MS - lost,
        gaps=[[a, b, "NO_STREAM"] for a, b in spans],
        gap_count=len(spans),
        longest_gap_ms=max((b - a for a, b in spans), default=0),
        **told,
    )


def answer(
    position: Position, day: dt.date | None = None, result: str = "RECORDED", **more: Any
) -> None:
    """The answer per position, as the sum rule counts it."""
    if result in {"RECORDED", "PARTLY"}:
        more.setdefault("evidence_at", timezone.now())
    if result == "UNKNOWN":
        more.setdefault("reason", "NO_ANSWER")
    PositionDay.objects.create(
        position=position,
        day=day or yesterday(),
        result=result,
        expected_ms=DAY_MS,
        recorded_ms=DAY_MS if result == "RECORDED" else 0,
        **more,
    )


def finished_run(day: dt.date | None = None, kind: str = "NIGHT", **more: Any) -> Run:
    """A run that is over."""
    now = timezone.now()
    return Run.objects.create(
        kind=kind,
        day=day or yesterday(),
        slot=f"test:{next(NUMBER)}",
        status="FINISHED",
        started_at=now,
        finished_at=now,
        **more,
    )


def checked(run: Run, device: Device, answer: str = "YES", reason: str = "") -> DeviceCheck:
    """One device of a run, done, with one answer."""
    now = timezone.now()
    check = DeviceCheck.objects.create(run=run, device=device, status="DONE", done_at=now)
    CheckResult.objects.create(
        device_check=check, kind="CLOCK", answer=answer, reason=reason, evidence_at=now
    )
    return check


def finding(kind: str, subject: Any, **more: Any) -> Finding:
    """An open finding about a device, channel or position."""
    subject_kind = {Device: "DEVICE", Channel: "CHANNEL", Position: "POSITION"}[type(subject)]
    return Finding.objects.create(
        kind=kind,
        subject_kind=subject_kind,
        subject_id=subject.pk,
        subject_name=str(subject)[:200],
        **more,
    )


def campus(size: int, building: Building | None = None) -> list[Position]:
    """`size` positions with cameras, recorders, answers, findings and runs: everything lists show."""
    building = building or rows.building()
    run = finished_run(day=yesterday() - dt.timedelta(days=size))
    places = []
    for number in range(size):
        place = rows.position(building)
        camera = camera_at(place)
        machine = recorder()
        channel = rows.channel(machine)
        recorded(place, channel)
        proof(channel, gaps=((2, 3),))
        answer(place, result="PARTLY", gap_count=1, longest_gap_ms=3_600_000)
        for back in range(2, 4):
            answer(place, yesterday() - dt.timedelta(days=back + 2 * number))
        checked(run, camera, "UNKNOWN", "NO_ANSWER")
        finished_run(kind="CHECK_NOW", day=yesterday() - dt.timedelta(days=number + 1))
        for kind, subject in (
            ("FIRMWARE_CHANGED", camera),
            ("NOT_RECORDING", place),
            ("RETENTION_SHORT", machine),
            ("PROOF_FAILED", channel),
        ):
            finding(kind, subject, reason="PARTLY" if kind == "NOT_RECORDING" else "")
        ClockMeasurement.objects.create(
            device=machine,
            measured_at=timezone.now(),
            offset_ms=20,
            uncertainty_ms=80,
            method="EDGE",
            verdict="OK",
        )
        places.append(place)
    return places
