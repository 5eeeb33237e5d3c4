"""Bugün, the list of cameras, a camera and a day take 15 queries at most, with 60 cameras as with 5."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from cameras.models import DailySheet, PositionDay
from core import tsi
from footage_requests.models import EvidenceFile
from inventory.models import Building, Device, Position
from tests.inventory import rows
from tests.pages import scene
from tests.requests import cases

pytestmark = pytest.mark.django_db

MOST = 15


def reader(scope: str, building: Building) -> Person:
    if scope == "whole campus":
        return rows.person("UNIT_HEAD")
    return rows.person("OPERATOR", scope_kind="building", scope_id=building.pk)


def queries_of(client: Client, url: str) -> list[str]:
    ContentType.objects.clear_cache()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return [query["sql"] for query in captured]


def counts(client: Client, place: Position) -> dict[str, int]:
    """The number of queries of each page, after a first look that writes the time of activity."""
    day = scene.yesterday()
    urls = (
        "/",
        "/cameras/",
        f"/cameras/?result=PARTLY&building={place.floor.building_id}&search=position",
        f"/cameras/{place.pk}/",
        f"/cameras/{place.pk}/?day={day}",
        f"/days/{day}/",
        f"/days/{day}/?result=PARTLY",
        "/recorders/",
    )
    client.get("/")
    return {url: len(queries_of(client, url)) for url in urls}


@pytest.mark.parametrize("scope", ["whole campus", "one building"])
def test_sixty_cameras_take_no_more_queries_than_five(scope: str) -> None:
    """Speed: at most 15 queries, independent of the number of cameras."""
    place, *_others = scene.campus(5)
    building = place.floor.building
    client = scene.browser(reader(scope, building))
    few = counts(client, place)

    scene.campus(45, building)
    scene.campus(10)
    many = counts(client, place)

    # Long lists of one kind become one line without names, so there may be fewer.
    assert {url: many[url] for url in few if many[url] > few[url]} == {}
    assert {url: count for url, count in few.items() if count > MOST} == {}


@pytest.mark.parametrize("scope", ["whole campus", "one building"])
def test_the_fullest_today_takes_no_more_than_that(scope: str) -> None:
    """A night that has not ended, named findings of every subject, a sheet, warranties, unsealed entries."""
    place, other, *_rest = scene.campus(3)
    PositionDay.objects.filter(position=other, day=scene.yesterday()).delete()
    Device.objects.update(warranty_ends_on=tsi.today() + dt.timedelta(days=9))
    DailySheet.objects.create(day=scene.yesterday(), due_at=timezone.now()).open(by="test")
    client = scene.browser(reader(scope, place.floor.building))
    client.get("/")

    asked = queries_of(client, "/")

    assert len(asked) <= MOST, "\n".join(asked)


@pytest.mark.parametrize(
    "roles", [("OPERATOR",), ("SUPERIOR",), ("UNIT_HEAD", "SUPERIOR", "LEGAL", "AUDITOR", "ADMIN")]
)
def test_open_requests_and_holds_do_not_lift_today_above_that(roles: tuple[str, ...]) -> None:
    """Drafts, holds, decisions, opinions, an export that stands still, damaged files, unsealed entries."""
    place, other, *_rest = scene.campus(3)
    PositionDay.objects.filter(position=other, day=scene.yesterday()).delete()
    Device.objects.update(warranty_ends_on=tsi.today() + dt.timedelta(days=9))
    DailySheet.objects.create(day=scene.yesterday(), due_at=timezone.now()).open(by="test")
    for _number in range(3):
        row = cases.checked(cases.filed(positions=[place]))
        row.items.update(lost_at=timezone.now() + dt.timedelta(days=2), retention_at=timezone.now())
        cases.submitted(place)
        cases.filed(code="DATA_SUBJECT").take("ask_opinion", by="test")
        cases.filed(code="INFORMATION", as_draft=True)
        EvidenceFile.objects.create(wrapped_key="x", bytes=1, sha256="0" * 64, is_sound=False)
    client = scene.browser(rows.person(*roles))
    client.get("/")

    asked = queries_of(client, "/")

    assert len(asked) <= MOST, "\n".join(asked)
