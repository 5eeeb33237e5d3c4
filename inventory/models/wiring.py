"""What hangs where and records where, for how long."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.history import HistoricalRecords

from ..dated import DatedModel
from ..queries import AtPositionQuerySet, ChannelQuerySet
from .devices import Device
from .places import Position


class Channel(models.Model):
    """A channel of a recorder: where recordings are."""

    recorder = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="channels")
    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    token = models.CharField(_("token"), max_length=200, blank=True)

    objects: ClassVar[models.Manager[Channel]] = models.Manager.from_queryset(ChannelQuerySet)()
    history = HistoricalRecords(excluded_fields=["token"])

    class Meta:
        verbose_name = _("channel")
        ordering = ["recorder", "number"]
        constraints = [
            models.UniqueConstraint(fields=["recorder", "number"], name="inventory_channel_number"),
            models.CheckConstraint(name="inventory_channel_from_one", condition=Q(number__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.recorder} · {self.number}"


class Installation(DatedModel):
    """A lens of a device at a position, for a time. Lenses count from 1."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="installations")
    lens_no = models.PositiveSmallIntegerField(_("lens"), default=1)
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="installations")

    objects: ClassVar[models.Manager[Installation]] = models.Manager.from_queryset(
        AtPositionQuerySet
    )()
    history = HistoricalRecords()

    class Meta(DatedModel.Meta):
        verbose_name = _("installation")
        ordering = ["-starts_at"]
        indexes = [
            models.Index(fields=["position", "starts_at"], name="inventory_install_position"),
            models.Index(fields=["device", "starts_at"], name="inventory_install_device"),
        ]

    def __str__(self) -> str:
        return f"{self.device} · {self.position}"


class ChannelAssignment(DatedModel):
    """A position on a recorder's channel, for a time. Two channels may record one position."""

    class Stream(models.TextChoices):
        MAIN = "MAIN", _("Main stream")
        SUB = "SUB", _("Second stream")

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="assignments")
    position = models.ForeignKey(Position, on_delete=models.PROTECT, related_name="assignments")
    stream = models.CharField(
        _("stream"), max_length=5, choices=Stream.choices, default=Stream.MAIN
    )

    objects: ClassVar[models.Manager[ChannelAssignment]] = models.Manager.from_queryset(
        AtPositionQuerySet
    )()
    history = HistoricalRecords()

    class Meta(DatedModel.Meta):
        verbose_name = _("channel assignment")
        ordering = ["-starts_at"]
        indexes = [
            models.Index(fields=["channel", "starts_at"], name="inventory_assign_channel"),
            models.Index(fields=["position", "starts_at"], name="inventory_assign_position"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} · {self.position}"
