"""A plan as pages show it: its marks with their states and views, and what is not placed yet.

Coordinates come out as text with a point, because SVG reads no Turkish decimal comma.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import floorplan_geometry as geometry
from .floorplan_states import State, States, states_of
from .floorplans import current_plan
from .models import FloorPlan, PlanPlace, Position
from .nearby import neighbours

if TYPE_CHECKING:
    from accounts.models import Person

WINDS = (
    gettext_lazy("to the north"),
    gettext_lazy("to the north-east"),
    gettext_lazy("to the east"),
    gettext_lazy("to the south-east"),
    gettext_lazy("to the south"),
    gettext_lazy("to the south-west"),
    gettext_lazy("to the west"),
    gettext_lazy("to the north-west"),
)
NOBODY_ASKED = State("", "")
NEAREST = 4


@dataclass(frozen=True)
class Mark:
    """One position of the floor; `place` is None when it stands only in the tray. x and y are per cent."""

    position: Position
    place: PlanPlace | None
    state: State
    x: str = ""
    y: str = ""
    cone: str = ""
    view: str = ""

    @property
    def label(self) -> str:
        """The position in words for those who do not see the picture."""
        return " · ".join(filter(None, (str(self.position), self.state.words, self.view)))


@dataclass(frozen=True)
class Sheet:
    """Everything that a page of one plan shows. `scale` is the metres of the bar and its length in per cent."""

    plan: FloorPlan
    marks: list[Mark]
    tray: list[Mark]
    states: States
    scale: tuple[int, str] | None


def sheet(plan: FloorPlan, person: Person, *, states: bool = True) -> Sheet:
    """The plan with all positions of its floor. Without `states` (an old version) nothing is coloured."""
    rows = Position.objects.visible_to(person).filter(floor=plan.floor_id)
    rows = rows.exclude(status=Position.Status.CLOSED).order_by("code")
    places = {place.position_id: place for place in plan.places.shown()}
    found = states_of(person, [row.pk for row in rows]) if states else States()
    marks = [_mark(plan, row, places.get(row.pk), found) for row in rows]
    return Sheet(
        plan=plan,
        marks=[mark for mark in marks if mark.place],
        tray=[mark for mark in marks if not mark.place],
        states=found,
        scale=_bar(plan),
    )


def sheets_with(positions: Iterable[Position], person: Person) -> list[Sheet]:
    """The plans on which some positions stand, each with those positions only; for pages about a few cameras.

    Positions without a place, or that this person may not see, are left out. A template includes
    inventory/_floor_plan_stage.html per sheet and links css/floor-plan.css.
    """
    rows = {row.pk: row for row in positions}
    places = PlanPlace.objects.visible_to(person).current().filter(position__in=rows)
    found = states_of(person, rows)
    sheets: dict[int, Sheet] = {}
    for place in places.select_related("plan__floor__building").order_by(
        "plan__floor__building", "plan__floor__level", "position__code"
    ):
        plan = place.plan
        shown = sheets.setdefault(plan.pk, Sheet(plan, [], [], found, _bar(plan)))
        shown.marks.append(_mark(plan, rows[place.position_id], place, found))
    return list(sheets.values())


def card(position: Position, person: Person) -> dict[str, Any]:
    """What the page of a position shows: its floor's plan with its own mark, and its neighbours."""
    place = PlanPlace.objects.current().filter(position=position).select_related("plan").first()
    plan = place.plan if place else current_plan(position.floor_id)
    marks = []
    if place is not None:
        marks = [_mark(place.plan, position, place, states_of(person, [position.pk]))]
    return {
        "plan": plan,
        "marks": marks,
        "neighbours": neighbours(position, person=person, limit=NEAREST),
    }


def _mark(plan: FloorPlan, row: Position, place: PlanPlace | None, states: States) -> Mark:
    state = states.results.get(row.pk, NOBODY_ASKED)
    if place is None:
        return Mark(row, None, state)
    return Mark(
        row,
        place,
        state,
        x=f"{place.x / 100:.2f}",
        y=f"{place.y / 100:.2f}",
        cone=geometry.cone(plan, place),
        view=view_words(plan, place),
    )


def view_words(plan: FloorPlan, place: PlanPlace) -> str:
    """ "looks to the north-east, 90°, 12 m"; without north the direction is that on the picture."""
    if place.angle == 360:
        words = _("looks all around")
    elif plan.north_degrees is None:
        words = _("looks to %(degrees)d° on the plan") % {"degrees": place.direction}
    else:
        wind = WINDS[round((place.direction - plan.north_degrees) % 360 / 45) % 8]
        words = _("looks %(wind)s") % {"wind": wind}
    more = "" if place.angle == 360 else f", {place.angle}°"
    return words + more + (f", {place.reach_m} m" if place.reach_m else "")


def _bar(plan: FloorPlan) -> tuple[int, str] | None:
    found = geometry.scale_bar(plan)
    return None if found is None else (found[0], f"{found[1]:.2f}")


def place_facts(place: PlanPlace | None) -> dict[str, Any] | None:
    """A place as the page's script reads it; x and y in parts of 10,000."""
    if place is None:
        return None
    return {
        "x": place.x,
        "y": place.y,
        "direction": place.direction,
        "angle": place.angle,
        "reach": place.reach_m,
        "seen": place.revision,
    }
