"""What pages say when there is nothing, when it is too early, and when something is refused or broken."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from core import tsi
from inventory.models import RecordingSchedule
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db
PAGES = ["/", "/cameras/", "/recorders/", "/days/", "/findings/", "/checks/", "/search/?q=x"]


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_a_person_without_a_role_learns_whom_to_ask():
    person = rows.person()

    page = text(scene.browser(person, "tr"), "/")
    assert "henüz rolünüz yok" in page
    assert person.staff_number in page


def test_a_role_without_pages_is_told_so():
    page = text(scene.browser(rows.person("WEB_EDITOR"), "tr"), "/")

    assert "Web editörü" in page
    assert "Bugün yapılacak bir şey yok" not in page


@pytest.mark.parametrize("url", [*PAGES[1:], f"/days/{scene.yesterday()}/"])
def test_an_empty_page_says_what_is_the_case_in_both_languages(url: str, head: Person) -> None:
    told = [
        re.findall(r'empty-state">.*?</div>', text(scene.browser(head, language), url), re.DOTALL)
        for language in ("tr", "en")
    ]

    assert all(told)
    assert told[0] != told[1]


@pytest.mark.parametrize(
    ("language", "told"), [("tr", "Böyle bir sayfa yok"), ("en", "no such page")]
)
def test_a_missing_page_is_told_in_the_persons_language(
    language: str, told: str, head: Person
) -> None:
    response = scene.browser(head, language).get("/cameras/99999/")

    assert response.status_code == 404
    assert told in response.content.decode()


def test_a_refused_page_says_whom_to_ask():
    response = scene.browser(rows.person("REGISTRY_CLERK"), "tr").get("/cameras/")

    assert response.status_code == 403
    assert "birim sorumlusuna" in response.content.decode()


def test_what_is_too_large_is_told_in_words(head: Person, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    browser = scene.browser(head, "tr")

    response = browser.post("/accounts/preferences/", {"next": "x" * 200})

    assert response.status_code == 413
    assert "20 MB" in response.content.decode()


def test_a_form_of_an_older_session_is_told_what_to_do(head: Person) -> None:
    browser = scene.browser(head, "tr")
    browser.handler.enforce_csrf_checks = True

    response = browser.post("/accounts/preferences/", {"language": "tr"})

    assert response.status_code == 403
    assert "Hiçbir şey kaydedilmedi" in response.content.decode()


def test_an_address_of_a_form_is_no_blank_page(head: Person) -> None:
    response = scene.browser(head, "tr").get("/checks/now/")

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert "Hiçbir şey değiştirilmedi" in response.content.decode()


def test_a_broken_page_asks_nothing_of_the_database(
    head: Person, django_assert_num_queries: Any, rf: Any
) -> None:
    from cctv_ops.errors import broken

    with django_assert_num_queries(0):
        response = broken(rf.get("/"))
    assert response.status_code == 500
    assert tsi.stamp(timezone.now())[:10] in response.content.decode()


def test_today_so_far_is_marked_as_no_proof_yet(head: Person) -> None:
    place = rows.position()
    channel = rows.channel()
    scene.recorded(place, channel)
    scene.proof(channel, tsi.today(), is_provisional=True)
    scene.answer(place, tsi.today())

    client = scene.browser(head)
    for url in (f"/cameras/{place.pk}/", f"/recorders/{channel.recorder_id}/"):
        assert "not a proof yet" in text(client, f"{url}?day={tsi.today()}")
    assert "provisional" in text(client, f"/days/{tsi.today()}/")


def test_the_gaps_stand_in_a_table_for_those_who_do_not_see_the_strip(head: Person) -> None:
    place, channel = rows.position(), rows.channel()
    scene.recorded(place, channel)
    scene.proof(channel, gaps=((2, 2.5),))

    page = text(scene.browser(head), f"/cameras/{place.pk}/")
    assert "02:00:00" in page
    assert "02:30:00" in page
    assert 'aria-label="1 gap of 30 min"' in page


def test_an_unknown_clock_of_the_day_is_a_remark_of_its_own(head: Person) -> None:
    place, channel = rows.position(), rows.channel()
    scene.recorded(place, channel)
    scene.proof(channel, offset_ms=None)

    page = text(scene.browser(head), f"/cameras/{place.pk}/")
    assert "of that time is not known" in page


def test_an_exempt_day_says_why(head: Person) -> None:
    place = rows.position()
    RecordingSchedule.objects.create(
        position=place,
        kind="EXEMPT",
        reason="Pool is closed",
        valid_from=dt.date(2020, 1, 1),
        valid_to=tsi.today() + dt.timedelta(days=9),
    )

    assert "Pool is closed" in text(scene.browser(head), f"/cameras/{place.pk}/")


def test_what_was_kept_is_compared_with_the_goal(head: Person) -> None:
    place, channel = rows.position(), rows.channel()
    scene.recorded(place, channel)
    place.group.retention_goal_days = 30
    place.group.save()

    page = text(scene.browser(head, "tr"), f"/recorders/{channel.recorder_id}/")
    assert "14,0 gün saklıyor (hedef 30)" in page


def test_the_last_conversation_with_a_device_is_told_in_words(head: Person) -> None:
    camera = rows.device()
    scene.checked(scene.finished_run(), camera, "NO", "SUMMER_TIME")

    page = text(scene.browser(head, "tr"), f"/devices/{camera.pk}/")
    assert "saat okundu, yanlış: saat dilimi veya yaz saati: bir saat fark" in page


def test_no_page_carries_inline_styles_or_scripts(head: Person) -> None:
    scene.campus(2)
    client = scene.browser(head)

    place = scene.campus(1)[0]
    machine = place.assignments.get().channel.recorder_id
    urls = [*PAGES, f"/cameras/{place.pk}/", f"/recorders/{machine}/", "/accounts/sign-in/"]
    for url in urls:
        page = text(client, url)
        assert not re.search(r'\sstyle="|<style|\son[a-z]+="|<script(?![^>]*src=)', page), url


def test_the_buildings_of_the_filter_are_in_turkish_order(head: Person) -> None:
    for name in ("Spor", "Şenlik", "Çarşı", "Cami"):
        place = rows.position()
        place.floor.building.name = name
        place.floor.building.save()

    page = text(scene.browser(head), "/cameras/")
    told = re.findall(r'<option value="\d+">(\w+)</option>', page)
    assert told == ["Cami", "Çarşı", "Spor", "Şenlik"]
