"""Who repairs what until when: contractors, contracts and warranties, and the life of models."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.utils.translation import gettext_lazy as _

from core.history import HistoricalRecords
from core.sorting import Turkish
from core.tsi import today

from ..queries import CampusQuerySet
from .devices import Device


class Contractor(models.Model):
    """A firm or a person that is called when something breaks."""

    name = models.CharField(_("name"), max_length=150, unique=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    response_hours = models.PositiveSmallIntegerField(
        _("response time in hours"), null=True, blank=True
    )
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects: ClassVar[models.Manager[Contractor]] = models.Manager.from_queryset(CampusQuerySet)()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("contractor")
        ordering = [Turkish("name")]

    def __str__(self) -> str:
        return self.name


class ContractQuerySet(CampusQuerySet):
    def in_order(self, day: dt.date | None = None) -> Any:
        """Active ones first (the next to end on top), then future ones, then expired ones (latest first)."""
        day = day or today()
        rank = Case(
            When(starts_on__gt=day, then=Value(1)),
            When(last_day__lt=day, then=Value(2)),
            default=Value(0),
            output_field=IntegerField(),
        )
        # Expired ones count backwards, so that the latest stands first.
        return self.annotate(rank=rank).order_by("rank", "last_day", "pk")

    def active_on(self, day: dt.date) -> Any:
        """Those that hold on that day."""
        return self.filter(starts_on__lte=day, last_day__gte=day)


class Contract(models.Model):
    """A warranty or a contract for any number of devices. `last_day` still belongs to it.

    The end is stored, never computed: lists of what ends soon are a filter.
    """

    class Kind(models.TextChoices):
        WARRANTY = "WARRANTY", _("Warranty")
        MAINTENANCE = "MAINTENANCE", _("Maintenance contract")
        SUPPORT = "SUPPORT", _("Support contract")
        OTHER = "OTHER", _("Other")

    class State(models.TextChoices):
        ACTIVE = "ACTIVE", _("active")
        FUTURE = "FUTURE", _("not begun")
        EXPIRED = "EXPIRED", _("expired")

    kind = models.CharField(
        _("kind"), max_length=12, choices=Kind.choices, default=Kind.MAINTENANCE
    )
    name = models.CharField(_("name"), max_length=150)
    number = models.CharField(_("number"), max_length=60, blank=True)
    contractor = models.ForeignKey(
        Contractor,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="contracts",
        verbose_name=_("contractor"),
    )
    starts_on = models.DateField(_("starts on"))
    last_day = models.DateField(_("last day"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    devices: models.ManyToManyField[Device, Any] = models.ManyToManyField(
        Device, related_name="contracts", blank=True, verbose_name=_("devices")
    )

    objects: ClassVar[models.Manager[Contract]] = models.Manager.from_queryset(ContractQuerySet)()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("contract")
        ordering = ["last_day", "pk"]
        indexes = [models.Index(fields=["last_day"], name="inventory_contract_last_day")]
        constraints = [
            models.CheckConstraint(
                name="inventory_contract_ends_after_start",
                condition=Q(last_day__gte=F("starts_on")),
                violation_error_message=_("The last day cannot lie before the first."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})" if self.number else self.name

    @property
    def state(self) -> str:
        """Active, not begun or expired, today."""
        day = today()
        if self.starts_on > day:
            return self.State.FUTURE
        return self.State.EXPIRED if self.last_day < day else self.State.ACTIVE

    @property
    def state_word(self) -> str:
        return str(self.State(self.state).label)

    @property
    def days_left(self) -> int:
        """Whole days until the last day; negative when it has passed."""
        return (self.last_day - today()).days


class ModelLife(models.Model):
    """Until when a maker sells and supports a model."""

    maker = models.CharField(_("maker"), max_length=80)
    model = models.CharField(_("model"), max_length=120)
    end_of_sale_on = models.DateField(_("end of sale"), null=True, blank=True)
    end_of_support_on = models.DateField(_("end of support"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects: ClassVar[models.Manager[ModelLife]] = models.Manager.from_queryset(CampusQuerySet)()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("life of a model")
        ordering = ["maker", "model"]
        constraints = [
            models.UniqueConstraint(
                fields=["maker", "model"],
                name="inventory_modellife_once",
                violation_error_message=_("This model has its dates already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.maker} {self.model}"

    def devices(self) -> models.QuerySet[Device]:
        """The devices of that model."""
        return Device.objects.filter(maker=self.maker, model=self.model)
