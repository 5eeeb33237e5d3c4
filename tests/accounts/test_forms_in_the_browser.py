"""Idle logout in a real browser: what was typed and which file was chosen survive the sign-in."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page

from accounts.middleware import LAST_ACTIVITY
from accounts.models import Person
from inventory.models import Attachment, Device
from tests.browsing import PASSWORD, faults, sign_in, until, with_password
from tests.inventory import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator() -> Person:
    return with_password(rows.person("OPERATOR"))


@pytest.fixture
def camera() -> Device:
    return rows.device(status="STOCK")


def walk_away(page: Page) -> None:
    """Nothing was done for longer than a session lasts."""
    key = next(c["value"] for c in page.context.cookies() if c["name"] == "sessionid")
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore(key)
    store[LAST_ACTIVITY] -= settings.IDLE_LOGOUT_SECONDS + 1
    store.save()


def answer_with(page: Page, password: str) -> None:
    page.fill("#sign-in-again-password", password)
    page.press("#sign-in-again-password", "Enter")


def test_a_refresh_after_the_end_asks_for_the_password_and_keeps_what_was_typed(
    page: Page, operator: Person, camera: Device, complaints: list[str]
) -> None:
    sign_in(page, operator)
    page.goto(f"/inventory/devices/{camera.pk}/edit/")
    page.fill("[name=purpose]", "Koridorun doğu ucu")
    walk_away(page)

    # What a page that refreshes itself does every few seconds.
    page.evaluate("htmx.ajax('GET', '/?poll=1', {target: '#content'})")
    page.wait_for_selector("#sign-in-again[open]")
    assert faults(page) == []
    hidden = "getComputedStyle(document.getElementById('sign-in-again'), '::backdrop')"
    colour = page.evaluate(f"{hidden}.backgroundColor")
    assert not colour.startswith("rgba")
    assert "/" not in colour  # no share of transparency
    page.keyboard.press("Escape")
    answer_with(page, "something else")
    page.wait_for_selector("#sign-in-again [role=alert]:not(:empty)")
    answer_with(page, PASSWORD)
    page.wait_for_selector("#sign-in-again:not([open])", state="attached")
    assert page.input_value("[name=purpose]") == "Koridorun doğu ucu"
    page.click("main button[type=submit]")
    page.wait_for_url(f"**/inventory/devices/{camera.pk}/")

    camera.refresh_from_db()
    assert camera.purpose == "Koridorun doğu ucu"
    assert [text for text in complaints if " 401 " not in text and " 422 " not in text] == []


def test_a_chosen_file_is_sent_after_the_password(
    page: Page, operator: Person, camera: Device, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    document = tmp_path / "Teslim tutanağı.pdf"
    document.write_bytes(b"%PDF-1.4\n%%EOF\n")
    sign_in(page, operator)
    page.goto(f"/inventory/devices/{camera.pk}/files/new/")
    page.set_input_files("input[type=file]", document)
    page.fill("[name=title]", "Tutanak")
    walk_away(page)

    page.click("main button[type=submit]")
    page.wait_for_selector("#sign-in-again[open]")
    answer_with(page, PASSWORD)
    page.wait_for_url(f"**/inventory/devices/{camera.pk}/")

    row = Attachment.objects.get(device=camera)
    assert (row.title, row.size) == ("Tutanak", 15)


def test_whoever_has_signed_in_in_another_tab_is_not_asked(
    page: Page, operator: Person, camera: Device
) -> None:
    sign_in(page, operator)
    page.goto(f"/inventory/devices/{camera.pk}/edit/")
    page.fill("[name=purpose]", "Giriş")
    walk_away(page)
    other = page.context.new_page()
    sign_in(other, operator)

    token = "main input[name=csrfmiddlewaretoken]"
    old = page.input_value(token)
    page.evaluate("document.dispatchEvent(new CustomEvent('session:ended'))")
    until(page, lambda: page.input_value(token) != old)
    assert page.is_hidden("#sign-in-again")
    with page.expect_navigation():
        page.click("main button[type=submit]")

    camera.refresh_from_db()
    assert camera.purpose == "Giriş"
