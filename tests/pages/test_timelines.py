"""The calendar, the clock plot and the chosen window on the pages of cameras, recorders and devices."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from cameras.models import ClockMeasurement
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db
HOUR = 3_600_000


def test_each_day_of_the_cameras_year_is_a_link_in_words(head: Person) -> None:
    place = rows.position()
    day = scene.yesterday() - dt.timedelta(days=400)
    scene.answer(place, day, "NOT_RECORDED")

    page = scene.browser(head, "tr").get(f"/cameras/{place.pk}/?year={day.year}").content.decode()

    links = re.findall(r'<a href="/cameras/\d+/\?day=(\d{4}-[\d-]+)" title="([^"]+)"', page)
    told = dict(links)
    assert "Kaydedilmedi" in told[day.isoformat()]
    assert sum(date.startswith(str(day.year)) for date in told) >= 365
    assert f"<option selected>{day.year}</option>" in page


@pytest.mark.parametrize("kind", ["camera", "recorder", "device"])
def test_the_pages_of_a_clock_say_what_the_plot_shows(kind: str, head: Person) -> None:
    place = scene.campus(1)[0]
    camera = place.installations.get().device
    machine = place.assignments.get().channel.recorder
    device = machine if kind == "recorder" else camera
    now = dt.datetime.now(dt.UTC)
    for back, offset in enumerate([100, 9 * HOUR, 300]):
        ClockMeasurement.objects.create(
            device=device,
            measured_at=now - dt.timedelta(days=back + 1),
            offset_ms=offset,
            uncertainty_ms=90,
            method="EDGE",
            verdict="OK",
        )
    url = {
        "camera": f"/cameras/{place.pk}/",
        "recorder": f"/recorders/{machine.pk}/",
        "device": f"/devices/{camera.pk}/",
    }[kind]

    page = scene.browser(head).get(url).content.decode()
    assert "9 h 00 min ahead" in page
    assert 'role="img"' in page
    nothing = scene.browser(head).get(f"{url}?clock=nonsense").content.decode()
    assert "9 h 00 min ahead" in nothing


def test_a_clock_without_measurements_says_so(head: Person) -> None:
    device = scene.camera_at(rows.position())

    page = scene.browser(head).get(f"/devices/{device.pk}/").content.decode()
    assert "This clock has not been measured yet" in page


def test_the_camera_page_tells_a_window_without_a_script(head: Person) -> None:
    place = scene.campus(1)[0]
    channel = place.assignments.get().channel
    day = scene.yesterday() - dt.timedelta(days=1)
    scene.proof(channel, day, offset_ms=3_600_000)
    url = f"/cameras/{place.pk}/?day={day}"

    page = scene.browser(head).get(f"{url}&from=14:05:00&to=14:20:00").content.decode()
    assert f"{day:%d.%m.%Y} 14:05:00–14:20:00 TSİ" in page
    assert f"{day:%d.%m.%Y} 15:05:00–15:20:00" in page

    refused = scene.browser(head).get(f"{url}&from=14:05:00&to=x").content.decode()
    assert "Write both times of the window" in refused


@pytest.mark.parametrize("kind", ["cameras", "recorders", "devices"])
def test_a_full_page_asks_the_database_at_most_fifteen_times(kind: str, head: Person) -> None:
    """The bound of the page's benchmark, with findings, clocks, gaps and a silent channel to tell of."""
    place = scene.campus(2)[0]
    camera = place.installations.get().device
    machine = place.assignments.get().channel.recorder
    run = scene.finished_run()
    for device in (camera, machine):
        scene.checked(run, device)
        ClockMeasurement.objects.create(
            device=device,
            measured_at=dt.datetime.now(dt.UTC),
            offset_ms=5,
            uncertainty_ms=90,
            method="EDGE",
            verdict="OK",
        )
    pk = {"cameras": place.pk, "recorders": machine.pk, "devices": camera.pk}[kind]
    client = scene.browser(head)
    client.get(f"/{kind}/{pk}/")

    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"/{kind}/{pk}/").status_code == 200
    assert len(captured) <= 15


@pytest.mark.parametrize(("role", "led"), [("UNIT_HEAD", True), ("AUDITOR", False)])
def test_only_who_may_file_a_request_is_led_there(role: str, led: bool) -> None:
    place = scene.campus(1)[0]
    url = f"/cameras/{place.pk}/?day={scene.yesterday()}&from=14:05:00&to=14:20:00"

    page = scene.browser(rows.person(role)).get(url).content.decode()
    assert (f"/requests/new/?position={place.pk}" in page) == led
