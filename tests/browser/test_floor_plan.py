"""Placing cameras on a plan in a real browser: by mouse, by finger and by keyboard, undone, and against a rival."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import Person
from inventory import floorplans
from inventory.floorplans import Spot
from inventory.models import FloorPlan, PlanPlace, Position
from tests.browsing import PHONE, choose, faults, sign_in, until, with_password
from tests.inventory import plans, rows
from tests.pages import scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _private(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def head() -> Person:
    return with_password(rows.person("UNIT_HEAD"))


@pytest.fixture
def drawn() -> FloorPlan:
    return plans.plan(plans.floor(rows.building()))


@pytest.fixture
def camera(drawn: FloorPlan) -> Position:
    row = plans.placed(drawn, 30, 40)
    scene.answer(row, result="PARTLY")
    return row


def arrange(page: Page, head: Person, drawn: FloorPlan) -> None:
    sign_in(page, head)
    page.goto(f"/inventory/floors/{drawn.floor_id}/plan/arrange/")


def centre(part: Locator) -> tuple[float, float]:
    box = part.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def spot_on(page: Page, x: float, y: float) -> tuple[float, float]:
    """A place on the screen, x and y in per cent of the plan."""
    box = page.locator(".plan-stage").bounding_box()
    assert box
    return box["x"] + box["width"] * x / 100, box["y"] + box["height"] * y / 100


def disc(page: Page, row: Position) -> Locator:
    return page.locator(f"[data-mark='{row.pk}'] .plan-disc")


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Presses, moves in a few steps, lets go, and waits until the server has answered."""
    with page.expect_response("**/place/**"):
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end, steps=5)
        page.mouse.up()


def stored(row: Position) -> tuple[int, int, int]:
    place = PlanPlace.objects.get(position=row)
    return round(place.x / 100), round(place.y / 100), place.direction


def test_a_camera_is_dragged_turned_and_brought_back(
    page: Page, head: Person, drawn: FloorPlan, camera: Position, complaints: list[str]
) -> None:
    arrange(page, head, drawn)

    drag(page, centre(disc(page, camera)), spot_on(page, 70, 60))
    assert stored(camera) == (70, 60, 0)
    knob = page.locator(f"[data-mark='{camera.pk}'] .plan-knob")
    x, y = centre(disc(page, camera))
    drag(page, centre(knob), (x + 60, y))
    assert stored(camera) == (70, 60, 90)
    assert page.input_value("#spot_direction") == "90"
    page.click("#plan-undo")
    until(page, lambda: stored(camera) == (70, 60, 0))
    page.click("#plan-undo")
    until(page, lambda: stored(camera) == (30, 40, 0))
    assert page.is_disabled("#plan-undo")
    page.reload()
    assert page.get_attribute(f"[data-mark='{camera.pk}'] [data-at]", "x") == "30.00%"
    assert complaints == []


def test_a_camera_comes_out_of_the_tray_by_drag_and_by_two_clicks(
    page: Page, head: Person, drawn: FloorPlan
) -> None:
    dragged, clicked = plans.position_on(drawn.floor), plans.position_on(drawn.floor)
    arrange(page, head, drawn)
    assert page.is_visible(".plan-hint")

    drag(page, centre(page.locator(f"[data-pick='{dragged.pk}']")), spot_on(page, 20, 30))
    assert stored(dragged) == (20, 30, 0)
    page.click(f"[data-pick='{clicked.pk}']")
    with page.expect_response("**/place/"):
        page.mouse.click(*spot_on(page, 80, 50))
    assert stored(clicked) == (80, 50, 0)
    assert page.locator("#plan-tray li").count() == 0
    assert page.is_visible("#plan-tray ~ .plan-none")
    assert page.is_hidden(".plan-hint")
    assert page.locator("#plan-placed li").count() == 2


def test_the_keyboard_alone_is_enough(
    page: Page, head: Person, drawn: FloorPlan, complaints: list[str]
) -> None:
    row = plans.position_on(drawn.floor)
    arrange(page, head, drawn)

    page.focus(f"[data-pick='{row.pk}']")
    with page.expect_response("**/place/"):
        page.keyboard.press("Enter")
    assert stored(row) == (50, 50, 0)
    # Keys that come slowly, from a busy machine, are saved in more than one go.
    for key in ["ArrowRight"] * 4 + ["ArrowUp"] * 2 + ["PageDown"] * 3 + ["Shift+PageDown"]:
        page.keyboard.press(key)
    until(page, lambda: stored(row) == (52, 49, 16))
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "spot_x"
    page.fill("#spot_angle", "120")
    until(page, lambda: PlanPlace.objects.get().angle == 120)
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.mark") == str(row.pk)
    with page.expect_response("**/place/remove/"):
        page.keyboard.press("Delete")
    assert not PlanPlace.objects.exists()
    with page.expect_response("**/place/"):
        page.keyboard.press("Control+z")
    place = PlanPlace.objects.get()
    assert (place.x, place.y, place.direction, place.angle) == (5200, 4900, 16, 120)
    assert complaints == []


