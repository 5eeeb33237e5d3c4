"""Where: sites, buildings, floors, and the positions that people ask for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.history import HistoricalRecords
from core.sorting import Turkish
from core.steps import Step, SteppedModel

from ..dated import GuardedModel
from ..queries import (
    BuildingQuerySet,
    FloorQuerySet,
    GroupQuerySet,
    OfPositionQuerySet,
    PositionQuerySet,
    SiteQuerySet,
)
from ..steps import StepRow, check_step_date, person_or_none
from ..text import search_text

if TYPE_CHECKING:
    from accounts.models import Person

    from .devices import Device
    from .wiring import Channel, ChannelAssignment, Installation


class Site(models.Model):
    """A campus."""

    name = models.CharField(_("name"), max_length=150)
    code = models.CharField(_("code"), max_length=30, unique=True)

    objects: ClassVar[models.Manager[Site]] = models.Manager.from_queryset(SiteQuerySet)()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("site")
        ordering = [Turkish("name")]

    def __str__(self) -> str:
        return self.name


class Building(models.Model):
    """A building, or an outdoor area with cameras."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="buildings")
    name = models.CharField(_("name"), max_length=150)
    code = models.CharField(_("code"), max_length=30)

    objects: ClassVar[models.Manager[Building]] = models.Manager.from_queryset(BuildingQuerySet)()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("building")
        ordering = [Turkish("name")]
        constraints = [
            models.UniqueConstraint(fields=["site", "code"], name="inventory_building_code")
        ]

    def __str__(self) -> str:
        return self.name


class Floor(models.Model):
    """A floor of a building; level 0 is the entrance."""

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="floors")
    name = models.CharField(_("name"), max_length=100)
    level = models.SmallIntegerField(_("level"), default=0)

    objects: ClassVar[models.Manager[Floor]] = models.Manager.from_queryset(FloorQuerySet)()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("floor")
        ordering = ["building", "level", Turkish("name")]
        constraints = [
            models.UniqueConstraint(fields=["building", "name"], name="inventory_floor_name")
        ]

    def __str__(self) -> str:
        return f"{self.building}, {self.name}"


