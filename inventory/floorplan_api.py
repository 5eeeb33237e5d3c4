"""Plans of floors in the REST API, for reading: facts of each version, and where positions stand and look.

The picture itself is not part of it.
"""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet

from core.api import Listing
from core.quick import Row
from core.strict import IdFilter, YesFilter

from .api import READING, FloorSerializer, PositionName
from .models import FloorPlan, PlanPlace


class FloorPlanSerializer(Row[FloorPlan]):
    """`width_cm`: what the picture shows from left to right. `north_degrees`: clockwise from its upper edge.

    `sha256` is that of the stored picture, `original_sha256` that of the file that was handed in. A plan
    with `replaced_at` is an older version.
    """

    floor = FloorSerializer()

    class Meta:
        model = FloorPlan
        fields = [
            "id",
            "floor",
            "version",
            "note",
            "width",
            "height",
            "width_cm",
            "north_degrees",
            "sha256",
            "original_sha256",
            "added_at",
            "replaced_at",
        ]


class FloorPlanName(Row[FloorPlan]):
    """A plan where a place speaks of it."""

    class Meta:
        model = FloorPlan
        fields = ["id", "floor", "version", "replaced_at"]


class PlanPlaceSerializer(Row[PlanPlace]):
    """`x` and `y` in parts of 10,000 of the picture's width and height, from its upper left corner.

    `direction` in degrees clockwise from the picture's upper edge, `angle` the whole angle of view,
    `reach_m` in metres.
    """

    plan = FloorPlanName()
    position = PositionName()

    class Meta:
        model = PlanPlace
        fields = ["id", "plan", "position", "x", "y", "direction", "angle", "reach_m", "placed_at"]


class FloorPlanFilters(filters.FilterSet):
    building = IdFilter("floor__building")
    floor = IdFilter()
    current = YesFilter("replaced_at", lookup_expr="isnull")

    class Meta:
        model = FloorPlan
        fields: list[str] = []


class PlanPlaceFilters(filters.FilterSet):
    building = IdFilter("plan__floor__building")
    floor = IdFilter("plan__floor")
    plan = IdFilter()
    position = IdFilter()
    current = YesFilter("plan__replaced_at", lookup_expr="isnull")

    class Meta:
        model = PlanPlace
        fields: list[str] = []


class FloorPlans(Listing):
    """Plans of floors, with their older versions."""

    model = FloorPlan
    access = READING
    serializer_class = FloorPlanSerializer
    filterset_class = FloorPlanFilters
    ordering_fields = ("floor", "version", "-added_at")

    def rows(self, person: Any) -> QuerySet[Any]:
        return super().rows(person).select_related("floor__building__site")


class PlanPlaces(Listing):
    """Where positions stand and look on plans; closed ones and those that left the floor are left out."""

    model = PlanPlace
    access = READING
    serializer_class = PlanPlaceSerializer
    filterset_class = PlanPlaceFilters
    ordering_fields = ("position", "plan")

    def rows(self, person: Any) -> QuerySet[Any]:
        rows: Any = super().rows(person)
        return rows.shown().select_related("plan", "position")
