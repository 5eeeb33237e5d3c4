"""Plans of floors: the picture with its versions, and where on it each position looks from."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.history import HistoricalRecords

from ..queries import PlacedQuerySet
from .places import Floor, Position

# x and y are counted in these parts of the picture's width and height.
PARTS = 10_000
USUAL_ANGLE = 90


class FloorPlanQuerySet(PlacedQuerySet[Any]):
    SITE, BUILDING = "floor__building__site_id", "floor__building_id"

    def current(self) -> Self:
        """The plans that hold now, one per floor at most."""
        return self.filter(replaced_at=None)


class PlanPlaceQuerySet(PlacedQuerySet[Any]):
    SITE, BUILDING = "plan__floor__building__site_id", "plan__floor__building_id"

    def current(self) -> Self:
        """Places on plans that hold now, of positions that are still on that floor and not closed."""
        return self.shown().filter(plan__replaced_at=None)

    def shown(self) -> Self:
        """Places of positions that are still on the plan's floor and not closed."""
        here = self.filter(position__floor=F("plan__floor"))
        return here.exclude(position__status=Position.Status.CLOSED)


class FloorPlan(models.Model):
    """One version of a floor's plan: the picture, its scale and where north is. Older versions stay.

    The stored picture is our own copy without metadata (`sha256`); `original_sha256` is that of the
    file that was handed in. `north_degrees` is the direction on the picture, clockwise from its upper
    edge, in which north lies.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    floor = models.ForeignKey(Floor, on_delete=models.PROTECT, related_name="plans")
    version = models.PositiveSmallIntegerField(_("version"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    file_name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=60)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    original_sha256 = models.CharField(max_length=64)
    width_cm = models.PositiveIntegerField(_("width in centimetres"), null=True, blank=True)
    north_degrees = models.PositiveSmallIntegerField(_("north, in degrees"), null=True, blank=True)
    added_by_name = models.CharField(max_length=150)
    added_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager[FloorPlan]] = models.Manager.from_queryset(FloorPlanQuerySet)()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("floor plan")
        ordering = ["floor", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["floor", "version"], name="inventory_plan_version"),
            models.UniqueConstraint(
                fields=["floor"], condition=Q(replaced_at=None), name="inventory_plan_one_current"
            ),
            models.CheckConstraint(
                name="inventory_plan_has_a_size",
                condition=Q(version__gte=1, width__gte=1, height__gte=1),
            ),
            models.CheckConstraint(
                name="inventory_plan_scale",
                condition=Q(width_cm=None) | Q(width_cm__range=(100, 500_000)),
            ),
            models.CheckConstraint(
                name="inventory_plan_north",
                condition=Q(north_degrees=None) | Q(north_degrees__lt=360),
            ),
            models.CheckConstraint(
                name="inventory_plan_replaced_later",
                condition=Q(replaced_at=None) | Q(replaced_at__gte=F("added_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.floor}, v{self.version}"


class PlanPlace(models.Model):
    """Where a position stands on one version of a plan, and where it looks.

    `x` and `y` are parts of 10,000 of the picture's width and height, from its upper left corner.
    `direction` is in degrees clockwise from the picture's upper edge, `angle` the whole angle of view,
    `reach_m` how far one recognises anything, in metres. `revision` counts the moves: who saves names
    the one he saw.
    """

    plan = models.ForeignKey(FloorPlan, on_delete=models.PROTECT, related_name="places")
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="places")
    x = models.PositiveSmallIntegerField(_("from the left, of 10,000"))
    y = models.PositiveSmallIntegerField(_("from the top, of 10,000"))
    direction = models.PositiveSmallIntegerField(_("direction in degrees"), default=0)
    angle = models.PositiveSmallIntegerField(_("angle of view in degrees"), default=USUAL_ANGLE)
    reach_m = models.PositiveSmallIntegerField(_("reach in metres"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
    placed_by_name = models.CharField(max_length=150)
    placed_at = models.DateTimeField()

    objects: ClassVar[models.Manager[PlanPlace]] = models.Manager.from_queryset(PlanPlaceQuerySet)()
    history = HistoricalRecords(excluded_fields=["revision", "placed_by_name", "placed_at"])

    class Meta:
        verbose_name = _("place on a plan")
        ordering = ["plan", "position__code"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "position"], name="inventory_place_once"),
            models.CheckConstraint(
                name="inventory_place_on_the_picture", condition=Q(x__lte=PARTS, y__lte=PARTS)
            ),
            models.CheckConstraint(
                name="inventory_place_view",
                condition=Q(direction__lt=360, angle__range=(1, 360)),
            ),
            models.CheckConstraint(
                name="inventory_place_reach",
                condition=Q(reach_m=None) | Q(reach_m__range=(1, 1000)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} · {self.plan}"
