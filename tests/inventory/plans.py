"""Plans of floors for tests, with the fewest fields."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from accounts.models import Person
from inventory import floorplans
from inventory.floorplans import Facts, Spot
from inventory.models import Building, Floor, FloorPlan, PlanPlace, Position, PositionGroup

from .rows import NUMBER


def picture(
    form: str = "PNG", size: tuple[int, int] = (400, 200), mode: str = "RGB", **more: Any
) -> bytes:
    """An empty sheet of paper."""
    out = io.BytesIO()
    Image.new(mode, size, "white").save(out, format=form, **more)
    return out.getvalue()


def floor(building: Building, level: int = 0) -> Floor:
    return Floor.objects.create(building=building, name=f"Level {next(NUMBER)}", level=level)


def position_on(at: Floor, status: str = "ACTIVE") -> Position:
    number = next(NUMBER)
    group, _ = PositionGroup.objects.get_or_create(name="Usual")
    return Position.objects.create(
        floor=at, group=group, code=f"P{number:05}", name=f"Position {number}", status=status
    )


def plan(at: Floor, width_m: int | None = 100, *, by: Person | str = "test") -> FloorPlan:
    """A plan twice as wide as high, by default 100 m wide: 1 % of the width is 1 m."""
    facts = Facts(width_cm=width_m and width_m * 100)
    return floorplans.add(at, "plan.png", picture(), facts, by=by)


def placed(
    on: FloorPlan, x: int, y: int, direction: int = 0, angle: int = 90, reach_m: int | None = 10
) -> Position:
    """A new position at x and y per cent."""
    row = position_on(on.floor)
    put(on, row, x, y, direction, angle, reach_m)
    return row


def put(
    on: FloorPlan,
    row: Position,
    x: int,
    y: int,
    direction: int = 0,
    angle: int = 90,
    reach_m: int | None = 10,
) -> PlanPlace:
    spot = Spot(x * 100, y * 100, direction, angle, reach_m)
    return floorplans.put(on, row, spot, seen=None, by="test")
