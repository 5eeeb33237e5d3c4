"""Requests in a real browser: entered, cameras chosen, submitted and decided by three people; axe finds nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django import Settings

from accounts.models import Person
from core import tsi
from footage_requests.models import FootageRequest
from tests.browsing import PASSWORD, PHONE, WIDE, choose, faults, sign_in, with_password
from tests.inventory import rows
from tests.requests import cases
from tests.requests.case import Campus
from tests.requests.test_handing_over import sealed

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(page: Page, *roles: str) -> Person:
    person = with_password(rows.person(*roles))
    page.context.clear_cookies()
    sign_in(page, person)
    return person


def enter(page: Page) -> FootageRequest:
    """Types a prosecutor's letter into the form."""
    kind = cases.kind()
    page.goto("/requests/new/")
    page.select_option("[name=kind]", str(kind.pk))
    page.fill("[name=organisation]", "İskenderun Cumhuriyet Başsavcılığı")
    page.fill("[name=reference_no]", "2026/4412")
    page.fill("[name=place]", "Kütüphane girişi")
    page.fill("[name=first_day]", (tsi.today() - dt.timedelta(days=1)).isoformat())
    page.fill("[name=about_time]", "14:00:00")
    page.click("button:not([name]):not([type=button])[data-last-only]")
    page.wait_for_selector(".life")
    return FootageRequest.objects.latest("pk")


def test_a_letter_goes_from_the_registry_to_the_decision_through_three_people(
    page: Page, complaints: list[str]
) -> None:
    place = rows.position()
    cases.kind()
    signed_in(page, "REGISTRY_CLERK")
    row = enter(page)
    assert row.basis == row.kind.bases.get()
    assert row.ends_at - row.starts_at == dt.timedelta(hours=1)

    signed_in(page, "OPERATOR")
    page.goto(f"/requests/{row.pk}/cameras/?find={place.code}")
    page.check(f"input[name=position][value='{place.pk}']")
    # The name of the place stands among what was found already.
    with page.expect_navigation():
        page.click("form[action$='/name/'] button")
    assert row.items.get().position == place
    cases.checked(row)
    page.goto(f"/requests/{row.pk}/submit/")
    page.click("form button[type=submit].btn-primary")
    page.wait_for_selector(".life")

    superior = signed_in(page, "SUPERIOR")
    page.goto(f"/requests/{row.pk}/decide/")
    assert page.is_hidden("[data-part]")
    page.check("input[name=kind][value=PART]")
    assert page.is_visible("[data-part]")
    page.check("input[name=kind][value=COPY]")
    page.fill("input[name=password]", PASSWORD)
    page.click("[data-decide] button.btn-primary")
    page.wait_for_selector(".life")

    row.refresh_from_db()
    assert row.status == "APPROVED"
    assert row.decisions.get().decided_by == superior
    assert complaints == []


def test_the_form_asks_one_thing_at_a_time_on_a_phone(page: Page) -> None:
    cases.kind()
    signed_in(page, "OPERATOR")
    page.set_viewport_size(PHONE)
    page.goto("/requests/new/")
    assert page.is_visible("[name=kind]")
    assert page.is_hidden("[name=reference_no]")

    page.click("[data-step-next]")
    assert page.is_visible("[name=reference_no]")
    assert page.is_hidden("[name=kind]")
    for _step in range(3):
        page.click("[data-step-next]")
    page.click("button:not([name]):not([type=button])[data-last-only]")
    # The refused form opens at the first step that needs another look.
    page.wait_for_selector("[name=kind].is-invalid")
    assert page.is_visible("[name=kind]")


def test_what_a_kind_requires_is_shown_as_soon_as_it_is_chosen(page: Page) -> None:
    kind = cases.kind("LAWYER")
    signed_in(page, "OPERATOR")
    page.goto("/requests/new/")
    page.select_option("[name=kind]", str(kind.pk))

    assert "Vekâletname" in page.inner_text("[data-field=reference_no] label")
    assert page.is_visible("[data-field=reference_no] .form-label.required")
    assert page.input_value("[name=basis]") == str(kind.bases.get().pk)


def test_every_page_of_requests_is_accessible_in_light_and_dark_and_fits_a_phone(
    page: Page, complaints: list[str]
) -> None:
    row = cases.submitted()
    subject = cases.filed(code="DATA_SUBJECT")
    cases.filed(code="PHONE_CALL", door="PHONE")
    signed_in(page, "UNIT_HEAD", "SUPERIOR", "LEGAL", "OPERATOR")
    addresses = [
        "/",
        "/requests/",
        "/requests/list/?state=open",
        "/requests/new/",
        "/requests/statistics/",
        "/requests/rules/",
        f"/requests/rules/kinds/{row.kind_id}/",
        f"/requests/{row.pk}/",
        f"/requests/{row.pk}/decide/",
        f"/requests/{row.pk}/cameras/",
        f"/requests/{subject.pk}/",
        f"/requests/{subject.pk}/missing/",
        f"/requests/{subject.pk}/opinion/",
        f"/requests/{subject.pk}/attach/",
        "/requests/holds/",
        "/requests/stock/",
        "/requests/new/?door=PHONE",
        f"/requests/{row.pk}/letters/",
        f"/requests/{row.pk}/withdraw/",
        f"/requests/positions/{row.items.get().position_id}/masks/",
    ]
    found = {}
    for theme in ("light", "dark"):
        if theme == "dark":
            choose(page, "theme", "dark")
        for address in addresses:
            page.goto(address)
            found[theme, address] = faults(page)
    assert {where: told for where, told in found.items() if told} == {}

    page.set_viewport_size(PHONE)
    for address in addresses:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
    assert complaints == []


def test_the_pages_of_a_release_are_accessible_and_fit_a_phone(
    page: Page, settings: Settings, tmp_path: Path
) -> None:
    settings.EVIDENCE_DIR, settings.EVIDENCE_RESERVE_GB = tmp_path / "evidence", 0
    package = sealed(Campus())
    signed_in(page, "UNIT_HEAD", "SUPERIOR")
    case = f"/requests/{package.request_id}/"
    found = {}
    for address in (
        case,
        f"{case}records/copy/",
        f"{case}records/viewing/",
        f"/requests/packages/{package.pk}/verify/",
        f"/requests/packages/{package.pk}/copies/new/",
        f"/requests/packages/{package.pk}/destruction/",
        f"/requests/exhibits/{package.exhibits.get().pk}/",
        "/requests/collect/nothing/",
    ):
        page.goto(address)
        found[address] = faults(page)
        page.set_viewport_size(PHONE)
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            found[address].append("wider than a phone")
        page.set_viewport_size(WIDE)
    assert {where: told for where, told in found.items() if told} == {}


def test_a_menu_closes_with_escape_and_gives_the_focus_back(page: Page) -> None:
    row = cases.filed(positions=[rows.position()])
    signed_in(page, "OPERATOR")
    page.goto(f"/requests/{row.pk}/")
    page.focus(".more-actions summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('.more-actions').open")

    page.keyboard.press("Escape")
    assert not page.evaluate("document.querySelector('.more-actions').open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
