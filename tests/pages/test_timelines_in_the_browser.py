"""Calendar, strip and clock plot in a real browser: by mouse, by finger and by keyboard."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import Page

from accounts.models import Person
from cameras.models import ClockMeasurement, Run
from core import tsi
from inventory.models import Position
from tests.browsing import PHONE, faults, sign_in, with_password
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def head() -> Person:
    return with_password(rows.person("UNIT_HEAD"))


@pytest.fixture
def place() -> Position:
    return scene.campus(1)[0]


def recorded_day(place: Position, offset_ms: int = 0) -> dt.date:
    """A day of the place whose recorder's clock was so far ahead."""
    day = scene.yesterday() - dt.timedelta(days=1)
    scene.proof(place.assignments.get().channel, day, gaps=((2, 3),), offset_ms=offset_ms)
    return day


def test_arrow_keys_walk_through_the_year(
    page: Page, head: Person, place: Position, complaints: list[str]
) -> None:
    sign_in(page, head)
    page.goto(f"/cameras/{place.pk}/?day=2025-05-14")
    page.focus(".year a[aria-current]")

    def focused() -> str:
        return re.findall(r"day=([\d-]+)", page.evaluate("document.activeElement.href"))[0]

    walked = []
    for key in ("ArrowRight", "ArrowDown", "PageDown", "Home", "ArrowLeft", "PageUp", "End"):
        page.keyboard.press(key)
        walked.append(focused())
    assert walked == [
        *("2025-05-15", "2025-05-22", "2025-06-22", "2025-06-01"),
        *("2025-05-31", "2025-04-30", "2025-04-30"),
    ]
    assert page.locator(".year a[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url("**/?day=2025-04-30")
    assert complaints == []


def test_another_year_is_chosen(page: Page, head: Person, place: Position) -> None:
    scene.answer(place, dt.date(2024, 6, 1))
    sign_in(page, head)
    page.goto(f"/cameras/{place.pk}/")

    page.select_option("#year", "2024")
    page.wait_for_url("**year=2024*")
    assert page.locator(".year-month .heat-RECORDED").count() == 1


def test_dragging_over_the_strip_tells_both_clocks(
    page: Page, head: Person, place: Position, complaints: list[str]
) -> None:
    day = recorded_day(place, offset_ms=3_600_000)
    sign_in(page, head)
    page.goto(f"/cameras/{place.pk}/?day={day}")
    box = page.locator("[data-window-strip]").first.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10, steps=4)
    page.mouse.up()
    told = f"{day:%d.%m.%Y}"
    assert page.inner_text("[data-window-true]") == f"{told} 06:00:00–12:00:00 TSİ"
    assert page.inner_text("[data-window-device]") == f"{told} 07:00:00–13:00:00"
    assert page.input_value("input[name=from]") in {"06:00", "06:00:00"}
    assert f"{told} 06:00:00" in page.input_value("[data-window-text]")
    assert faults(page) == []
    assert complaints == []


def test_the_ends_of_a_window_move_by_keys_and_by_its_fields(
    page: Page, head: Person, place: Position
) -> None:
    day = recorded_day(place)
    sign_in(page, head)
    page.goto(f"/cameras/{place.pk}/?day={day}&from=14:00:00&to=15:00:00")
    page.focus("[role=slider][data-end=from]")

    for key in ("ArrowLeft", "Shift+ArrowRight", "PageUp", "ArrowRight"):
        page.keyboard.press(key)
    # It stops one second before the other end.
    assert page.input_value("input[name=from]") == "14:59:59"
    page.keyboard.press("Home")
    page.focus("[role=slider][data-end=to]")
    page.keyboard.press("End")
    assert page.get_attribute("[role=slider][data-end=to]", "aria-valuenow") == "86400"
    page.fill("input[name=from]", "01:02:03")
    page.locator("input[name=from]").blur()
    assert "01:02:03" in page.inner_text("[data-window-true]")


def test_a_finger_chooses_a_window_and_the_phone_page_stays_narrow(
    page: Page, head: Person, place: Position
) -> None:
    day = recorded_day(place)
    sign_in(page, head)
    page.set_viewport_size(PHONE)
    page.goto(f"/cameras/{place.pk}/?day={day}")

    page.evaluate(
        """() => {
          const strip = document.querySelector("[data-window-strip]");
          const box = strip.getBoundingClientRect();
          const send = (name, share) => strip.dispatchEvent(new PointerEvent(name, {
            pointerType: "touch", pointerId: 1, button: 0, bubbles: true,
            clientX: box.left + share * box.width, clientY: box.top + 5}));
          strip.setPointerCapture = () => undefined;
          send("pointerdown", 0.5); send("pointermove", 0.75); send("pointerup", 0.75);
        }"""
    )
    assert "12:00:00–18:00:00" in page.inner_text("[data-window-true]")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_window_is_copied(page: Page, head: Person, place: Position) -> None:
    day = recorded_day(place)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, head)
    page.goto(f"/cameras/{place.pk}/?day={day}&from=14:00:00&to=15:00:00")

    page.click("[data-window-copy]")
    page.wait_for_function("document.querySelector('[data-window-status]').textContent !== ''")
    assert place.code in page.evaluate("navigator.clipboard.readText()")


def test_the_clock_plot_is_accessible_with_outliers_and_steps(
    page: Page, head: Person, place: Position, complaints: list[str]
) -> None:
    camera = place.installations.get().device
    now = dt.datetime.now(dt.UTC)
    for back, offset in enumerate([100, 400, -1_780_000_000_000, 300, 3_600_000, 200, 100, 50]):
        ClockMeasurement.objects.create(
            device=camera,
            measured_at=now - dt.timedelta(days=back),
            offset_ms=offset,
            uncertainty_ms=90,
            method="EDGE",
            verdict="OK" if abs(offset) < 5_000 else "RESET",
        )
    sign_in(page, head)

    for choice in ("30", "all"):
        page.goto(f"/devices/{camera.pk}/?clock={choice}")
        assert page.locator(".plot-field .plot-outside").count() >= 1
        assert faults(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert complaints == []


def test_a_minute_of_the_window_is_asked_for(page: Page, head: Person, place: Position) -> None:
    day = recorded_day(place)
    channel = place.assignments.get().channel
    sign_in(page, head)
    page.goto(f"/cameras/{place.pk}/?day={day}&from=14:00:00&to=15:00:00")
    page.fill("input[name=from]", "14:30:00")
    page.locator("input[name=from]").blur()

    page.click(f"button[form=play-{channel.pk}]")
    page.wait_for_url("**/checks/*/")
    run = Run.objects.get(slot__startswith="minute:")
    assert run.minute == (channel.pk, tsi.to_ms(tsi.at(day, 14, 30)))
