"""Comparing two pictures by a slider in a real browser, and the building page for axe and phones."""

from __future__ import annotations

import io

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page

from accounts.models import Person
from cameras.models import LastPicture, ReferencePicture
from cameras.night.saving import picture_place
from inventory.models import Position
from tests.browsing import PHONE, choose, faults, sign_in, with_password
from tests.inventory import rows
from tests.pages import scene
from vault.crypto import seal_bytes

CUT = "getComputedStyle(document.querySelector('[data-compare]')).getPropertyValue('--cut')"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def head() -> Person:
    return with_password(rows.person("UNIT_HEAD"))


@pytest.fixture
def place() -> Position:
    place = scene.campus(1)[0]
    device = place.installations.get().device
    drawn = io.BytesIO()
    Image.new("RGB", (64, 36), "gray").save(drawn, "JPEG")
    LastPicture.objects.create(
        device=device,
        sealed=seal_bytes(drawn.getvalue(), picture_place(device.pk)),
        content_type="image/jpeg",
        size=len(drawn.getvalue()),
        taken_at=timezone.now(),
    )
    return place


def test_the_reference_is_chosen_and_cut_by_keys(
    page: Page, head: Person, place: Position, complaints: list[str]
) -> None:
    sign_in(page, head)
    page.goto(f"/cameras/{place.pk}/reference/")
    assert faults(page) == []
    page.fill("#because", "as planned")
    page.click("form:has(#because) button")

    page.wait_for_selector("[data-compare].is-sliding")
    assert ReferencePicture.objects.get().because == "as planned"
    page.focus("#cut")
    before = page.evaluate(CUT)
    page.keyboard.press("End")
    assert (before, page.evaluate(CUT)) == ("50%", "100%")
    assert page.get_attribute("#cut", "aria-valuetext") == "100 %"
    assert faults(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert complaints == []


def test_a_comparison_is_noted_by_keyboard(page: Page, head: Person, place: Position) -> None:
    sign_in(page, head)
    page.goto(f"/cameras/{place.pk}/reference/")
    page.fill("#because", "as planned")
    page.press("#because", "Enter")
    page.wait_for_selector("input[value=MOVED]")

    page.check("input[value=MOVED]")
    page.fill("#remark", "looks at the sky")
    page.press("#remark", "Enter")
    page.wait_for_selector(".state-PARTLY")
    assert ReferencePicture.objects.get().remark == "looks at the sky"


def test_the_building_page_is_accessible_and_fits_a_phone(
    page: Page, head: Person, place: Position, complaints: list[str]
) -> None:
    for result in ("RECORDED", "NOT_RECORDED", "UNKNOWN", "EXEMPT"):
        other = rows.position(place.floor.building)
        Position.objects.filter(pk=other.pk).update(status="ACTIVE")
        scene.answer(other, result=result)
    sign_in(page, head)

    page.goto(f"/cameras/buildings/{place.floor.building_id}/")
    assert faults(page) == []
    choose(page, "theme", "dark")
    assert faults(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert complaints == []
