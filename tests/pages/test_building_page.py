"""How a building is recording: every camera of it once, by floor, and nothing of other buildings."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from inventory.models import Building, Position
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def building() -> Building:
    return rows.building()


def active(building: Building) -> Position:
    """A position that is expected to be recorded."""
    place = rows.position(building)
    Position.objects.filter(pk=place.pk).update(status="ACTIVE")
    return place


def page_of(client: Client, building: Building, query: str = "") -> str:
    return client.get(f"/cameras/buildings/{building.pk}/{query}").content.decode()


def test_the_sentence_counts_every_camera_also_those_nobody_asked(
    head: Person, building: Building
) -> None:
    scene.answer(active(building))
    scene.answer(active(building), result="NOT_RECORDED")
    active(building)

    page = page_of(scene.browser(head), building)
    assert "1 of 3 cameras were recorded in full; 1 not recorded, 1 was not asked." in page


def test_a_camera_of_another_building_is_not_shown(head: Person, building: Building) -> None:
    scene.answer(active(building))
    other = active(rows.building())
    scene.answer(other)

    page = page_of(scene.browser(head), building)
    assert f"/cameras/{other.pk}/" not in page


def test_who_may_see_one_building_does_not_see_another(building: Building) -> None:
    person = rows.person("OPERATOR", scope_kind="BUILDING", scope_id=rows.building().pk)

    response = scene.browser(person).get(f"/cameras/buildings/{building.pk}/")
    assert response.status_code == 404


def test_each_day_of_the_month_is_a_bar_in_words(head: Person, building: Building) -> None:
    place = active(building)
    day = scene.yesterday() - dt.timedelta(days=3)
    scene.answer(place, day, "UNKNOWN")

    page = page_of(scene.browser(head, "tr"), building)
    bars = re.findall(r'aria-label="([^"]+)"', page.split('class="bars"')[1].split("</ol>")[0])
    assert len(bars) == 30
    assert [bar for bar in bars if f"{day:%d.%m.%Y}" in bar] == [
        f"{day:%d.%m.%Y} · Kontrol edilemedi: 1"
    ]


def test_a_day_long_ago_still_has_its_sentence(head: Person, building: Building) -> None:
    day = dt.date(2024, 5, 14)
    scene.answer(active(building), day)

    page = page_of(scene.browser(head), building, "?day=2024-05-14")
    assert "On 14.05.2024 1 of 1 camera was recorded in full" in page


def test_today_leads_to_the_building(head: Person, building: Building) -> None:
    scene.answer(active(building))

    page = scene.browser(head).get("/").content.decode()
    assert f'href="/cameras/buildings/{building.pk}/"' in page


def test_a_building_without_cameras_says_so(head: Person, building: Building) -> None:
    assert "empty-state" in page_of(scene.browser(head), building)


def test_the_floor_plan_is_linked_where_there_are_such_pages(
    head: Person, building: Building
) -> None:
    place = active(building)

    assert f"/inventory/floors/{place.floor_id}/plan/" in page_of(scene.browser(head), building)


def test_queries_do_not_grow_with_the_cameras(head: Person, building: Building) -> None:
    client = scene.browser(head)
    url = f"/cameras/buildings/{building.pk}/"

    def queries() -> int:
        ContentType.objects.clear_cache()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    scene.answer(active(building))
    client.get(url)
    few = queries()
    for _number in range(20):
        scene.answer(active(building))

    assert queries() == few
    assert few <= 15
