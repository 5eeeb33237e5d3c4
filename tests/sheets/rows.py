"""A small campus with one day's answers, and people who sign."""

from __future__ import annotations

import datetime as dt
from itertools import count

from django.test import Client

from accounts.models import Person
from cameras.daily_sheets import sheet_sweep
from cameras.models import DailySheet, PositionDay, Run
from core import tsi
from inventory import moves
from inventory.models import Building, Channel, Device, Floor, Position, PositionGroup, Site
from tests.inventory import rows

PASSWORD = "doğru-at-pil-zımba-7"
NUMBER = count(1)
LONG_AGO = tsi.at(dt.date(2026, 1, 1), 0)


def yesterday() -> dt.date:
    return tsi.today() - dt.timedelta(days=1)


def person(*roles: str, **fields: object) -> Person:
    row = rows.person(*roles)
    row.set_password(PASSWORD)
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return row


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def recorder(model: str = "NVR-16") -> Device:
    return rows.device("RECORDER", model=model)


class Campus:
    """One building; cameras are added with the answer of one day."""

    def __init__(self, day: dt.date | None = None) -> None:
        self.day = day or yesterday()
        site = Site.objects.create(name="Yerleşke", code=f"Y{next(NUMBER)}")
        building = Building.objects.create(site=site, name="Kütüphane", code="K")
        self.floor = Floor.objects.create(building=building, name="Zemin")
        self.group = PositionGroup.objects.create(name=f"Genel {next(NUMBER)}")
        self.run = Run.objects.create(
            kind=Run.Kind.NIGHT,
            day=self.day,
            slot=f"night:{self.day}",
            status=Run.Status.FINISHED,
            finished_at=tsi.at(self.day + dt.timedelta(days=1), 2),
        )

    def camera(
        self,
        result: str = "RECORDED",
        *,
        on: Device | None = None,
        number: int = 1,
        name: str = "Işıklı koridor",
        reason: str = "",
    ) -> Position:
        position = Position.objects.create(
            floor=self.floor,
            group=self.group,
            code=f"KTP-{next(NUMBER):03}",
            name=name,
            status="ACTIVE",
        )
        moves.install(rows.device(), position, LONG_AGO, "test", document="test")
        if on is not None:
            channel = Channel.objects.create(recorder=on, number=number)
            moves.assign_channel(channel, position, LONG_AGO, "test")
        evidence = tsi.at(self.day + dt.timedelta(days=1), 1)
        PositionDay.objects.create(
            position=position,
            day=self.day,
            result=result,
            reason=reason or ("NO_ANSWER" if result == "UNKNOWN" else ""),
            expected_ms=tsi.DAY_MS,
            recorded_ms={"RECORDED": tsi.DAY_MS, "PARTLY": tsi.DAY_MS - 600_000}.get(result, 0),
            longest_gap_ms=600_000 if result == "PARTLY" else 0,
            gap_count=1 if result == "PARTLY" else 0,
            evidence_at=evidence,
            run=self.run,
        )
        return position

    def sheet(self) -> DailySheet:
        """The opened sheet of the day."""
        row, _made = DailySheet.objects.get_or_create(
            day=self.day, defaults={"due_at": sheet_sweep.due_at(self.day)}
        )
        if row.status == DailySheet.Status.PLANNED:
            row.open(by="test")
        return row
