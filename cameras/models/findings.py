"""What is wrong now, since when; and one row per change of state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models, transaction
from django.db.models import Exists, F, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

import audit
from core.scoping import Scope, ScopedQuerySet
from inventory.models import Channel, Device, Position
from inventory.queries import scope_of

if TYPE_CHECKING:
    from accounts.models import Person


def _about(scope: Scope) -> Q:
    devices = Device.objects.within(scope)
    rows = {
        "DEVICE": devices,
        "CHANNEL": Channel.objects.filter(recorder__in=devices),
        "POSITION": Position.objects.within(scope),
    }
    found = Q()
    for kind, subjects in rows.items():
        found |= Q(subject_kind=kind, subject_id__in=subjects.values("pk"))
    return found


class FindingQuerySet(ScopedQuerySet["Finding"]):
    def visible_to(self, person: Person) -> Self:
        """Findings about what the person may see; of networks and the system, who sees any device."""
        scope = scope_of(person)
        if scope.everything:
            return self
        kinds = Finding.Subject
        of_campus = Q(subject_kind__in=[kinds.NETWORK, kinds.SYSTEM])
        return self.filter(_about(scope) | of_campus & Q(Exists(Device.objects.within(scope))))

    def within(self, scope: Scope) -> Self:
        """Findings about devices, channels and positions of that part of the campus."""
        return self if scope.everything else self.filter(_about(scope))

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)


class Finding(models.Model):
    """One thing that is wrong: open once per kind and subject, with its age, closed when it is right again.

    `covers` are the positions that it explains (first 500; `count` has all): a dead recorder is one
    finding with its cameras and not one per camera.
    """

    class Kind(models.TextChoices):
        RECORDER_SILENT = "RECORDER_SILENT", _("Recorder does not answer")
        RECORDER_STOPPED = (
            "RECORDER_STOPPED",
            _("Recorder missed the same time on all its channels"),
        )
        NETWORK_SILENT = "NETWORK_SILENT", _("Devices of one network do not answer")
        CAMERA_SILENT = "CAMERA_SILENT", _("Camera does not answer")
        NOT_RECORDING = "NOT_RECORDING", _("Recording is missing")
        MOTION_SILENT = "MOTION_SILENT", _("Motion recording without a single recording")
        RETENTION_SHORT = "RETENTION_SHORT", _("Kept for fewer days than the goal")
        RETENTION_LONG = "RETENTION_LONG", _("Kept for longer than the goal")
        RECORDING_LOST = "RECORDING_LOST", _("Recordings disappeared inside the retention goal")
        SOURCES_DISAGREE = "SOURCES_DISAGREE", _("Two sources of one recorder disagree")
        PROOF_FAILED = "PROOF_FAILED", _("A minute that the index claims could not be played")
        CLOCK = "CLOCK", _("Clock is wrong")
        MASKS_GONE = "MASKS_GONE", _("Privacy masks of a camera are gone")
        MASKS_OFF = "MASKS_OFF", _("Private areas are drawn and the camera masks nothing")
        VIEW_CHANGED = "VIEW_CHANGED", _("View of a camera may have changed")
        SERIAL_CHANGED = "SERIAL_CHANGED", _("Another serial number at this address")
        FIRMWARE_CHANGED = "FIRMWARE_CHANGED", _("Firmware changed")
        DEVICE_MOVED = "DEVICE_MOVED", _("Device answers at another address")
        DUPLICATE_IDENTITY = "DUPLICATE_IDENTITY", _("Two addresses give the same identity")
        CREDENTIAL_REFUSED = "CREDENTIAL_REFUSED", _("Login refused and parked")
        DISK = "DISK", _("Disk reports a fault")
        RECORDER_RESTARTS = "RECORDER_RESTARTS", _("Recorder is started again and again")
        EVIDENCE_CHANGED = "EVIDENCE_CHANGED", _("A stored evidence file was changed")
        SWEEP_SKIPPED = "SWEEP_SKIPPED", _("A check was skipped: the one before was still running")

    class Subject(models.TextChoices):
        DEVICE = "DEVICE", _("Device")
        CHANNEL = "CHANNEL", _("Channel")
        POSITION = "POSITION", _("Position")
        NETWORK = "NETWORK", _("Network")
        SYSTEM = "SYSTEM", _("System")

    kind = models.CharField(max_length=20, choices=Kind)
    subject_kind = models.CharField(max_length=10, choices=Subject)
    subject_id = models.BigIntegerField()
    subject_name = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, help_text="When it was last found.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_because = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    covers = models.JSONField(default=list, blank=True)
    count = models.PositiveIntegerField(default=1)

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_kind", "subject_id"],
                condition=Q(closed_at__isnull=True),
                name="cameras_one_open_finding",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=models.F("opened_at")),
                name="cameras_finding_closes_after_it_opens",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"]),
            models.Index(fields=["kind"], condition=Q(closed_at__isnull=True), name="cameras_open"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_name}"

    # What happened once stays until a person has seen it; the rest closes itself.
    HAPPENED_ONCE = frozenset(
        {
            Kind.SERIAL_CHANGED,
            Kind.FIRMWARE_CHANGED,
            Kind.DEVICE_MOVED,
            Kind.RECORDING_LOST,
            Kind.MASKS_GONE,
            Kind.EVIDENCE_CHANGED,
        }
    )

    @transaction.atomic
    def acknowledge(self, *, by: Person, because: str) -> bool:
        """Close what a person has looked into. False when it was closed already."""
        closed = (
            type(self)
            .objects.filter(pk=self.pk, closed_at__isnull=True)
            .update(
                closed_at=Greatest(Value(timezone.now(), models.DateTimeField()), F("opened_at")),
                closed_because=because[:200],
            )
        )
        if closed:
            self.refresh_from_db()
            audit.record("finding.acknowledge", actor=by, target=self, because=because)
        return bool(closed)

    acknowledge.alters_data = True  # type: ignore[attr-defined]


class StateChange(models.Model):
    """One row per change of state of a subject: `what` went from `before` to `after`."""

    subject_kind = models.CharField(max_length=10, choices=Finding.Subject)
    subject_id = models.BigIntegerField()
    what = models.CharField(max_length=20)
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-changed_at", "-pk"]
        indexes = [models.Index(fields=["subject_kind", "subject_id", "-changed_at"])]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id} {self.what}: {self.before} > {self.after}"
