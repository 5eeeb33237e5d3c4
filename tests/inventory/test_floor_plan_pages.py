"""Pages of plans: what they show and to whom, what they do without scripts, and what their script is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from inventory.floorplan_marks import sheets_with
from inventory.models import FloorPlan, PlanPlace, Position
from tests.pages import scene

from . import plans, rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _private(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with translation.override("en"):
        yield


@pytest.fixture
def head() -> Client:
    return scene.browser(rows.person("UNIT_HEAD"))


@pytest.fixture
def drawn() -> FloorPlan:
    return plans.plan(plans.floor(rows.building()))


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def numbers(**changes: Any) -> dict[str, Any]:
    return {"x": "12.5", "y": "40", "direction": 90, "angle": 80, "reach_m": 15} | changes


def test_a_mark_carries_last_nights_result_as_word_and_shape(
    head: Client, drawn: FloorPlan
) -> None:
    row = plans.placed(drawn, 25, 40, direction=90)
    scene.answer(row, result="NOT_RECORDED")

    page = text_of(head, f"/inventory/floors/{drawn.floor_id}/plan/")

    assert f'id="mark-{row.pk}"' in page
    assert 'x="25.00%" y="40.00%"' in page
    assert f"{row} · Not recorded · looks to 90° on the plan, 90°, 10 m" in page
    assert "view-NOT_RECORDED" in page
    assert f"Recording of {scene.yesterday():%d.%m.%Y}" in page


def test_an_empty_floor_says_what_to_do(head: Client) -> None:
    floor = plans.floor(rows.building())
    auditor = scene.browser(rows.person("AUDITOR"))

    assert f"/inventory/floors/{floor.pk}/plan/new/" in text_of(
        head, f"/inventory/floors/{floor.pk}/plan/"
    )
    told = text_of(auditor, f"/inventory/floors/{floor.pk}/plan/")
    assert "People who plan positions can hand it in." in told
    assert "/plan/new/" not in told
    assert head.get(f"/inventory/floors/{floor.pk}/plan/arrange/").status_code == 302


def test_who_may_not_change_plans_sees_no_buttons_and_is_refused(drawn: FloorPlan) -> None:
    row = plans.placed(drawn, 25, 40)
    auditor = scene.browser(rows.person("AUDITOR"))

    page = text_of(auditor, f"/inventory/floors/{drawn.floor_id}/plan/")

    assert "arrange" not in page
    for address in (f"/inventory/floors/{drawn.floor_id}/plan/arrange/",):
        assert auditor.get(address).status_code == 403
    for verb in ("place", "place/remove"):
        assert auditor.post(f"/inventory/positions/{row.pk}/{verb}/", numbers()).status_code == 403


def test_a_role_of_another_building_changes_nothing_here(drawn: FloorPlan) -> None:
    person = rows.person("AUDITOR")
    other = rows.building()
    person.grants.create(
        role="OPERATOR", starts_on=rows.D, document="x", scope_kind="building", scope_id=other.pk
    )
    row = plans.placed(drawn, 25, 40)
    client = scene.browser(person)

    assert client.get(f"/inventory/floors/{drawn.floor_id}/plan/").status_code == 200
    assert client.get(f"/inventory/floors/{drawn.floor_id}/plan/arrange/").status_code == 403
    assert client.post(f"/inventory/positions/{row.pk}/place/", numbers()).status_code == 403
    assert PlanPlace.objects.get().x == 2500


def test_a_plan_is_handed_in_with_its_scale_and_then_replaced(head: Client) -> None:
    floor = plans.floor(rows.building())
    address = f"/inventory/floors/{floor.pk}/plan/new/"

    def send(data: bytes, **more: Any) -> Any:
        file = SimpleUploadedFile("kat.png", data)
        return head.post(address, {"file": file, "width_m": "62.5", **more})

    refused = send(b"<svg/>")
    assert refused.status_code == 422
    assert "SVG" in refused.content.decode()
    assert send(plans.picture(), north_degrees="360").status_code == 422
    assert not FloorPlan.objects.exists()
    first = send(plans.picture(), north_degrees="30")
    assert first["Location"] == f"/inventory/floors/{floor.pk}/plan/arrange/"
    assert FloorPlan.objects.get().width_cm == 6250
    plans.put(FloorPlan.objects.get(), plans.position_on(floor), 10, 20)
    send(plans.picture(), keep_places="on", note="after the fire doors")

    newer = FloorPlan.objects.current().get()
    assert (newer.version, newer.note, newer.places.count()) == (2, "after the fire doors", 1)
    old = text_of(head, f"/inventory/floors/{floor.pk}/plan/?version=1")
    assert "This is an older version" in old
    assert head.get(f"/inventory/floors/{floor.pk}/plan/?version=7").status_code == 404
    assert (
        head.post(f"/inventory/floors/{floor.pk}/plan/facts/", {"width_m": "70"}).status_code == 302
    )
    newer.refresh_from_db()
    assert newer.width_cm == 7000


def test_a_camera_is_placed_by_numbers_without_any_script(head: Client, drawn: FloorPlan) -> None:
    row = plans.position_on(drawn.floor)
    address = f"/inventory/positions/{row.pk}/place/"
    assert 'value="50"' in text_of(head, address)

    assert head.post(address, numbers(x="101")).status_code == 422
    assert head.post(address, numbers(x="nan")).status_code == 422
    assert head.post(address, numbers()).status_code == 302
    place = PlanPlace.objects.get()
    assert (place.x, place.y, place.direction, place.angle, place.reach_m) == (
        1250,
        4000,
        90,
        80,
        15,
    )

    late = head.post(address, numbers(x="60"))  # saw it unplaced
    assert late.status_code == 409
    assert "Saving again puts your values in their place." in late.content.decode()
    assert 'name="seen" value="1"' in late.content.decode()
    assert head.post(address, numbers(x="60", seen=1)).status_code == 302
    assert head.post(f"{address}remove/", {"seen": 1}).status_code == 302
    assert PlanPlace.objects.exists()
    assert head.post(f"{address}remove/", {"seen": 2}).status_code == 302
    assert not PlanPlace.objects.exists()


def test_the_script_is_told_what_is_stored(head: Client, drawn: FloorPlan) -> None:
    row = plans.position_on(drawn.floor)

    def post(verb: str, **values: Any) -> tuple[int, Any]:
        answer = head.post(
            f"/inventory/positions/{row.pk}/{verb}/", values, headers={"accept": "application/json"}
        )
        return answer.status_code, answer.json()

    stored = {"x": 1250, "y": 4000, "direction": 90, "angle": 80, "reach": 15, "seen": 1}
    assert post("place", **numbers())[1]["place"] == stored
    status, told = post("place", **numbers(x="70"))
    assert (status, told["place"]) == (409, stored)
    assert "Your change was not saved" in told["message"]
    assert post("place", **numbers(angle="0"), seen="1")[0] == 422
    assert post("place/remove", seen="9")[0] == 409
    assert post("place/remove", seen="1") == (200, {"message": "Saved.", "place": None})


def test_what_was_read_off_a_replaced_picture_is_not_put_on_the_new_one(
    head: Client, drawn: FloorPlan
) -> None:
    row = plans.placed(drawn, 25, 40)
    plans.plan(drawn.floor)
    address = f"/inventory/positions/{row.pk}/place/"

    late = head.post(address, numbers(seen="1", plan=str(drawn.pk)))

    assert late.status_code == 409
    assert "replaced by a newer one" in late.content.decode()
    told = head.post(
        f"{address}remove/",
        {"seen": "1", "plan": str(drawn.pk)},
        headers={"accept": "application/json"},
    )
    assert told.status_code == 409
    assert PlanPlace.objects.current().get().x == 2500


def test_the_list_finds_floors_in_turkish_and_those_without_a_plan(
    head: Client, drawn: FloorPlan
) -> None:
    house = rows.building()
    house.name = "IŞIK Kütüphanesi"
    house.save()
    empty = plans.floor(house)
    plans.placed(drawn, 1, 1)
    plans.position_on(drawn.floor)

    everything = text_of(head, "/inventory/plans/")
    assert "1 of 2" in everything
    found = text_of(head, "/inventory/plans/?q=ışık+küt")
    assert f"/inventory/floors/{empty.pk}/plan/new/" in found
    assert f"/inventory/floors/{drawn.floor_id}/plan/" not in found
    assert f"/inventory/floors/{drawn.floor_id}/plan/" not in text_of(
        head, "/inventory/plans/?missing=1"
    )
    assert "Nothing fits" in text_of(head, "/inventory/plans/?q=zzz")


def test_queries_do_not_grow_with_cameras_or_floors(head: Client, drawn: FloorPlan) -> None:
    def more() -> Position:
        row = plans.placed(drawn, 20, 20)
        scene.answer(row)
        plans.position_on(drawn.floor)
        plans.plan(plans.floor(drawn.floor.building))
        return row

    row = more()
    addresses = [
        "/inventory/plans/",
        f"/inventory/floors/{drawn.floor_id}/plan/",
        f"/inventory/floors/{drawn.floor_id}/plan/arrange/",
        f"/inventory/positions/{row.pk}/",
    ]

    def queries() -> dict[str, int]:
        counts = {}
        for address in addresses:
            with CaptureQueriesContext(connection) as seen:
                text_of(head, address)
            counts[address] = len(seen)
        return counts

    queries()  # what a session reads once
    few = queries()
    for _ in range(5):
        more()
    assert queries() == few
    assert max(few[address] for address in addresses[:3]) <= 15


def test_a_few_cameras_are_shown_on_their_plans_and_nobody_elses(drawn: FloorPlan) -> None:
    person = rows.person("UNIT_HEAD")
    one, two = plans.placed(drawn, 10, 10), plans.placed(drawn, 20, 20)
    plans.placed(drawn, 30, 30)
    upstairs = plans.plan(plans.floor(drawn.floor.building, level=1))
    above = plans.placed(upstairs, 40, 40)
    loose = plans.position_on(drawn.floor)
    scene.answer(two, result="UNKNOWN")
    stranger = rows.person("OPERATOR", scope_kind="building", scope_id=rows.building().pk)

    shown = sheets_with([above, two, one, loose], person)

    assert [sheet.plan for sheet in shown] == [drawn, upstairs]
    assert [mark.position for mark in shown[0].marks] == [one, two]
    assert shown[0].marks[1].state.result == "UNKNOWN"
    assert [mark.position for mark in shown[1].marks] == [above]
    assert sheets_with([one], stranger) == []


def test_hostile_names_stay_inert(head: Client, drawn: FloorPlan) -> None:
    row = plans.placed(drawn, 20, 20)
    Position.objects.filter(pk=row.pk).update(name='"><script>alert(1)</script>')

    for page in ("", "arrange/"):
        told = text_of(head, f"/inventory/floors/{drawn.floor_id}/plan/{page}")
        assert "<script>alert" not in told
        assert "style=" not in told


def test_a_plan_is_put_away_with_a_reason_and_brought_back(head: Client, drawn: FloorPlan) -> None:
    row = plans.placed(drawn, 25, 40, direction=90)
    home = f"/inventory/floors/{drawn.floor_id}/plan/"
    asked = text_of(head, home + "away/")
    assert "1 camera is not placed any more" in asked

    assert head.post(home + "away/", {"because": "", "act": "away"}).status_code == 422
    assert head.post(home + "away/", {"because": "Wrong floor", "act": "away"}).status_code == 302

    assert not PlanPlace.objects.current().filter(position=row).exists()
    page = text_of(head, home)
    assert "was put away" in page
    assert "plan put away" in text_of(head, "/inventory/plans/")
    # Sent twice, or from a page that was open meanwhile: it is said, and nothing changes.
    assert head.post(home + "away/", {"because": "again", "act": "away"}).status_code == 422

    assert head.post(home + "away/", {"because": "It was right", "act": "back"}).status_code == 302
    assert PlanPlace.objects.current().get(position=row).plan_id == drawn.pk
    assert head.post(home + "away/", {"because": "again", "act": "back"}).status_code == 422


def test_a_new_plan_after_one_that_was_put_away_keeps_both_days(
    head: Client, drawn: FloorPlan
) -> None:
    home = f"/inventory/floors/{drawn.floor_id}/plan/"
    head.post(home + "away/", {"because": "Wrong floor", "act": "away"})
    drawn.refresh_from_db()
    away_at = drawn.replaced_at

    picture = SimpleUploadedFile("b.png", plans.picture())
    assert head.post(home + "new/", {"file": picture}).status_code == 302

    drawn.refresh_from_db()
    assert drawn.replaced_at == away_at
    assert "was put away" not in text_of(head, home)
