"""Of many who place, move or hand in at the same instant one wins, and the others are told."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection

from inventory import floorplans
from inventory.floorplans import Facts, Spot
from inventory.models import FloorPlan, PlanPlace

from . import plans, rows

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 6


@pytest.fixture(autouse=True)
def _private(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def all_at_once(act: Callable[[int], object]) -> Counter[str]:
    """What became of PEOPLE who do the same at once: "done", or the code of what they were told."""
    outcomes: Counter[str] = Counter()
    start = threading.Barrier(PEOPLE)

    def one(number: int) -> None:
        start.wait(timeout=240)
        try:
            while True:
                try:
                    act(number)
                    outcomes["done"] += 1
                except (
                    OperationalError
                ):  # SQLite locks its tables, PostgreSQL ends who waits in a circle
                    time.sleep(random.uniform(0, 0.2))
                    continue
                except ValidationError as error:
                    outcomes[getattr(error, "code", None) or "refused"] += 1
                break
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    return outcomes


def test_one_of_many_places_a_camera_and_one_of_many_moves_it() -> None:
    on = plans.plan(plans.floor(rows.building()))
    row = plans.position_on(on.floor)

    def put(seen: int | None) -> Callable[[int], object]:
        return lambda number: floorplans.put(
            on, row, Spot(100 * number, 0, 0, 90), seen=seen, by=f"person {number}"
        )

    assert all_at_once(put(None)) == {"done": 1, "moved": PEOPLE - 1}
    for seen in (1, 2, 3):
        assert all_at_once(put(seen)) == {"done": 1, "moved": PEOPLE - 1}
    place = PlanPlace.objects.get()
    assert (place.revision, place.history.count()) == (4, 4)
    assert place.placed_by_name == f"person {place.x // 100}"


def test_pictures_handed_in_at_once_become_versions_one_after_the_other(tmp_path: Path) -> None:
    floor = plans.floor(rows.building())
    data = plans.picture()

    outcomes = all_at_once(
        lambda number: floorplans.add(floor, f"{number}.png", data, Facts(), by="test")
    )

    assert outcomes["done"] + outcomes["refused"] == PEOPLE
    assert outcomes["done"] >= 1
    assert FloorPlan.objects.current().count() == 1
    versions = FloorPlan.objects.order_by("version").values_list("version", flat=True)
    assert list(versions) == list(range(1, outcomes["done"] + 1))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == outcomes["done"]
