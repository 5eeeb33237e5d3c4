"""A step that a device, a place or a count cannot take now shows no form: its page says why, and what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from core.tsi import today
from inventory import counting
from tests.inventory import rows
from tests.pages.scene import browser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def assert_no_form(answer: Any, says: str, leads_to: str = "") -> None:
    assert answer.status_code == 200
    assert answer.context["why_not"] == [says]
    assert "novalidate" not in answer.content.decode()
    assert leads_to in [each["url"] for each in answer.context["instead"]] or not leads_to


def test_the_steps_of_devices_and_places() -> None:
    client = browser(rows.person("UNIT_HEAD"))
    device, place = rows.device(status="IN_SERVICE"), rows.position(status="ACTIVE")

    def step(row: Any, kind: str, verb: str) -> str:
        return reverse(f"inventory:{kind}_step", args=[row.pk, verb])

    says = f"The state of {device} is “In service”: “Scrap” is not possible in it."
    removing = step(device, "device", "remove")
    assert_no_form(client.get(step(device, "device", "scrap")), says, removing)
    assert "novalidate" in client.get(removing).content.decode()
    # Who sends it all the same gets the answer of the step itself.
    sent = {"on_date": "2026-11-20", "document": "Tutanak 4"}
    assert client.post(step(device, "device", "scrap"), sent).status_code == 409

    says = f"The state of {place} is “Active”: “Activate” is not possible in it."
    assert_no_form(
        client.get(step(place, "position", "activate")), says, step(place, "position", "close")
    )
    assert_no_form(
        client.get(reverse("inventory:uninstall", args=[place.pk])),
        f"No camera is fitted at {place}.",
        reverse("inventory:install", args=[place.pk]),
    )
    channel = rows.channel(rows.device("RECORDER"))
    assert_no_form(
        client.get(reverse("inventory:channel_release", args=[channel.pk])),
        f"{channel} records nothing now: there is no assignment to end.",
    )


def test_a_closed_count_is_fixed_and_a_running_one_is_not_begun_again() -> None:
    person = rows.person("UNIT_HEAD")
    client = browser(person)
    building = rows.position().floor.building
    row = counting.start(building, by=person)
    start = reverse("inventory:count_new", args=[building.pk])
    page = reverse("inventory:count", args=[row.pk])
    assert_no_form(client.get(start), "This building is being counted already.", page)

    closing = reverse("inventory:count_close", args=[row.pk])
    assert "novalidate" in client.get(closing).content.decode()
    row.close(by=person, next_due_on=today())
    says = f"The state of {row} is “{row.get_status_display()}”: “Close the count” is not possible in it."
    assert_no_form(client.get(closing), says)
    assert "novalidate" in client.get(start).content.decode()
