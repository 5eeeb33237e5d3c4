"""Rows for tests with the fewest fields."""

from __future__ import annotations

import datetime as dt
from itertools import count

from accounts.models import Person, RoleGrant
from core.tsi import today
from footage_requests.models import Undertaking
from footage_requests.secrecy import undertakings
from inventory.models import (
    Building,
    Channel,
    Device,
    Floor,
    Network,
    Position,
    PositionGroup,
    Site,
)

NUMBER = count(1)
D = dt.date(2026, 3, 10)


def at(day: dt.date = D, hour: int = 0) -> dt.datetime:
    """An hour of a day in Türkiye time."""
    return dt.datetime(
        day.year, day.month, day.day, hour, tzinfo=dt.timezone(dt.timedelta(hours=3))
    )


def person(*roles: str, **scope: object) -> Person:
    """Somebody who holds these roles and has signed the confidentiality undertaking."""
    number = next(NUMBER)
    row = Person.objects.create_person(f"S{number}", f"Person {number}")
    for role in roles:
        RoleGrant.objects.create(
            person=row, role=role, starts_on=dt.date(2020, 1, 1), document="order", **scope
        )
    if roles:
        sworn(row)
    return row


def sworn(person: Person) -> None:
    """The person's signature under the text in force, as a row."""
    Undertaking.objects.create(
        person=person,
        text=undertakings.current_text(),
        how=Undertaking.How.PASSWORD,
        signed_on=today(),
        entered_by=person,
    )


def building(site: Site | None = None) -> Building:
    number = next(NUMBER)
    site = site or Site.objects.create(name=f"Site {number}", code=f"S{number}")
    return Building.objects.create(site=site, name=f"Building {number}", code=f"B{number}")


def position(at_building: Building | None = None, status: str = "ACTIVE") -> Position:
    number = next(NUMBER)
    floor = Floor.objects.create(building=at_building or building(), name=f"Floor {number}")
    group, _ = PositionGroup.objects.get_or_create(name="Usual")
    return Position.objects.create(
        floor=floor, group=group, code=f"P{number}", name=f"Position {number}", status=status
    )


def device(kind: str = "CAMERA", status: str = "IN_SERVICE", **fields: object) -> Device:
    fields.setdefault("serial", f"SER{next(NUMBER):06}")
    fields.setdefault("maker", "Maker")
    return Device.objects.create(kind=kind, status=status, **fields)


def channel(recorder: Device | None = None, number: int = 1) -> Channel:
    return Channel.objects.create(recorder=recorder or device("RECORDER"), number=number)


def network(cidr: str = "10.20.0.0/16", via: Device | None = None) -> Network:
    return Network.objects.create(name=f"Network {next(NUMBER)}", cidr=cidr, via=via)
