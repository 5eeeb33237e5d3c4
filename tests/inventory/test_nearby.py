"""Neighbouring cameras: those that look at the place, then the near ones, then the floors above and below."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import Person
from inventory.nearby import neighbours

from . import plans, rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _private(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with translation.override("en"):
        yield


@pytest.fixture
def head() -> Person:
    return rows.person("UNIT_HEAD")


def test_who_looks_at_the_place_comes_first_then_who_is_near(head: Person) -> None:
    """REL-19."""
    on = plans.plan(plans.floor(rows.building()), width_m=100)
    asked = plans.placed(on, 50, 50)
    near = plans.placed(on, 52, 50, direction=90)  # 2 m to the right, looks further right
    looking = plans.placed(on, 70, 50, direction=270, reach_m=25)  # 20 m, looks at it
    short = plans.placed(on, 40, 50, direction=90, reach_m=5)  # 10 m, does not reach it
    unplaced = plans.position_on(on.floor)

    found = neighbours(asked, person=head)

    assert [row.position for row in found] == [looking, near, short, unplaced]
    assert [row.distance_m for row in found] == [20, 2, 10, None]
    assert [row.sees_point for row in found] == [True, False, False, None]
    assert found[0].reason == "Looks at this place, 20 m away."
    assert found[1].reason == "On the same floor, 2 m away; looks elsewhere."
    assert found[3].reason == "On the same floor; the distance is not known."


def test_heights_count_by_the_pictures_shape(head: Person) -> None:
    on = plans.plan(plans.floor(rows.building()), width_m=100)  # the picture is 100 m by 50 m
    asked = plans.placed(on, 10, 10)
    below = plans.placed(on, 10, 50, direction=0, reach_m=30)

    (found,) = neighbours(asked, person=head)

    assert (found.position, found.distance_m, found.sees_point) == (below, 20, True)


def test_the_same_spot_one_floor_up_or_down_follows(head: Person) -> None:
    house = rows.building()
    ground, above, cellar = (plans.floor(house, level) for level in (0, 1, -1))
    top = plans.floor(house, 2)
    on = plans.plan(ground, width_m=100)
    asked = plans.placed(on, 20, 20)
    same_floor = plans.placed(on, 90, 90)
    upstairs = plans.plan(above, width_m=100)
    far_up = plans.placed(upstairs, 90, 20)
    over_it = plans.placed(upstairs, 21, 20)
    loose = plans.position_on(cellar)
    plans.position_on(top)  # two floors away: nobody there saw it

    found = neighbours(asked, person=head)

    assert [row.position for row in found] == [same_floor, over_it, far_up, loose]
    assert [row.sees_point for row in found] == [False, None, None, None]
    assert [row.reason for row in found[1:]] == [
        "One floor above, at the same spot.",
        "One floor above, 70 m away across the plan.",
        "One floor below; the distance is not known.",
    ]


def test_without_a_scale_the_order_holds_but_no_metres_are_made_up(head: Person) -> None:
    on = plans.plan(plans.floor(rows.building()), width_m=None)
    asked = plans.placed(on, 50, 50)
    far, near = plans.placed(on, 90, 50), plans.placed(on, 55, 50)

    found = neighbours(asked, person=head, radius_m=1)

    assert [(row.position, row.distance_m) for row in found] == [(near, None), (far, None)]


def test_radius_limit_status_and_permission_narrow_it(head: Person) -> None:
    house = rows.building()
    on = plans.plan(plans.floor(house), width_m=100)
    asked = plans.placed(on, 10, 50)
    near, middle, far = (plans.placed(on, x, 50) for x in (15, 20, 60))
    closed = plans.placed(on, 11, 50)
    closed.close(on_date=dt.date(2026, 3, 1), by="test", document="order")
    elsewhere = rows.person("OPERATOR", scope_kind="building", scope_id=rows.building().pk)

    def names(**kwargs: Any) -> list[str]:
        return [row.position.code for row in neighbours(asked, person=head, **kwargs)]

    assert names(radius_m=12) == [near.code, middle.code]
    assert names(limit=1) == [near.code]
    assert names() == [near.code, middle.code, far.code]
    assert closed.code in names(day=dt.date(2026, 2, 27))
    assert neighbours(asked, person=elsewhere) == []


def test_a_position_without_a_plan_still_has_neighbours(head: Person) -> None:
    at = plans.floor(rows.building())
    asked, other = plans.position_on(at), plans.position_on(at)

    (found,) = neighbours(asked, person=head)

    assert (found.position, found.distance_m, found.sees_point) == (other, None, None)


def test_the_number_of_queries_does_not_grow(head: Person) -> None:
    on = plans.plan(plans.floor(rows.building()))
    asked = plans.placed(on, 50, 50)
    plans.placed(on, 51, 50)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert neighbours(asked, person=head)
        return len(seen)

    queries()  # the grants of the person are read once
    few = queries()
    for x in range(20):
        plans.placed(on, x, 10)
    assert queries() == few <= 6
