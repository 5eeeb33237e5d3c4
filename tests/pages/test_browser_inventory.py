"""The inventory, people, tokens, reports and the log in a real browser: axe finds nothing, nothing is too wide."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from accounts import tokens
from inventory import counting
from inventory.models import Contract, Contractor, Device, ModelLife, RecordingSchedule
from tests.browsing import PHONE, WIDE, faults, sign_in, with_password
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db(transaction=True)


def stocked() -> list[str]:
    """A campus with one of each thing; the addresses of the pages about them."""
    head = rows.person("UNIT_HEAD")
    place = scene.campus(2)[0]
    camera, channel = place.installations.get().device, place.assignments.get().channel
    recorder: Device = channel.recorder
    recorder.disks.create(slot="1", serial="WD-1", fitted_on=rows.D)
    firm = Contractor.objects.create(name="Bakım AŞ", phone="0312 555 44 33", response_hours=4)
    care = Contract.objects.create(
        name="Bakım", contractor=firm, starts_on=rows.D, last_day=dt.date(2099, 1, 1)
    )
    care.devices.add(camera, recorder)
    ModelLife.objects.create(maker="Maker", model="M", end_of_support_on=rows.D)
    plan = RecordingSchedule.objects.create(
        position=place, kind="HOURS", hours={"0": [["08:00", "18:00"]]}, valid_from=rows.D
    )
    camera.report_fault(on_date=rows.D, by=head, document="Arıza formu 4")
    count = counting.start(place.floor.building, by=head)
    ends = timezone.now() + dt.timedelta(days=3)
    tokens.make(head, "Portal", ["inventory:read"], by=head, expires_at=ends)
    i, building = "/inventory", place.floor.building_id
    return [
        *(f"{i}/{name}/" for name in (
            "devices", "positions", "buildings", "networks", "groups", "contracts", "contractors",
            "models", "counts", "plans",
        )),
        f"{i}/devices/{camera.pk}/", f"{i}/devices/{recorder.pk}/", f"{i}/positions/{place.pk}/",
        f"{i}/buildings/{building}/", f"{i}/networks/{camera.addresses.get().network_id}/",
        f"{i}/contracts/{care.pk}/", f"{i}/contractors/{firm.pk}/", f"{i}/counts/{count.pk}/",
        f"{i}/devices/{camera.pk}/edit/", f"{i}/devices/{camera.pk}/files/new/",
        f"{i}/positions/{place.pk}/schedule/", f"{i}/schedules/{plan.pk}/end/",
        f"{i}/import/devices/", f"/vault/devices/{camera.pk}/",
        "/accounts/profile/", "/accounts/people/", f"/accounts/people/{head.pk}/",
        "/accounts/tokens/", "/accounts/tokens/new/",
        "/reports/", "/reports/monthly/", "/reports/warranty/",
        "/reports/history/", "/audit/", "/reports/forms/", "/reports/holidays/",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("theme", "size"), [("light", WIDE), ("dark", PHONE)], ids=["light and wide", "dark phone"]
)
def test_pages_are_accessible_and_fit_the_screen(
    page: Page, complaints: list[str], theme: str, size: Any
) -> None:
    # Each page in one of the two looks: which one changes nothing but the time that this takes.
    urls = stocked()[theme == "dark" :: 2]
    reader = with_password(rows.person("UNIT_HEAD", "ADMIN"))
    reader.theme = theme
    reader.save()
    sign_in(page, reader)
    page.set_viewport_size(size)

    found: dict[str, list[str]] = {}
    for url in urls:
        answer = page.goto(url)
        assert answer is not None
        assert answer.status == 200, url
        wide = page.evaluate("document.documentElement.scrollWidth")
        found[url] = faults(page) + ([f"{wide} wide"] if wide > size["width"] else [])

    assert {url: told for url, told in found.items() if told} == {}
    assert complaints == []
    # What the second of two people is told is read in both looks.
    camera = Device.objects.cameras().earliest("pk")
    page.goto(f"/inventory/devices/{camera.pk}/edit/")
    Device.objects.filter(pk=camera.pk).update(purpose="Changed meanwhile")
    page.fill("input[name=purpose]", "Mine")
    page.click("main button[type=submit]")
    page.wait_for_selector("#conflict")
    assert faults(page) == []
