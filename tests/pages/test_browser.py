"""The pages in a real browser: they work, axe finds no fault, and the content security policy holds."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page

from accounts.models import Person
from cameras.models import DeviceCheck, Run
from control_room import notes as shift_notes
from inventory.models import Position
from tests.browsing import PHONE, choose, faults, sign_in, until, with_password
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def head() -> Person:
    return with_password(rows.person("UNIT_HEAD"))


@pytest.fixture
def places() -> list[Position]:
    return scene.campus(3)


def test_every_page_is_accessible_and_quiet(
    page: Page, head: Person, places: list[Position], complaints: list[str]
) -> None:
    page.goto("/accounts/sign-in/")
    assert faults(page) == []
    sign_in(page, head)
    place = places[0]
    recorder = place.assignments.get().channel.recorder_id
    run = Run.objects.filter(kind="NIGHT").latest("pk")
    note = shift_notes.leave("Watch the gate", by=rows.person("OPERATOR"), about=place)
    urls = [
        "/",
        "/cameras/",
        f"/cameras/{place.pk}/",
        "/recorders/",
        f"/recorders/{recorder}/",
        "/days/",
        f"/days/{scene.yesterday()}/",
        "/findings/",
        f"/checks/{run.pk}/",
        "/control-room/notes/",
        "/control-room/notes/new/",
        f"/control-room/notes/{note.pk}/",
    ]

    found = {}
    for url in urls:
        page.goto(url)
        found[url] = faults(page)
    assert {url: told for url, told in found.items() if told} == {}
    assert complaints == []


def test_the_dark_theme_is_kept_and_readable(
    page: Page, head: Person, places: list[Position], complaints: list[str]
) -> None:
    sign_in(page, head)
    choose(page, "theme", "dark")

    assert faults(page) == []
    page.goto(f"/cameras/{places[0].pk}/")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    assert faults(page) == []
    assert complaints == []


def test_the_language_changes_at_one_click_and_stays(
    page: Page, head: Person, places: list[Position]
) -> None:
    sign_in(page, head)
    assert page.inner_text("h1") == "Bugün"

    choose(page, "language", "en")
    page.goto("/cameras/")
    assert page.inner_text("h1") == "Cameras"

    # A page that is long in coming: nothing is shown at once, then that it is on its way. Here it never comes.
    assert page.is_hidden("#on-its-way")
    page.evaluate("document.addEventListener('click', (e) => e.preventDefault(), {once: true})")
    page.click("a[href='/days/']")
    page.wait_for_selector("#on-its-way", state="visible")
    page.click("a[href='/days/']")
    page.wait_for_url("**/days/")
    assert page.is_hidden("#on-its-way")


def test_on_a_phone_nothing_is_wider_than_the_screen(
    page: Page, head: Person, places: list[Position]
) -> None:
    sign_in(page, head)
    page.set_viewport_size(PHONE)

    recorder = places[0].assignments.get().channel.recorder_id
    for url in ("/", "/cameras/", f"/cameras/{places[0].pk}/", f"/recorders/{recorder}/", "/days/"):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], url
    page.goto("/")
    page.click(".navbar-toggler")
    page.wait_for_selector("#menu.show a[href='/cameras/']")


def test_the_search_box_is_one_key_away(page: Page, head: Person, places: list[Position]) -> None:
    sign_in(page, head)

    page.keyboard.press("Control+k")
    page.keyboard.type(places[0].code)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"a[href='/cameras/{places[0].pk}/']")


def test_a_check_shows_its_progress_keeps_the_focus_and_can_be_cancelled(
    page: Page, head: Person, places: list[Position]
) -> None:
    sign_in(page, head)
    page.goto(f"/cameras/{places[0].pk}/")
    page.click("#check-now")

    page.wait_for_url("**/checks/*/")
    run = Run.objects.get(kind="CHECK_NOW", status="RUNNING")
    assert page.get_attribute("progress", "value") == "0"
    page.focus("#cancel-run")
    # What a worker does: the page finds out by itself and says who did not answer.
    camera = places[0].installations.get().device
    check = DeviceCheck.objects.get(run=run, device=camera)
    check.results.create(kind="CLOCK", answer="UNKNOWN", reason="NO_ANSWER")
    DeviceCheck.objects.filter(pk=check.pk).update(status="DONE")
    page.wait_for_selector(f"#run td:has-text('{places[0].code}')")
    assert page.get_attribute("progress", "value") == "1"
    assert page.evaluate("document.activeElement.id") == "cancel-run"

    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    def pressed() -> list[str]:
        # A refresh of the page between press and release takes the button away from under the pointer.
        page.click("#cancel-run")
        return asked

    page.once("dialog", refuse)
    until(page, pressed)
    run.refresh_from_db()
    assert run.status == "RUNNING"
    assert len(asked) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    # By key: the button keeps the focus over a refresh.
    page.press("#cancel-run", "Enter")
    page.wait_for_selector("#open-day")
    run.refresh_from_db()
    assert run.status == "CANCELLED"


def test_today_refreshes_in_place_without_moving_the_reader(
    page: Page, head: Person, places: list[Position]
) -> None:
    sign_in(page, head)
    choose(page, "language", "en")
    link = page.locator("[id^=do-]").last
    link.focus()
    kept = page.evaluate("document.activeElement.id")
    place = rows.position()
    scene.answer(place)

    with page.expect_response("**/?poll=1"):
        page.evaluate("htmx.trigger('#live', 'refresh-now')")
        page.evaluate("htmx.ajax('GET', '/?poll=1', {target: '#live', swap: 'outerHTML'})")
    page.wait_for_selector(f"#square-{place.pk}")
    assert page.evaluate("document.activeElement.id") == kept
