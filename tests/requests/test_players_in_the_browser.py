"""The players in a real browser: keys, what a verifier must still watch, and two cameras in step by true time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings

from footage_requests.exhibits import verifying
from footage_requests.exhibits.watching import watch_of
from footage_requests.models import Exhibit, Package, Viewing
from tests.browsing import faults, sign_in, with_password
from tests.inventory import rows
from tests.requests import sealing_rows
from tests.requests.case import EVENT, Campus
from tests.requests.films import film

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 12
LATER_MS = 4_000
FIRST_AT, SECOND_AT = (f"document.querySelectorAll('video')[{n}].currentTime" for n in (0, 1))
IN_STEP = f"Math.abs({FIRST_AT} - {SECOND_AT} - {LATER_MS / 1000}) < 0.5"
BOTH_ARE_SEEN = """[...document.querySelectorAll('svg')].every(
    (one) => !one.querySelector('.has-film') || one.querySelector('.is-seen'))"""


def until(page: Page, condition: str) -> None:
    """Playwright's own waiting needs `eval`, which our policy refuses."""
    for _try in range(1200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {condition}")


@pytest.fixture
def package(settings: Settings, tmp_path: Path) -> Package:
    """Two exhibits of twelve seconds that wait for verification; the second begins four seconds later."""
    settings.EVIDENCE_DIR, settings.EVIDENCE_RESERVE_GB = tmp_path / "evidence", 0
    campus = Campus()
    decision = sealing_rows.decided(campus, lines=2)
    package = sealing_rows.started(campus, decision)
    for number, line in enumerate(decision.lines.order_by("pk")):
        made = sealing_rows.exhibit(package, line, film(SECONDS))
        start = made.facts["asked"][0] + number * LATER_MS
        made.facts |= {
            "delivered": [start, start + SECONDS * 1000],
            "gaps": [[start + 6_000, start + 7_000]] if number else [],
            "clock": {"offset_ms": 433_000 * (1 - 2 * number), "uncertainty_ms": 600},
        }
        made.save()
    package.take("offer", by="test")
    return package


def opened(page: Page, address: str) -> None:
    verifier = with_password(rows.person("OPERATOR"))
    sign_in(page, verifier)
    page.goto(address)
    page.check("[name=purpose][value=VERIFY]")
    page.click("main form .card-footer button[type=submit]")
    page.wait_for_selector("[data-close]")
    until(page, "[...document.querySelectorAll('video')].every((one) => one.readyState >= 2)")


def places(page: Page) -> list[float]:
    told: list[float] = page.evaluate(
        "[...document.querySelectorAll('video')].map((one) => one.currentTime)"
    )
    return told


def test_keys_move_the_picture_and_the_unseen_is_found(page: Page, package: Package) -> None:
    """The player without a mouse; what must be watched is marked until it was."""
    exhibit = Exhibit.objects.order_by("pk").first()
    assert exhibit is not None
    opened(page, f"/requests/exhibits/{exhibit.pk}/")
    assert faults(page) == []

    assert "2" in page.inner_text("[data-left]")
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('video').currentTime === 5")
    page.keyboard.press("Shift+ArrowLeft")
    until(page, "document.querySelector('video').currentTime === 4")
    page.keyboard.press(".")
    until(page, "Math.abs(document.querySelector('video').currentTime - 4.04) < 0.001")
    shown = dt.timedelta(milliseconds=4_040)
    told = f"{EVENT + dt.timedelta(hours=3) + shown:%H:%M:%S}"
    page.wait_for_selector(f"[data-true]:has-text('{told}')")
    page.keyboard.press("t")
    assert page.inner_text("[data-true]") in page.inner_text("[data-spoken]")

    page.keyboard.press("n")
    until(page, "!document.querySelector('video').paused")
    page.keyboard.press("k")
    until(page, "document.querySelector('video').paused")
    assert places(page)[0] >= 7 or places(page)[0] < 4
    page.keyboard.press("Home")
    page.select_option("[data-speed]", "8")
    page.click("[data-play]")
    until(page, "document.querySelector('video').ended")
    until(page, "document.querySelector('[data-next]').disabled")
    page.click("[data-close] button")
    page.wait_for_selector(".life")
    page.goto("about:blank")
    viewing = Viewing.objects.get()
    assert watch_of(exhibit, viewing.person).is_enough
    assert viewing.closed_at is not None


def test_two_cameras_run_in_step_by_true_time(page: Page, package: Package) -> None:
    """CLK-14."""
    opened(page, f"/requests/packages/{package.pk}/together/")
    assert faults(page) == []
    idents = [one.ident for one in verifying.current_exhibits(package).order_by("pk")]
    assert [idents.index(text) for text in page.locator("figcaption strong").all_inner_texts()] == [
        0,
        1,
    ]
    notes = page.locator("[data-note]")
    assert notes.nth(1).is_visible()  # the second has not begun yet

    for _key in range(2):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Shift+ArrowLeft")
    # A film that is still on its way to one place goes to the next when it has arrived.
    until(page, f"Math.abs({FIRST_AT} - 8) < 0.05 && Math.abs({SECOND_AT} - 4) < 0.05")
    page.keyboard.press("ArrowLeft")
    until(page, f"{FIRST_AT} < 3.1")
    assert notes.nth(1).is_visible()

    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    until(page, "document.querySelectorAll('[data-note]')[1].hidden === false")  # its gap
    page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    until(page, f"{SECOND_AT} > 1.5")
    until(page, IN_STEP)
    until(page, BOTH_ARE_SEEN)
    page.keyboard.press("k")
    until(page, "[...document.querySelectorAll('video')].every((one) => one.paused)")
    page.click("[data-close] button")
    page.wait_for_selector(".life")
    page.goto("about:blank")
    assert Viewing.objects.filter(closed_at=None).count() == 0
    assert all(row.watched for row in Viewing.objects.all())
