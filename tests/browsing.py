"""A real browser for tests: its fixtures (a plugin of tests/conftest.py), signing in, and what axe finds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from accounts.models import Person

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize
    from pytest_django.live_server_helper import LiveServer

PASSWORD = "long enough 4 tests"
WIDE: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 390, "height": 844}
# Chromium must not phone home while a test runs.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Imported here: most tests need no browser.
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium-headless-shell", args=ARGUMENTS
        )
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained about, the content security policy above all."""
    return []


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, complaints: list[str]) -> Iterator[Page]:
    context = chromium.new_context(
        viewport=WIDE, base_url=live_server.url, color_scheme="light", locale="tr-TR"
    )
    tab = context.new_page()
    tab.set_default_timeout(120_000)
    tab.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    context.close()


def with_password(person: Person) -> Person:
    """The same person, who can now sign in with PASSWORD."""
    person.set_password(PASSWORD)
    person.save()
    return person


def sign_in(page: Page, person: Person) -> None:
    page.goto("/accounts/sign-in/")
    page.fill("input[name=username]", person.staff_number)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("nav, aside")
    # Keys and clicks mean something only once the page's scripts have run.
    page.wait_for_load_state()


def choose(page: Page, name: str, value: str) -> None:
    """Presses the button of a theme or a language, and waits for the page that it leads to."""
    page.click(f"button[name={name}][value={value}]")
    attribute = {"theme": "data-bs-theme", "language": "lang"}[name]
    page.wait_for_selector(f"html[{attribute}={value}]")
    page.wait_for_load_state()


def until(page: Page, is_so: Callable[[], object]) -> None:
    """Waits for what follows an answer of the server: the answer arrives before the page has read it."""
    for _try in range(2400):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("never so")


def faults(page: Page) -> list[str]:
    """What axe finds, as "rule: first element"."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:160]}" for fault in found]
