"""Distances and views on a floor plan. Lengths are pixels of the picture unless a name says metres.

Angles are degrees clockwise from the picture's upper edge.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .models.floorplans import PARTS

if TYPE_CHECKING:
    from .models import FloorPlan, PlanPlace

# How far a view is drawn, and taken to reach, when its reach or the scale is not known: a share of the width.
USUAL_REACH = 0.12
Point = tuple[float, float]


def point(plan: FloorPlan, x: int, y: int) -> Point:
    """A stored place on the picture."""
    return x * plan.width / PARTS, y * plan.height / PARTS


def distance(plan: FloorPlan, here: PlanPlace, there: PlanPlace) -> float:
    """Between two places, in widths of that plan."""
    return math.dist(point(plan, here.x, here.y), point(plan, there.x, there.y)) / plan.width


def metres(plan: FloorPlan, widths: float) -> float | None:
    """A length in metres; None without a scale."""
    return None if plan.width_cm is None else widths * plan.width_cm / 100


def reach(plan: FloorPlan, place: PlanPlace) -> float:
    """How far the view is drawn, and taken to reach."""
    if place.reach_m is None or plan.width_cm is None:
        return USUAL_REACH * plan.width
    return place.reach_m * 100 / plan.width_cm * plan.width


def sees(plan: FloorPlan, place: PlanPlace, target: PlanPlace) -> bool:
    """Whether the view that is drawn for `place` covers the spot of `target`. Walls are not known."""
    (x, y), (to_x, to_y) = point(plan, place.x, place.y), point(plan, target.x, target.y)
    away = math.dist((x, y), (to_x, to_y))
    if away > reach(plan, place):
        return False
    bearing = math.degrees(math.atan2(to_x - x, y - to_y))
    off = abs((bearing - place.direction + 180) % 360 - 180)
    return away == 0 or off <= place.angle / 2


def cone(plan: FloorPlan, place: PlanPlace) -> str:
    """The view as the `d` of an SVG path in pixels of the picture."""
    x, y = point(plan, place.x, place.y)
    radius = reach(plan, place)
    if place.angle == 360:
        arc = f"a{radius:.1f} {radius:.1f} 0 1 1"
        return f"M{x - radius:.1f} {y:.1f}{arc} {2 * radius:.1f} 0{arc} {-2 * radius:.1f} 0z"
    left_x, left_y = _at(x, y, radius, place.direction - place.angle / 2)
    right_x, right_y = _at(x, y, radius, place.direction + place.angle / 2)
    large = int(place.angle > 180)
    return (
        f"M{x:.1f} {y:.1f}L{left_x:.1f} {left_y:.1f}"
        f"A{radius:.1f} {radius:.1f} 0 {large} 1 {right_x:.1f} {right_y:.1f}z"
    )


def _at(x: float, y: float, radius: float, degrees: float) -> Point:
    angle = math.radians(degrees)
    return x + radius * math.sin(angle), y - radius * math.cos(angle)


def scale_bar(plan: FloorPlan) -> tuple[int, float] | None:
    """A round number of metres and its length in per cent of the width, about a sixth of it."""
    if plan.width_cm is None:
        return None
    width_m = plan.width_cm / 100
    steps = (1, 2, 5, 10, 20, 50, 100, 200, 500)
    length = max((step for step in steps if step <= width_m / 5), default=1)
    return length, 100 * length / width_m
