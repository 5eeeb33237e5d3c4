"""What people do with exhibits before they leave: masks that are drawn, and every look at footage."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.history import HistoricalRecords
from core.jobs import Job
from inventory.models import Position
from inventory.queries import OfPositionQuerySet

from .packages import Exhibit
from .requests import OfRequestQuerySet


class OfExhibitQuerySet(OfRequestQuerySet):
    REQUEST = "exhibit__package__request"


class FixedMask(models.Model):
    """An area of a position that is masked in masked copies: a window, a keypad, a door.

    `points` is a polygon in ten-thousandths of the picture's width and height. Dates are half open.
    """

    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="fixed_masks")
    name = models.CharField(_("what is masked"), max_length=150)
    points = models.JSONField(_("corners"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (not included)"), null=True, blank=True)
    document = models.CharField(_("document"), max_length=200)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = OfPositionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("fixed mask")
        verbose_name_plural = _("fixed masks")
        ordering = ["position_id", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="requests_fixed_mask_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return self.name


class MaskPlan(models.Model):
    """One version of the masks of one original exhibit; a later version replaces the masked copy.

    `shapes`: [{"name", "fixed", "keys": [{"at": ms, "points": [[x, y], ...]}], "until": ms or null}];
    times are milliseconds from the exhibit's first picture, points are ten-thousandths.
    """

    class Style(models.TextChoices):
        BLUR = "BLUR", _("blurred")
        SOLID = "SOLID", _("black")

    exhibit = models.ForeignKey(Exhibit, on_delete=models.CASCADE, related_name="mask_plans")
    version = models.PositiveSmallIntegerField()
    style = models.CharField(max_length=5, choices=Style, default=Style.BLUR)
    is_inverse = models.BooleanField(_("everything but the drawn areas"), default=False)
    shapes = models.JSONField(default=list)
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    drawn_at = models.DateTimeField(default=timezone.now)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    result = models.OneToOneField(
        Exhibit, null=True, blank=True, on_delete=models.PROTECT, related_name="mask_plan"
    )

    objects = OfExhibitQuerySet.as_manager()

    class Meta:
        verbose_name = _("masks of an exhibit")
        verbose_name_plural = _("masks of exhibits")
        ordering = ["exhibit_id", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["exhibit", "version"], name="requests_mask_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.exhibit_id} v{self.version}"


class Viewing(models.Model):
    """One person's look at one exhibit: who, why, which pictures, how long. Audited before the first byte."""

    class Purpose(models.TextChoices):
        MASK = "MASK", _("drawing masks")
        VERIFY = "VERIFY", _("verification")
        SHOW = "SHOW", _("supervised viewing")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    exhibit = models.ForeignKey(Exhibit, on_delete=models.CASCADE, related_name="viewings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(_("purpose"), max_length=6, choices=Purpose)
    note = models.CharField(_("who else was there"), max_length=300, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    last_beat_at = models.DateTimeField(default=timezone.now)
    watched = models.JSONField(_("parts watched, milliseconds of the exhibit"), default=list)
    watched_ms = models.PositiveBigIntegerField(_("watched"), default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = OfExhibitQuerySet.as_manager()

    class Meta:
        verbose_name = _("viewing")
        verbose_name_plural = _("viewings")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["last_beat_at"],
                condition=Q(closed_at=None),
                name="requests_open_viewings",
            )
        ]

    def __str__(self) -> str:
        return f"{self.exhibit_id} {self.person_id}"
