"""Floor plans and the places on them over the API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory import floorplans
from inventory.floorplans import Facts
from inventory.models import Position
from tests.api.conftest import Caller
from tests.inventory import plans, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed(settings: Any, tmp_path: Path) -> Position:
    """A camera that stands on two versions of a plan."""
    settings.MEDIA_ROOT = tmp_path
    on = plans.plan(plans.floor(rows.building()))
    row = plans.placed(on, 25, 40, direction=90)
    floorplans.add(on.floor, "b.png", plans.picture(), Facts(north_degrees=30), by="test")
    return row


def test_a_place_tells_its_plan_and_its_view(head: Caller, placed: Position) -> None:
    (row,) = head.get(f"plan-places/?current=true&position={placed.pk}").json()["results"]

    assert (row["x"], row["y"], row["direction"], row["angle"]) == (2500, 4000, 90, 90)
    assert row["plan"]["version"] == 2
    assert row["position"]["code"] == placed.code
    plan = head.get(f"floor-plans/{row['plan']['id']}/").json()
    assert (plan["floor"]["id"], plan["north_degrees"]) == (placed.floor_id, 30)
    assert plan["replaced_at"] is None


def test_older_versions_stay_readable_and_can_be_left_out(head: Caller, placed: Position) -> None:
    assert len(head.ids(f"floor-plans/?floor={placed.floor_id}")) == 2
    assert len(head.ids("floor-plans/?current=true")) == 1
    assert len(head.ids(f"plan-places/?floor={placed.floor_id}&current=false")) == 1
    assert head.get("floor-plans/?current=perhaps").status_code == 400


def test_neighbours_are_told_with_their_distance_and_the_reason(
    head: Caller, placed: Position, make_caller: Callable[..., Caller]
) -> None:
    """REL-19 over the API: the same rows, in the same order, as the pages propose."""
    near = rows.position(placed.floor.building)
    Position.objects.filter(pk=near.pk).update(floor=placed.floor)

    told = head.get(f"positions/{placed.pk}/neighbours/").json()

    assert [row["position"]["id"] for row in told] == [near.pk]
    assert (told[0]["distance_m"], told[0]["sees_point"]) == (None, None)
    assert told[0]["reason"]
    assert head.get(f"positions/{placed.pk}/neighbours/?limit=3").status_code == 400
    other = rows.building()
    stranger = make_caller(rows.person("OPERATOR", scope_kind="building", scope_id=other.pk))
    assert stranger.get(f"positions/{placed.pk}/neighbours/").status_code == 404


def test_plans_of_another_building_are_not_there(
    make_caller: Callable[..., Caller], placed: Position
) -> None:
    """API-4."""
    other = rows.building()
    stranger = make_caller(rows.person("OPERATOR", scope_kind="building", scope_id=other.pk))
    plan = placed.floor.plans.first()
    assert plan

    for name, pk in (("floor-plans", plan.pk), ("plan-places", placed.places.get(plan=plan).pk)):
        assert stranger.ids(f"{name}/") == []
        assert stranger.get(f"{name}/{pk}/").status_code == 404


def test_queries_do_not_grow(head: Caller, placed: Position) -> None:
    def queries() -> list[int]:
        counts = []
        for name in ("floor-plans", "plan-places"):
            with CaptureQueriesContext(connection) as seen:
                assert head.ids(f"{name}/")
            counts.append(len(seen))
        return counts

    queries()  # what is remembered of a caller
    few = queries()
    for _ in range(4):
        plans.placed(plans.plan(plans.floor(rows.building())), 10, 10)
    assert queries() == few
