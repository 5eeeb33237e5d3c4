"""A name that is markup stays text on every page that opens without an argument, and on pages of one thing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from accounts.models import Person
from cameras.models import Finding, Run
from control_room import notes
from inventory import counting
from inventory.models import (
    Building,
    Channel,
    Contract,
    Contractor,
    Device,
    Floor,
    ModelLife,
    Network,
    Position,
    PositionGroup,
    Site,
)
from tests.access import addresses
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db

EVIL = '"><svg/onload=x>{{7}}'
FIELDS = (
    (Site, ("name",)),
    (Building, ("name", "code")),
    (Floor, ("name",)),
    (Position, ("name", "code", "purpose")),
    (PositionGroup, ("name",)),
    (Network, ("name",)),
    (Device, ("maker", "model", "serial", "firmware", "purpose", "asset_register_no")),
    (Channel, ("name",)),
    (Contractor, ("name", "phone", "email", "note")),
    (Contract, ("name", "number", "note")),
    (ModelLife, ("maker", "model")),
    (Finding, ("subject_name", "closed_because")),
    (Person, ("full_name",)),
)


def test_names_that_are_markup_stay_text_on_every_page(head: Person) -> None:
    """F4."""
    (place,) = scene.campus(1)
    recorder = place.assignments.get().channel.recorder
    firm = Contractor.objects.create(name="x")
    today = dt.date(2026, 1, 1)
    contract = Contract.objects.create(
        name="x", contractor=firm, starts_on=today, last_day=dt.date(2099, 1, 1)
    )
    contract.devices.set(Device.objects.all())
    ModelLife.objects.create(maker="x", model="x")
    note = notes.leave(EVIL, by=rows.person("OPERATOR"), about=place)
    note.finish(EVIL, by=head)
    notes.leave(EVIL, by=rows.person("OPERATOR"), about=recorder)
    count = counting.start(place.floor.building, by=head, note=EVIL)
    for model, fields in FIELDS:
        for field in fields:
            # With its number: some of them must differ.
            numbered = Concat(Value(EVIL), Cast(F("pk"), CharField()))
            model._base_manager.update(**{field: numbered})
    client = scene.browser(head)
    run, device = Run.objects.latest("pk"), place.installations.get().device
    things = {
        "cameras:position": place, "cameras:recorder": recorder, "cameras:device": device,
        "cameras:building": place.floor.building, "cameras:run": run, "inventory:device": recorder,
        "inventory:position": place, "inventory:building": place.floor.building,
        "inventory:contractor": firm, "inventory:contract": contract, "inventory:count": count,
        "inventory:floor_plan": place.floor, "control_room:note": note,
        "inventory:device_edit": device, "inventory:position_edit": place,
    }  # fmt: skip
    urls = [reverse(name, args=[row.pk]) for name, row in things.items()]
    urls += [reverse("cameras:day", args=[scene.yesterday()]), "/search/?q=svg", "/?all=1"]
    urls += [
        reverse(name)
        for name, route in addresses().items()
        if "<" not in route
        and "(?P" not in route
        and name.partition(":")[0] in {"cameras", "inventory", "control_room", "accounts", "audit"}
    ]

    found, shown = {}, 0
    for url in urls:
        answer = client.get(url)
        if answer.status_code == 200 and not answer.streaming:
            text = answer.content.decode(errors="replace")
            shown += "svg/onload" in text
            if "<svg/onload" in text:
                found[url] = text[text.index("<svg/onload") - 60 :][:120]

    assert found == {}
    # Else it would be proven of pages on which no such name stands.
    assert shown > 20
