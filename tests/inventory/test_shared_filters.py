"""A list and the API are asked with the same words and give the same rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from cameras.models import Finding, Run
from core.strict import OneOfFilter
from inventory import moves
from inventory.filters import DeviceFilters
from inventory.forms import filters as forms
from inventory.models import Device
from tests.api.conftest import Caller
from tests.pages import scene

from .rows import at, building, channel, device, network, person, position

pytestmark = pytest.mark.django_db
FORMS = [forms.DeviceFilter, forms.PositionFilter, forms.BuildingFilter, forms.NetworkFilter]


@pytest.fixture
def head() -> Person:
    return person("UNIT_HEAD")


def shown(who: Person, path: str) -> set[int]:
    client = Client()
    client.force_login(who)
    return {row.pk for row in client.get(path).context["page"]}


def told(who: Person, path: str) -> set[int]:
    answer = Caller(who).get(path)
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


@pytest.fixture
def campus(head: Person) -> dict[str, Any]:
    """A wired camera in one building, a loose one and an empty position in another."""
    here, there = position(building()), position(building())
    camera = device(status="STOCK", model="IŞIK 5", warranty_ends_on=dt.date(2020, 1, 1))
    moves.install(camera, here, at(), head)
    moves.move_address(camera, network(), "10.20.0.77", at(), head)
    moves.assign_channel(channel(), here, at(), head)
    device(maker="Başka")
    return {"here": here, "there": there, "camera": camera, "site": here.floor.building.site_id}


@pytest.mark.parametrize(
    "query",
    [
        "kind=RECORDER", "status=STOCK", "maker=Başka", "search=ışık", "search=10.20.0.7",
        "search={here.name}", "where=fitted", "where=loose", "where=unwired", "where=idle",
        "warranty=expired", "warranty=none", "warranty=90", "building={here.floor.building_id}",
        "site={site}", "serial={camera.serial}", "ip=10.20.0.77", "warranty_ends_before=2021-01-01",
    ],
)  # fmt: skip
def test_devices(query: str, head: Person, campus: dict[str, Any]) -> None:
    asked = query.format(**campus)

    assert shown(head, f"/inventory/devices/?{asked}") == told(head, f"devices/?{asked}")


@pytest.mark.parametrize(
    "query",
    [
        "status=ACTIVE", "status=CLOSED", "search={there.name}", "search={camera.serial}",
        "fitted=true", "fitted=false", "building={there.floor.building_id}", "group={here.group_id}",
        "floor={here.floor_id}", "site={site}", "device={camera.pk}", "code={here.code}",
    ],
)  # fmt: skip
def test_positions(query: str, head: Person, campus: dict[str, Any]) -> None:
    asked = query.format(**campus)

    assert shown(head, f"/inventory/positions/?{asked}") == told(head, f"positions/?{asked}")


@pytest.mark.parametrize("query", ["search={here.floor.building.name}", "site={site}", "code=B1"])
def test_buildings(query: str, head: Person, campus: dict[str, Any]) -> None:
    asked = query.format(**campus)

    assert shown(head, f"/inventory/buildings/?{asked}") == told(head, f"buildings/?{asked}")


def test_cameras_of_a_day(head: Person) -> None:
    places = scene.campus(3)
    scene.answer(places[0], dt.date(2026, 1, 5), "PARTLY")
    scene.answer(places[1], dt.date(2026, 1, 5))
    of_first = places[0].floor

    for asked in (
        "result=PARTLY", "result=RECORDED", f"search={places[1].code}",
        f"building={of_first.building_id}&result=RECORDED", f"floor={of_first.pk}",
        f"group={places[0].group_id}", f"site={of_first.building.site_id}", "status=ACTIVE",
    ):  # fmt: skip
        rows = Caller(head).get(f"position-days/?day=2026-01-05&{asked}").json()["results"]
        answered = shown(head, f"/cameras/?day=2026-01-05&{asked}") - {places[2].pk}
        assert answered == {row["position"]["id"] for row in rows}, asked
    assert shown(head, "/cameras/?day=2026-01-05&result=none") == {places[2].pk}


def test_recorders(head: Person, campus: dict[str, Any]) -> None:
    scene.recorder(model="NVR Ş")

    for asked in ("search=ş", "status=STOCK", f"building={campus['here'].floor.building_id}"):
        expected = told(head, f"devices/?kind=RECORDER&{asked}")
        assert shown(head, f"/recorders/?{asked}") == expected, asked


def test_findings_and_checks(head: Person) -> None:
    for number, kind in enumerate(("SERIAL_CHANGED", "CAMERA_SILENT"), start=1):
        Finding.objects.create(
            kind=kind, subject_kind="DEVICE", subject_id=number, opened_at=at(), seen_at=at(),
            closed_at=at() if kind == "CAMERA_SILENT" else None,
        )  # fmt: skip
    Run.objects.create(kind="NIGHT", day=dt.date(2026, 1, 5), slot="a", status="FINISHED")
    Run.objects.create(kind="CHECK_NOW", day=dt.date(2026, 1, 6), slot="b", status="PLANNED")

    for asked in (
        "open=true",
        "open=false",
        "open=true&kind=SERIAL_CHANGED",
        "open=true&subject_id=2",
    ):
        assert shown(head, f"/findings/?{asked}") == told(head, f"findings/?{asked}"), asked
    assert shown(head, "/findings/") == told(head, "findings/?open=true")
    for asked in ("kind=NIGHT", "status=PLANNED", "day=2026-01-05", "from=2026-01-06"):
        assert shown(head, f"/checks/?{asked}") == told(head, f"runs/?{asked}"), asked


@pytest.mark.parametrize("form", FORMS)
def test_every_field_of_a_page_is_a_filter_with_the_same_codes(
    form: type[Any], head: Person
) -> None:
    filled = form(head, {})

    for name, field in filled.fields.items():
        known = form.FILTERS.base_filters[name]
        if isinstance(known, OneOfFilter):
            codes = {str(code) for code, _label in field.choices if code}
            assert codes == set(known.extra["codes"])


def test_what_the_page_has_no_field_for_stays_when_the_form_is_sent(head: Person) -> None:
    client = Client()
    client.force_login(head)

    page = client.get("/inventory/devices/?serial=X1&kind=CAMERA").content.decode()

    assert '<input type="hidden" name="serial" value="X1">' in page
    assert '<input type="hidden" name="kind"' not in page


def test_a_text_that_is_no_address_finds_nothing_on_either_engine(db):
    """PostgreSQL's own type refuses it with an error, which must not reach anybody."""
    device()

    found = DeviceFilters({"ip": "\U000f2cf0 10.0.0.300"}, queryset=Device.objects.all())

    assert found.is_valid()
    assert list(found.qs) == []
