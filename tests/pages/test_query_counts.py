"""A list page asks the database as often for thirty rows as for three."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from cameras.models import Run
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db


def queries_of(client: Client, url: str) -> int:
    ContentType.objects.clear_cache()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/cameras/",
        "/recorders/",
        "/days/",
        "/days/{day}/",
        "/findings/",
        "/checks/",
        "/checks/{run}/",
        "/search/?q=Position",
    ],
)
def test_queries_do_not_grow_with_the_rows(url: str, head: Person) -> None:
    client = scene.browser(head)
    building = scene.campus(3)[0].floor.building
    client.get("/")
    day = scene.yesterday().isoformat()
    few = queries_of(client, url.format(day=day, run=Run.objects.earliest("pk").pk))

    scene.campus(27, building)
    many = queries_of(
        client, url.format(day=day, run=Run.objects.filter(kind="NIGHT").latest("pk").pk)
    )

    # Long lists of one kind become one line, so there may be fewer.
    assert many <= few


def test_one_recorders_queries_do_not_grow_with_its_channels(head: Person) -> None:
    client = scene.browser(head)
    machine = scene.recorder()

    def add(first: int, last: int) -> None:
        for number in range(first, last):
            place = rows.position()
            channel = rows.channel(machine, number)
            scene.recorded(place, channel)
            scene.proof(channel)

    add(1, 4)
    url = f"/recorders/{machine.pk}/?day={scene.yesterday()}"
    client.get(url)
    few = queries_of(client, url)
    add(4, 31)

    assert queries_of(client, url) == few


def test_one_cameras_queries_do_not_grow_with_its_days(head: Person) -> None:
    client = scene.browser(head)
    place = scene.campus(1)[0]
    channel = place.assignments.get().channel
    client.get(f"/cameras/{place.pk}/")
    few = queries_of(client, f"/cameras/{place.pk}/")
    for back in range(5, 25):
        day = scene.yesterday() - dt.timedelta(days=back)
        scene.answer(place, day)
        scene.proof(channel, day)

    assert queries_of(client, f"/cameras/{place.pk}/") == few