def test_whoever_is_second_is_told_and_sees_what_is_stored(
    page: Page, head: Person, drawn: FloorPlan, camera: Position
) -> None:
    rival = rows.person("OPERATOR")
    arrange(page, head, drawn)
    floorplans.put(drawn, camera, Spot(9000, 1000, 180, 90), seen=1, by=rival)

    drag(page, centre(disc(page, camera)), spot_on(page, 50, 50))

    page.wait_for_selector(f"#plan-refused:not([hidden]) :text('{rival.full_name}')")
    assert stored(camera) == (90, 10, 180)
    assert page.get_attribute(f"[data-mark='{camera.pk}'] [data-at]", "x") == "90%"
    assert page.is_disabled("#plan-undo")
    drag(page, centre(disc(page, camera)), spot_on(page, 50, 50))
    assert stored(camera) == (50, 50, 180)
    page.wait_for_selector("#plan-refused", state="hidden")


def test_what_is_not_saved_is_not_shown_as_saved(
    page: Page, head: Person, drawn: FloorPlan, camera: Position
) -> None:
    arrange(page, head, drawn)
    page.context.set_offline(True)

    page.mouse.move(*centre(disc(page, camera)))
    page.mouse.down()
    page.mouse.move(*spot_on(page, 80, 80), steps=3)
    page.mouse.up()

    page.wait_for_selector("#plan-refused:not([hidden])")
    assert page.get_attribute(f"[data-mark='{camera.pk}'] [data-at]", "x") == "30%"
    page.context.set_offline(False)
    assert stored(camera) == (30, 40, 0)


def test_on_a_phone_a_finger_places_a_camera(
    chromium: Browser, live_server: LiveServer, head: Person, drawn: FloorPlan
) -> None:
    row = plans.position_on(drawn.floor)
    context = chromium.new_context(
        viewport=PHONE, base_url=live_server.url, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    arrange(page, head, drawn)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    page.locator(f"[data-pick='{row.pk}']").tap()
    page.locator(".plan-stage").scroll_into_view_if_needed()
    with page.expect_response("**/place/"):
        page.touchscreen.tap(*spot_on(page, 25, 75))
    assert stored(row) == (25, 75, 0)
    context.close()


def test_plans_are_accessible_in_both_themes_and_fit_a_phone(
    page: Page, head: Person, drawn: FloorPlan, camera: Position, complaints: list[str]
) -> None:
    plans.position_on(drawn.floor)
    sign_in(page, head)
    urls = [
        "/inventory/plans/",
        f"/inventory/floors/{drawn.floor_id}/plan/?position={camera.pk}",
        f"/inventory/floors/{drawn.floor_id}/plan/arrange/?position={camera.pk}",
        f"/inventory/floors/{drawn.floor_id}/plan/new/",
        f"/inventory/positions/{camera.pk}/place/",
        f"/inventory/positions/{camera.pk}/",
    ]
    for theme in ("light", "dark"):
        found = {}
        for url in urls:
            page.goto(url)
            found[url] = faults(page)
        assert {url: told for url, told in found.items() if told} == {}
        if theme == "light":
            choose(page, "theme", "dark")
    page.set_viewport_size(PHONE)
    for url in urls:
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], url
    assert complaints == []


def test_two_points_and_their_distance_give_the_scale(
    page: Page, head: Person, drawn: FloorPlan, complaints: list[str]
) -> None:
    sign_in(page, head)
    page.goto(f"/inventory/floors/{drawn.floor_id}/plan/facts/")

    page.mouse.click(*spot_on(page, 20, 50))
    page.mouse.click(*spot_on(page, 60, 50))
    page.keyboard.type("24")
    assert abs(float(page.input_value("#id_width_m")) - 60) < 1
    page.fill("#id_north_degrees", "90")
    assert page.get_attribute("[data-arrow]", "transform") == "rotate(90)"
    assert faults(page) == []
    page.click("form.card button[type=submit]")
    page.wait_for_url(f"**/floors/{drawn.floor_id}/plan/")
    drawn.refresh_from_db()
    assert drawn.width_cm is not None
    assert abs(drawn.width_cm - 6000) < 100
    assert drawn.north_degrees == 90
    assert complaints == []
