"""What ends soon stands on Bugün with its list: warranties of 90, 30 and 7 days, and overdue stock counts."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Person
from core import panels, tsi
from inventory.models import Device, StockCount
from tests.inventory import rows

pytestmark = pytest.mark.django_db


def line(person: Person, kind: str) -> panels.TodayLine | None:
    with panels.one_look():
        panels.gather(person)
        return next((row for row in panels.today_lines(person) if row.kind == kind), None)


def ending(*days: int) -> None:
    for number in days:
        device = rows.device()
        Device.objects.filter(pk=device.pk).update(
            warranty_ends_on=tsi.today() + dt.timedelta(days=number)
        )


def test_warranties_stand_higher_the_nearer_they_end(head: Person) -> None:
    """INV-4: 90, 30 and 7 days."""
    assert line(head, "warranty") is None
    ending(60)
    far = line(head, "warranty")
    ending(20)
    near = line(head, "warranty")
    ending(5, 7, 8)
    now = line(head, "warranty")

    assert far
    assert near
    assert now
    assert far.urgency > near.urgency > now.urgency
    assert [row.sentence.count(";") for row in (far, near, now)] == [0, 1, 2]
    assert " 5 " in now.sentence
    assert now.url == "/reports/warranty/"


def test_an_overdue_stock_count_is_told_until_somebody_counts(head: Person) -> None:
    """INV-12."""
    building = rows.building()
    day = tsi.today() - dt.timedelta(days=1)
    StockCount.objects.create(
        building=building, status="CLOSED", started_on=day, closed_on=day - dt.timedelta(days=365),
        next_due_on=day, started_by=head,
    )  # fmt: skip

    told = line(head, "stock-count")
    assert told
    assert building.name in told.sentence
    assert told.url == "/inventory/counts/"
    assert line(rows.person("AUDITOR"), "stock-count") is None

    StockCount.objects.create(building=building, started_by=head, started_on=tsi.today())
    assert line(head, "stock-count") is None
