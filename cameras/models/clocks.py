"""Measured clock offsets. Device minus true: positive means that the device is ahead."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Device

from .scopes import DeviceScoped


class ClockMeasurement(models.Model):
    """One measured offset with its method and uncertainty.

    Stored when it says something new, otherwise at most once a day. `offset_ms` is of the device's wall
    clock (DEVICE_LOCAL) and `utc_offset_ms` of what it believes to be UTC; null = not told.
    `reference` says against which clock it was measured: the time servers that prove this server's, or why
    nothing does; unverified ones may not be pushed. `reference_offset_ms` is this server minus true time at
    that moment, which is taken off the offsets already.
    """

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="clock_measurements")
    measured_at = models.DateTimeField()
    offset_ms = models.BigIntegerField(null=True, blank=True)
    utc_offset_ms = models.BigIntegerField(null=True, blank=True)
    uncertainty_ms = models.BigIntegerField()
    method = models.CharField(max_length=30)
    round_trip_ms = models.IntegerField(default=0)
    verdict = models.CharField(max_length=20)
    drift_ms_per_day = models.BigIntegerField(null=True, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    daylight_saving = models.BooleanField(null=True, blank=True)
    uses_ntp = models.BooleanField(null=True, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    is_reference_proven = models.BooleanField(default=False)
    reference_offset_ms = models.IntegerField(null=True, blank=True)
    reference_uncertainty_ms = models.IntegerField(null=True, blank=True)

    objects = DeviceScoped.as_manager()

    class Meta:
        ordering = ["-measured_at"]
        indexes = [models.Index(fields=["device", "-measured_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "measured_at"], name="cameras_one_clock_reading_at_once"
            ),
            models.CheckConstraint(
                condition=models.Q(offset_ms__isnull=False) | models.Q(utc_offset_ms__isnull=False),
                name="cameras_clock_has_an_offset",
            ),
        ]
        verbose_name = _("clock measurement")

    def __str__(self) -> str:
        return f"{self.device_id} {self.measured_at:%Y-%m-%d %H:%M} {self.verdict}"
