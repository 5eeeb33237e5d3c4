"""Plans have versions, places have limits and a history, and of two people who move one camera the second is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from audit.models import Entry
from inventory import floorplans
from inventory.floorplans import Facts, MovedMeanwhile, Spot
from inventory.models import FloorPlan, PlanPlace

from . import plans, rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _private(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with translation.override("en"):
        yield


@pytest.fixture
def drawn() -> FloorPlan:
    return plans.plan(plans.floor(rows.building()))


def test_a_new_picture_is_a_new_version_and_the_cameras_stay_where_they_were(
    drawn: FloorPlan,
) -> None:
    row = plans.placed(drawn, 20, 30, direction=45)

    newer = floorplans.add(drawn.floor, "b.png", plans.picture(), Facts(), by="test")

    drawn.refresh_from_db()
    assert (drawn.version, newer.version) == (1, 2)
    assert drawn.replaced_at == newer.added_at
    assert floorplans.current_plan(drawn.floor) == newer
    assert floorplans.path_of(drawn).is_file()
    places = PlanPlace.objects.filter(position=row)
    assert sorted(places.values_list("plan__version", "x", "y", "direction", "revision")) == [
        (1, 2000, 3000, 45, 1),
        (2, 2000, 3000, 45, 1),
    ]
    assert places.get(plan=newer).history.count() == 1


def test_cameras_can_be_left_behind_on_the_old_plan(drawn: FloorPlan) -> None:
    plans.placed(drawn, 20, 30)

    newer = floorplans.add(
        drawn.floor, "b.png", plans.picture(), Facts(), by="test", keep_places=False
    )

    assert not newer.places.exists()
    assert drawn.places.count() == 1


def test_placing_and_moving_is_in_the_log_and_in_the_history(drawn: FloorPlan) -> None:
    head = rows.person("UNIT_HEAD")
    row = plans.position_on(drawn.floor)

    first = floorplans.put(drawn, row, Spot(100, 200, 0, 90), seen=None, by=head)
    second = floorplans.put(drawn, row, Spot(150, 200, 90, 90), seen=first.revision, by=head)

    assert (second.pk, second.revision, second.placed_by_name) == (first.pk, 2, head.full_name)
    told = Entry.objects.get(object_id=str(row.pk), action="plan_place.move").canon
    assert '"before":{"direction":0,"x":100}' in told
    assert '"after":{"direction":90,"x":150}' in told
    assert list(second.history.order_by("history_id").values_list("x", "history_user")) == [
        (100, None),
        (150, head.pk),
    ]


def test_the_second_of_two_who_move_one_camera_is_told_who_and_what(drawn: FloorPlan) -> None:
    ayse, can = rows.person("OPERATOR"), rows.person("OPERATOR")
    row = plans.position_on(drawn.floor)
    seen = floorplans.put(drawn, row, Spot(100, 100, 0, 90), seen=None, by=ayse).revision
    floorplans.put(drawn, row, Spot(900, 100, 0, 90), seen=seen, by=ayse)

    with pytest.raises(MovedMeanwhile) as refused:
        floorplans.put(drawn, row, Spot(500, 500, 0, 90), seen=seen, by=can)

    assert refused.value.place is not None
    assert refused.value.place.x == 900
    assert ayse.full_name in refused.value.messages[0]
    with pytest.raises(MovedMeanwhile):
        floorplans.put(drawn, row, Spot(500, 500, 0, 90), seen=None, by=can)
    with pytest.raises(MovedMeanwhile):
        floorplans.take_off(drawn, row, seen=seen, by=can)
    assert PlanPlace.objects.get(position=row).x == 900


def test_a_camera_taken_off_meanwhile_is_not_put_back_by_a_move(drawn: FloorPlan) -> None:
    head = rows.person("UNIT_HEAD")
    row = plans.placed(drawn, 10, 10)
    floorplans.take_off(drawn, row, seen=1, by=head)
    floorplans.take_off(drawn, row, seen=1, by=head)  # twice is no harm

    with pytest.raises(MovedMeanwhile) as refused:
        floorplans.put(drawn, row, Spot(500, 500, 0, 90), seen=1, by=head)

    assert refused.value.place is None
    assert not PlanPlace.objects.exists()
    assert [kind for (kind,) in PlanPlace.history.order_by("pk").values_list("history_type")] == [
        "+",
        "-",
    ]


def test_a_place_belongs_to_the_floor_and_to_the_plan_that_holds(drawn: FloorPlan) -> None:
    other = plans.position_on(plans.floor(drawn.floor.building))
    with pytest.raises(ValidationError, match="another floor"):
        plans.put(drawn, other, 5, 5)

    row = plans.position_on(drawn.floor)
    plans.plan(drawn.floor)
    drawn.refresh_from_db()
    with pytest.raises(ValidationError, match="replaced"):
        plans.put(drawn, row, 5, 5)


def test_a_camera_that_moved_to_another_floor_leaves_the_plan(drawn: FloorPlan) -> None:
    row = plans.placed(drawn, 10, 10)
    closed = plans.placed(drawn, 20, 20)
    row.floor = plans.floor(drawn.floor.building)
    row.save()
    closed.close(on_date=dt.date(2026, 1, 1), by="test", document="order")

    assert not PlanPlace.objects.current().filter(position__in=[row, closed]).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"x": 10_001},
        {"y": 10_001},
        {"direction": 360},
        {"angle": 0},
        {"angle": 361},
        {"reach_m": 0},
        {"reach_m": 1001},
    ],
)
def test_the_database_refuses_a_place_that_cannot_be(
    drawn: FloorPlan, wrong: dict[str, int]
) -> None:
    facts = {"x": 1, "y": 1, "direction": 0, "angle": 90, "placed_at": timezone.now()} | wrong
    row = plans.position_on(drawn.floor)

    with pytest.raises(IntegrityError), transaction.atomic():
        PlanPlace.objects.create(plan=drawn, position=row, **facts)


def test_the_database_holds_one_current_plan_and_one_place_per_camera(drawn: FloorPlan) -> None:
    row = plans.placed(drawn, 10, 10)

    for wrong in ({"version": 1, "replaced_at": timezone.now()}, {"version": 2}):
        twin = FloorPlan(
            floor=drawn.floor, width=1, height=1, size=1, added_at=drawn.added_at, **wrong
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            twin.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanPlace.objects.create(plan=drawn, position=row, x=1, y=1, placed_at=timezone.now())
    for wrong in ({"north_degrees": 360}, {"width_cm": 99}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FloorPlan.objects.filter(pk=drawn.pk).update(**wrong)
