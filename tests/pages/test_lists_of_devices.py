"""Cameras, recorders and findings as lists: sorted, searched, remembered, and as files of what is shown."""

from __future__ import annotations

import io

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Person
from audit.models import Entry
from cameras.models import DeviceCondition, Finding, PositionDay
from inventory.models import Position
from tests.inventory import rows
from tests.pages import scene

pytestmark = pytest.mark.django_db
DAY = scene.yesterday()


def answered(name: str, result: str, recorded: int) -> Position:
    place = rows.position()
    place.name = name
    place.save()
    PositionDay.objects.create(
        position=place, day=DAY, result=result, expected_ms=1000, recorded_ms=recorded,
        longest_gap_ms=1000 - recorded, evidence_at=timezone.now(),
    )  # fmt: skip
    return place


@pytest.fixture
def places(db: None) -> list[Position]:
    return [
        answered("Çalışma salonu", "PARTLY", 900),
        answered("Işıklı koridor", "RECORDED", 1000),
        answered("=Depo", "NOT_RECORDED", 0),
    ]


@pytest.fixture
def browser(head: Person) -> Client:
    return scene.browser(head)


def names(client: Client, query: str) -> list[str]:
    page = client.get(f"/cameras/{query}").content.decode()
    found = [name for name in ("Çalışma salonu", "Işıklı koridor", "=Depo") if name in page]
    return sorted(found, key=page.index)


def table(client: Client, url: str) -> list[list[object]]:
    answer = client.get(url)
    assert answer.status_code == 200
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert "f" not in {cell.data_type for row in sheet for cell in row}
    return [list(row) for row in sheet.iter_rows(values_only=True)][1:]


def test_cameras_are_sorted_by_what_their_heads_say(
    browser: Client, places: list[Position]
) -> None:
    by_name = [name for name in names(browser, "?sort=-name") if name != "=Depo"]
    assert by_name == ["Işıklı koridor", "Çalışma salonu"]
    assert names(browser, "?sort=share") == ["=Depo", "Çalışma salonu", "Işıklı koridor"]
    assert names(browser, "?sort=-share") == ["Işıklı koridor", "Çalışma salonu", "=Depo"]
    assert names(browser, "?sort=gap") == ["Işıklı koridor", "Çalışma salonu", "=Depo"]
    page = browser.get("/cameras/?sort=-share").content.decode()
    assert 'aria-sort="descending"' in page
    for sort in ("answer", "asked", "building", "nonsense", "-"):
        assert len(names(browser, f"?sort={sort}")) == 3


def test_the_file_holds_what_the_list_shows_and_that_it_left_is_audited(
    browser: Client, places: list[Position]
) -> None:
    """F5: a name is no formula."""
    shown = table(browser, "/cameras/?search=ışık&format=xlsx")
    assert [(line[1], line[7]) for line in shown] == [("Işıklı koridor", 100)]
    everything = table(browser, "/cameras/?sort=share&format=xlsx")
    assert [line[1] for line in everything] == ["=Depo", "Çalışma salonu", "Işıklı koridor"]
    csv = browser.get("/cameras/?format=csv").content.decode("utf-8-sig")
    assert "'=Depo" in csv
    assert Entry.objects.filter(action="cameras.export").count() == 3


def test_recorders_leave_with_their_channels_and_clock(browser: Client) -> None:
    recorder = rows.device("RECORDER", model="NVR-16")
    DeviceCondition.objects.create(device=recorder, clock_verdict="OFF", clock_offset_ms=61_000)
    rows.device("RECORDER", model="NVR-08")

    assert [line[0] for line in table(browser, "/recorders/?sort=clock&format=xlsx")] == [
        "Maker NVR-16",
        "Maker NVR-08",
    ]
    page = browser.get("/recorders/?sort=recorder").content.decode()
    assert page.index("NVR-08") < page.index("NVR-16")


def test_findings_are_searched_by_turkish_rules_and_leave_as_a_file(
    browser: Client, places: list[Position]
) -> None:
    kinds = Finding.Subject
    lit, store = places[1], places[2]
    for place in (lit, store):
        Finding.objects.create(
            kind="NOT_RECORDING", subject_kind=kinds.POSITION, subject_id=place.pk
        )
    device = scene.camera_at(lit)
    Finding.objects.create(kind="CLOCK", subject_kind=kinds.DEVICE, subject_id=device.pk)

    lines = table(browser, "/findings/?search=IŞIKLI&format=xlsx")

    assert sorted(str(line[1]) for line in lines) == ["Clock is wrong", "Recording is missing"]
    assert "Nothing fits" in browser.get("/findings/?search=yok").content.decode()
    assert browser.get("/findings/?search=").status_code == 200


def test_a_list_comes_back_as_it_was_left(browser: Client, places: list[Position]) -> None:
    """Only what a person set there; a number on another page that leads here is no view."""
    browser.get("/cameras/?result=PARTLY")
    assert browser.get("/cameras/").status_code == 200

    browser.get(f"/cameras/?keep=1&result=PARTLY&sort=name&day={DAY}&page=1")
    back = browser.get("/cameras/")
    assert back.status_code == 302
    assert back["Location"] == "/cameras/?keep=1&result=PARTLY&sort=name"
    assert browser.get("/recorders/").status_code == 200

    assert "?all=1" in browser.get("/cameras/", follow=True).content.decode()
    browser.get("/cameras/?all=1")
    assert browser.get("/cameras/").status_code == 200
