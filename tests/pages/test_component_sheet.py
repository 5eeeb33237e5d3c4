"""The sheet of components: whole in both languages and themes, accessible, absent in production."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from accounts.models import Person
from tests.browsing import faults, sign_in, with_password
from tests.inventory import rows
from tests.pages import scene


@pytest.mark.django_db
def test_the_sheet_shows_both_languages_whatever_the_reader_speaks(head: Person) -> None:
    client = scene.browser(head, "tr")

    turkish = client.get("/components/?language=tr").content.decode()
    english = client.get("/components/?language=en&theme=dark").content.decode()
    assert "Kontrol edilemedi" in turkish
    assert "Could not check" in english
    assert 'data-bs-theme="dark"' in english
    assert "Kontrol edilemedi" in client.get("/components/?language=xx&theme=xx").content.decode()


@pytest.mark.django_db
def test_every_result_stands_on_the_sheet_as_mark_and_word(head: Person) -> None:
    page = scene.browser(head).get("/components/").content.decode()

    for result in ("RECORDED", "PARTLY", "NOT_RECORDED", "UNKNOWN", "EXEMPT", "none"):
        assert f"state-{result}" in page
        assert f"heat-{result}" in page
    numbers = re.findall(r"\d{5,} (?:h|sa) ", page)
    assert numbers == []


@pytest.mark.django_db
def test_there_is_no_sheet_in_production(head: Person, settings: Any) -> None:
    settings.PRODUCTION = True

    assert scene.browser(head).get("/components/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_axe_finds_nothing_on_the_sheet(page: Page, complaints: list[str]) -> None:
    sign_in(page, with_password(rows.person("UNIT_HEAD")))

    found = {}
    for language in ("tr", "en"):
        for theme in ("light", "dark"):
            page.goto(f"/components/?language={language}&theme={theme}")
            found[language, theme] = faults(page)
    assert {variant: told for variant, told in found.items() if told} == {}
    assert complaints == []