class PositionGroup(models.Model):
    """Positions that share a retention goal and the limits between recorded and partly recorded."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    retention_goal_days = models.PositiveSmallIntegerField(_("retention goal in days"), default=30)
    lost_seconds_allowed = models.PositiveIntegerField(_("seconds lost a day, allowed"), default=60)
    gap_seconds_allowed = models.PositiveIntegerField(_("longest gap allowed, seconds"), default=10)
    silent_days_allowed = models.PositiveSmallIntegerField(
        _("days without motion, allowed"), default=3
    )

    objects: ClassVar[models.Manager[PositionGroup]] = models.Manager.from_queryset(GroupQuerySet)()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("group of positions")
        ordering = [Turkish("name")]

    def __str__(self) -> str:
        return self.name


class Position(SteppedModel):
    """A place with a view, such as "Library north door": what people ask for, and what history is of."""

    class Status(models.TextChoices):
        PLANNED = "PLANNED", _("Planned")
        ACTIVE = "ACTIVE", _("Active")
        CLOSED = "CLOSED", _("Closed")

    STEPS = {
        "activate": Step({Status.PLANNED, Status.CLOSED}, Status.ACTIVE),
        "close": Step({Status.PLANNED, Status.ACTIVE}, Status.CLOSED),
    }

    floor = models.ForeignKey(Floor, on_delete=models.PROTECT, related_name="positions")
    group = models.ForeignKey(PositionGroup, on_delete=models.PROTECT, related_name="positions")
    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=150)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PLANNED, editable=False
    )
    search_text = models.TextField(editable=False, blank=True, default="")

    objects: ClassVar[models.Manager[Position]] = models.Manager.from_queryset(PositionQuerySet)()
    history = HistoricalRecords(excluded_fields=["search_text"])

    class Meta:
        verbose_name = _("position")
        ordering = ["code"]
        indexes = [models.Index(fields=["status"], name="inventory_position_status")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_text = search_text(self.code, self.name, self.purpose)
        super().save(*args, **kwargs)

    def activate(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        """From that day on it is expected to be recorded."""
        self._step("activate", on_date=on_date, by=by, document=document)

    def close(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        """From that day on nobody expects recordings of it."""
        self._step("close", on_date=on_date, by=by, document=document)

    activate.alters_data = close.alters_data = True  # type: ignore[attr-defined]

    @transaction.atomic
    def _step(self, verb: str, *, on_date: dt.date, by: Person | str, document: str) -> None:
        check_step_date(self.steps.all(), on_date, document)
        was = self.status
        self._take(verb, by=by, facts={"on_date": on_date, "document": document})
        PositionStep.objects.create(
            position=self,
            **StepRow.fields_of(verb, was, self.status, on_date=on_date, by=by, document=document),
        )
        Position.history.bulk_history_create([self], update=True, default_user=person_or_none(by))

    def device_at(self, instant: dt.datetime) -> Device | None:
        """The device that was fitted here at that instant."""
        row = self.installation_at(instant)
        return row.device if row else None

    def installation_at(self, instant: dt.datetime) -> Installation | None:
        """The installation that held here at that instant."""
        return self.installations.at(instant).select_related("device").first()

    def assignments_on(self, day: dt.date) -> models.QuerySet[ChannelAssignment]:
        """The channel assignments that held at some instant of that day, with channel and recorder."""
        return self.assignments.on(day).select_related("channel__recorder")

    def channels_on(self, day: dt.date) -> models.QuerySet[Channel]:
        """The recorder channels that recorded this position at some instant of that day."""
        from .wiring import Channel  # wiring needs Position first

        return (
            Channel.objects.filter(pk__in=self.assignments.on(day).values("channel"))
            .select_related("recorder")
            .order_by("recorder", "number")
        )


class PositionStep(StepRow):
    """One change of a position's status: when it took effect, who, by which document."""

    position = models.ForeignKey(Position, on_delete=models.CASCADE, related_name="steps")

    class Meta(StepRow.Meta):
        indexes = [models.Index(fields=["position", "on_date"], name="inventory_posstep_date")]


class RecordingSchedule(GuardedModel):
    """When a position is expected to be recorded. No row means always.

    `valid_from` is included, `valid_to` is not. `hours` lists spans of Türkiye time per weekday,
    {"0": [["08:00", "18:00"]]} with 0 = Monday; a span whose end is not after its start reaches into
    the next day, and "24:00" is the end of the day.
    """

    class Kind(models.TextChoices):
        ALWAYS = "ALWAYS", _("Always")
        HOURS = "HOURS", _("At given hours")
        MOTION = "MOTION", _("On motion only")
        EXEMPT = "EXEMPT", _("Exempt")

    position = models.ForeignKey(Position, on_delete=models.CASCADE, related_name="schedules")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.ALWAYS)
    hours = models.JSONField(_("hours"), default=dict, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until (not included)"), null=True, blank=True)

    objects: ClassVar[models.Manager[RecordingSchedule]] = models.Manager.from_queryset(
        OfPositionQuerySet
    )()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("recording schedule")
        ordering = ["position", "valid_from"]
        constraints = [
            models.CheckConstraint(
                name="inventory_schedule_ends_after_start",
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
            ),
            models.CheckConstraint(
                name="inventory_schedule_exempt_has_reason_and_end",
                condition=~Q(kind="EXEMPT") | (~Q(reason="") & Q(valid_to__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.get_kind_display()}"

    def clean(self) -> None:
        if self.kind == self.Kind.EXEMPT and not (self.reason and self.valid_to):
            raise ValidationError(gettext("An exemption needs a reason and an end date."))
        if self.kind == self.Kind.HOURS:
            from ..schedules import check_hours  # schedules reads these models

            check_hours(self.hours)
