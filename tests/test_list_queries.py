"""Every list asks the database as often for many rows as for few. A new list is tested without being named.

Pages are found by the resolver: whatever opens without an argument, and the pages of one thing that list what
belongs to it. Lists of requests stand in tests/requests.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.models import Person
from cameras.daily_sheets.sheet_sweep import due_at
from cameras.models import DailySheet
from control_room import notes as shift_notes
from inventory import counting, moves
from inventory.models import (
    Contract,
    Contractor,
    Device,
    ModelLife,
    Position,
    PositionGroup,
)
from tests.access import addresses
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db
APPS = {"", "accounts", "audit", "cameras", "control_room", "inventory", "api"}
# Doors that list nothing: forms, buttons, and what answers without rows.
NO_LISTS = {
    *("accounts:password", "accounts:preferences", "accounts:profile", "accounts:sign_in"),
    *("accounts:sign_in_again", "accounts:sign_out", "accounts:person_create", "alive", "ready"),
    *("accounts:token_create", "control_room:note_new"),
    *("cameras:add", "cameras:check_now", "cameras:discover", "cameras:play_minute"),
    *("inventory:channel_new", "inventory:disk_new"),
}
MOST = 25


class Growing:
    """A campus in which there is more of everything after each `grow`; the first of each stays the same."""

    def __init__(self) -> None:
        self.head = rows.person("UNIT_HEAD", "ADMIN")
        self.home = rows.building()
        self.recorder = scene.recorder()
        self.firm = Contractor.objects.create(name="First firm")
        self.paper = self._contract(self.firm)
        self.place: Position = rows.position(self.home)
        self.net = rows.network("10.99.0.0/16")
        self.count = counting.start(self.home, by=self.head)
        self.size = 0

    def grow(self, count: int) -> None:
        for place in scene.campus(count, self.home):
            self._inventory(place)
            self._people()
            self._notes(place)
        start = self.size
        for number in range(start, start + count):
            day = scene.yesterday() - dt.timedelta(days=number)
            DailySheet.objects.create(day=day, due_at=due_at(day))
        self.size += count
        for device in Device.objects.exclude(count_lines__count=self.count):
            self.count.lines.create(device=device, position=self.place, is_expected=True)

    def _inventory(self, place: Position) -> None:
        channel = rows.channel(self.recorder, self.recorder.channels.count() + 1)
        number = channel.number
        moves.assign_channel(channel, place, rows.at(), self.head)
        self.recorder.disks.create(slot=str(number), fitted_on=rows.D)
        camera = place.installations.get().device
        moves.move_address(camera, self.net, f"10.99.1.{number}", rows.at(), self.head)
        self.paper.devices.add(camera)
        self._contract(Contractor.objects.create(name=f"Firm {number}")).devices.add(self.recorder)
        self._contract(self.firm)
        ModelLife.objects.create(maker="Maker", model=f"M{number}", end_of_support_on=rows.D)
        rows.device(model=f"Unknown {number}", status="STOCK")
        PositionGroup.objects.create(name=f"Group {number}")
        rows.network(f"10.{100 + number}.0.0/16")
        elsewhere = rows.position()
        counting.start(elsewhere.floor.building, by=self.head)

    @staticmethod
    def _contract(firm: Contractor) -> Contract:
        return Contract.objects.create(
            name="Care", contractor=firm, starts_on=rows.D, last_day=dt.date(2099, 1, 1)
        )

    def _people(self) -> None:
        person = rows.person("OPERATOR", scope_kind="building", scope_id=self.home.pk)
        ends = timezone.now() + dt.timedelta(days=3)
        tokens.make(person, "portal", ["inventory:read"], by=self.head, expires_at=ends)

    @staticmethod
    def _notes(place: Position) -> None:
        writer, other = rows.person("OPERATOR"), rows.person("OPERATOR")
        recorder = place.assignments.earliest("pk").channel.recorder
        for about in (place, recorder, place.floor.building):
            note = shift_notes.leave("Look here", by=writer, about=about)
            shift_notes.add_line(note, "Looked", by=other)
            note.take_over(by=other)

    def pages(self) -> list[str]:
        """Every list, and the pages of one thing that list what belongs to it."""
        found = [
            reverse(name)
            for name, route in addresses().items()
            if name.rpartition(":")[0] in APPS
            and name not in NO_LISTS
            and (not name.startswith("api:") or name.endswith("-list"))
            and not name.startswith("api:portal")
            and "<" not in route
            and "(?P" not in route
        ]
        of_one: list[tuple[str, Any]] = [
            ("inventory:device", self.recorder),
            ("inventory:position", self.place),
            ("inventory:building", self.home),
            ("inventory:network", self.net),
            ("inventory:contract", self.paper),
            ("inventory:contractor", self.firm),
            ("inventory:count", self.count),
            ("cameras:recorder", self.recorder),
            ("accounts:person", Person.objects.earliest("pk")),
        ]
        return sorted({*found, *(reverse(name, args=[row.pk]) for name, row in of_one)})


def queries_of(client: Client, url: str) -> int:
    ContentType.objects.clear_cache()
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url)
    assert answer.status_code == 200, url
    return len(captured)


def test_no_list_asks_more_often_when_there_is_more_to_list() -> None:
    campus = Growing()
    client = scene.browser(campus.head)
    campus.grow(2)
    for url in campus.pages():
        client.get(url)  # what is read once and kept
    few = {url: queries_of(client, url) for url in campus.pages()}

    campus.grow(9)
    many = {url: queries_of(client, url) for url in campus.pages()}

    # Long lists of one kind become one line on Bugün, so there may be fewer.
    assert {url: (few[url], many[url]) for url in few if many[url] > few[url]} == {}
    assert {url: count for url, count in many.items() if count > MOST} == {}
    assert len(few) > 40
