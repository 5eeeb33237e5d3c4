"""Which cameras stand near a position: on its floor by the plan, then on the floors above and below."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from core import tsi

from . import floorplan_geometry as geometry
from .models import PlanPlace, Position

if TYPE_CHECKING:
    from accounts.models import Person

# Beyond the next floor nobody saw it; the sentences below say "one floor".
FLOORS_AWAY = 1
SAME_SPOT_M = 4


@dataclass(frozen=True)
class Neighbour:
    """A position nearby.

    `distance_m`: metres on the plan, horizontally; None when no scale or no place is known.
    `sees_point`: whether its drawn view covers the asked position's spot (walls are not known); None
    when one of the two is not placed or they are on different floors. `why`: why it is here, to be stored and
    told later by `words`.
    """

    position: Position
    distance_m: float | None
    sees_point: bool | None
    why: dict[str, Any]

    @property
    def reason(self) -> str:
        """Why it is here, in the reader's language."""
        return words(**self.why)


@dataclass(frozen=True)
class _Candidate:
    """`widths` is the distance in widths of the plan, None when one of the two is not placed."""

    position: Position
    levels: int
    same_floor: bool
    widths: float | None
    metres: float | None
    sees: bool | None

    @property
    def rank(self) -> tuple[int, int, float, str]:
        """Same floor: those that look at the spot, then placed ones, then the rest; then other floors."""
        if self.same_floor:
            group = 0 if self.sees else 1 if self.widths is not None else 2
        else:
            group = 3 if self.widths is not None else 4
        nearness = self.widths if self.widths is not None else 0.0
        return group, abs(self.levels), nearness, self.position.code


def neighbours(
    position: Position,
    *,
    person: Person,
    limit: int = 8,
    radius_m: float | None = None,
    day: dt.date | None = None,
) -> list[Neighbour]:
    """The positions that may have seen what happened at `position`, most likely first.

    Only positions that `person` may see and that were active at the end of `day` (today without one).
    With `radius_m`, those that are known to be farther away are left out. The spot on other floors is
    compared by shares of the picture: plans of one building are taken to have the same outline. Four
    queries, whatever the number of cameras.
    """
    floor = position.floor
    rows = (
        Position.objects.visible_to(person)
        .with_status_on(day or tsi.today())
        .filter(
            status_on_day=Position.Status.ACTIVE,
            floor__building=floor.building_id,
            floor__level__range=(floor.level - FLOORS_AWAY, floor.level + FLOORS_AWAY),
        )
        .exclude(pk=position.pk)
        .select_related("floor__building")
        .prefetch_related(_current_places())
    )
    own = PlanPlace.objects.current().filter(position=position).select_related("plan").first()
    found = sorted((_candidate(position, own, row) for row in rows), key=lambda row: row.rank)
    near = [
        row for row in found if radius_m is None or row.metres is None or row.metres <= radius_m
    ]
    return [
        Neighbour(row.position, row.metres, row.sees, _why(row)) for row in near[: max(limit, 0)]
    ]


def _current_places() -> Prefetch[str]:
    return Prefetch(
        "places", PlanPlace.objects.current().select_related("plan"), to_attr="now_placed"
    )


def _candidate(position: Position, own: PlanPlace | None, row: Position) -> _Candidate:
    levels = row.floor.level - position.floor.level
    same_floor = row.floor_id == position.floor_id
    placed: list[PlanPlace] = row.now_placed  # type: ignore[attr-defined]
    widths = metres = sees = None
    if own is not None and placed:
        widths = geometry.distance(own.plan, own, placed[0])
        metres = geometry.metres(own.plan, widths)
        sees = geometry.sees(own.plan, placed[0], own) if same_floor else None
    return _Candidate(row, levels, same_floor, widths, metres, sees)


def _why(row: _Candidate) -> dict[str, Any]:
    """Plain data for `words`. A name less is a value that is not known."""
    where = "FLOOR" if row.same_floor else "BESIDE" if row.levels == 0 else "ABOVE"
    if row.levels < 0:
        where = "BELOW"
    told: dict[str, Any] = {"where": where, "placed": row.widths is not None}
    if row.metres is not None:
        told["metres"] = round(row.metres)
    if row.sees:
        told["sees"] = True
    if not row.same_floor and row.metres is not None and row.metres < SAME_SPOT_M:
        told["spot"] = True
    return told


def words(
    where: str,
    *,
    placed: bool,
    metres: int | None = None,
    sees: bool = False,
    spot: bool = False,
) -> str:
    """Why a position is near another, as a sentence in the reader's language; from `Neighbour.why`."""
    far = "" if metres is None else _(", %(metres)d m away") % {"metres": metres}
    if where == "FLOOR":
        if sees:
            return _("Looks at this place%(far)s.") % {"far": far}
        if not placed:
            return _("On the same floor; the distance is not known.")
        return _("On the same floor%(far)s; looks elsewhere.") % {"far": far}
    place = {
        "BESIDE": _("In another part at the same height"),
        "ABOVE": _("One floor above"),
        "BELOW": _("One floor below"),
    }[where]
    if not placed:
        return _("%(where)s; the distance is not known.") % {"where": place}
    if spot:
        return _("%(where)s, at the same spot.") % {"where": place}
    return _("%(where)s%(far)s across the plan.") % {"where": place, "far": far}
