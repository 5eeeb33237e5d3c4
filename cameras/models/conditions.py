"""The last values of each device, with their age. History is in other rows."""

from __future__ import annotations

from django.db import models

from inventory.models import Device

from .scopes import DeviceScoped


class DeviceCondition(models.Model):
    """What a device said last, and when. `answered_at` is its last sign of life, `asked_at` our last try.

    `disks` are what it told at `disks_at`, and what should be there and is not (cameras.night.recorder_disks);
    `starts` are its known starts, ISO texts in true time, as told until `starts_at` (cameras.night.restarts).
    """

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, primary_key=True, related_name="condition"
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    silent_since = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=40, blank=True, help_text="Why the last try failed.")

    identity_at = models.DateTimeField(null=True, blank=True)
    maker = models.CharField(max_length=120, blank=True)
    model = models.CharField(max_length=120, blank=True)
    serial = models.CharField(max_length=120, blank=True)
    firmware = models.CharField(max_length=120, blank=True)
    macs = models.JSONField(default=list, blank=True)
    address = models.CharField(max_length=64, blank=True)

    clock_at = models.DateTimeField(null=True, blank=True)
    clock_verdict = models.CharField(max_length=20, blank=True)
    clock_offset_ms = models.BigIntegerField(null=True, blank=True)
    clock_uncertainty_ms = models.BigIntegerField(null=True, blank=True)

    recording_at = models.DateTimeField(null=True, blank=True)
    proof_at = models.DateTimeField(null=True, blank=True)
    picture_at = models.DateTimeField(null=True, blank=True)
    mask_at = models.DateTimeField(null=True, blank=True)
    mask_areas = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Areas that the camera covers; 0 = off, null = never told."
    )
    mask_reason = models.CharField(
        max_length=40, blank=True, help_text="Why the newest question about masks failed."
    )
    disks = models.JSONField(default=list, blank=True)
    disks_at = models.DateTimeField(null=True, blank=True)
    disks_reason = models.CharField(
        max_length=40, blank=True, help_text="Why the disks could not be asked last."
    )
    starts = models.JSONField(default=list, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    starts_reason = models.CharField(
        max_length=40, blank=True, help_text="Why the last start was not told last."
    )
    manner = models.JSONField(default=dict, blank=True)

    objects = DeviceScoped.as_manager()

    def __str__(self) -> str:
        return f"{self.device_id}"


class ChannelCondition(models.Model):
    """How far back a channel's recordings reach, as measured last, and whether its camera is connected.

    `earliest_at` leaves locked clips out; `held_days` counts only days that hold recordings; `recent` is
    [[asked at, held days], ...], one a day, the last 60.
    """

    channel = models.OneToOneField(
        "inventory.Channel", on_delete=models.CASCADE, primary_key=True, related_name="condition"
    )
    asked_at = models.DateTimeField()
    is_online = models.BooleanField(null=True, blank=True)
    earliest_at = models.DateTimeField(null=True, blank=True)
    latest_at = models.DateTimeField(null=True, blank=True)
    held_days = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    recent = models.JSONField(default=list, blank=True)

    def __str__(self) -> str:
        return f"{self.channel_id}"
