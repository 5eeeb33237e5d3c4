"""Positions out of a file: new ones and changed ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text import fold

from ..models import Floor, Position, PositionGroup
from . import faults
from .faults import Line, RowReader

if TYPE_CHECKING:
    from accounts.models import Person

REQUIRED = ("code", "name", "building", "floor", "group")


@dataclass
class PositionPlan:
    """What one row asks for."""

    line: Line
    row: Position
    values: dict[str, Any]
    before: dict[str, Any] = field(default_factory=dict)
    before_pk: int | None = None


class PositionReader(RowReader):
    """Judges the rows of a file against each other and against the inventory."""

    model = Position
    no_such_number = gettext_lazy(
        "There is no position with this number. Leave it empty for a new one."
    )

    def __init__(self, person: Person) -> None:
        super().__init__({row.pk: row for row in Position.objects.visible_to(person)})
        self.codes = {fold(code): pk for code, pk in Position.objects.values_list("code", "pk")}
        self.floors: dict[tuple[str, str], list[Floor]] = {}
        self.buildings: set[str] = set()
        for floor in Floor.objects.visible_to(person).select_related("building__site"):
            building = floor.building
            for name in {fold(building.name), fold(building.code)}:
                self.buildings.add(name)
                self.floors.setdefault((name, fold(floor.name)), []).append(floor)
        groups = PositionGroup.objects.visible_to(person)
        self.groups = {fold(row.name): row for row in groups}
        self.status = faults.choice(Position.Status.choices)

    def plan(self, line: Line) -> PositionPlan:
        """What the line asks for; what is wrong stands in the line."""
        row: Position = self.row_of(line)
        values: dict[str, Any] = {}
        for key, longest in (("code", 40), ("name", 150)):
            values[key] = line.get(key, faults.text(longest), "")
            if not values[key] and not line.faults:
                line.blame(key, _("This must not be empty."))
        if line.has("purpose"):
            values["purpose"] = line.get("purpose", faults.text(300), "")
        self._code(line, row, values["code"])
        floor, group = self._floor(line), self._group(line)
        if floor is not None and group is not None:
            values |= {"floor": floor, "group": group}
        status = line.get("status", self.status)
        if status is not None and status != row.status:
            line.blame(
                "status",
                _("A status changes by a step on the position's page. New positions are planned."),
            )
        plan = PositionPlan(line, row, values)
        if not line.faults:
            if row.pk:
                plan.before = {
                    name: _plain(row, name)
                    for name, value in values.items()
                    if getattr(row, f"{name}_id", getattr(row, name, None))
                    != getattr(value, "pk", value)
                }
            for name, value in values.items():
                setattr(row, name, value)
        return plan

    def _code(self, line: Line, row: Position, code: str) -> None:
        if not code:
            return
        self.once(line, "code", fold(code))
        owner = self.codes.get(fold(code))
        if owner is not None and owner != row.pk:
            line.blame("code", _("Position no. %(number)d has this code.") % {"number": owner})

    def _floor(self, line: Line) -> Floor | None:
        building = fold(line.get("building", faults.text(150), ""))
        name = fold(line.get("floor", faults.text(100), ""))
        site = fold(line.get("site", faults.text(150), ""))
        if building not in self.buildings:
            line.blame("building", _("There is no building with this name and a floor."))
            return None
        found = self.floors.get((building, name), [])
        if site:
            found = [
                f for f in found if site in (fold(f.building.site.name), fold(f.building.site.code))
            ]
        if len(found) != 1:
            line.blame(
                "floor",
                _("There are several such floors: write the site as well.")
                if found
                else _("The building has no floor with this name."),
            )
            return None
        return found[0]

    def _group(self, line: Line) -> PositionGroup | None:
        group = self.groups.get(fold(line.get("group", faults.text(100), "")))
        if group is None:
            line.blame("group", _("There is no group with this name."))
        return group


def _plain(row: Position, name: str) -> Any:
    return getattr(row, f"{name}_id", getattr(row, name, None))
