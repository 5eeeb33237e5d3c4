"""Runs and their checks. A check row is a place in the queue: state, attempt, lease and due time are here."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

import audit
from core.scoping import ScopedQuerySet
from core.steps import Step, SteppedModel
from inventory.models import Device
from inventory.queries import scope_of

from .scopes import DeviceScoped

if TYPE_CHECKING:
    from accounts.models import Person


class CheckKind(models.TextChoices):
    IDENTITY = "IDENTITY", _("Identity")
    CLOCK = "CLOCK", _("Clock")
    RECORDING = "RECORDING", _("Recording")
    PROOF = "PROOF", _("Playback proof")
    PICTURE = "PICTURE", _("Picture")


class Answer(models.TextChoices):
    YES = "YES", _("Yes")
    NO = "NO", _("No")
    UNKNOWN = "UNKNOWN", _("Could not check")


class RunQuerySet(ScopedQuerySet["Run"]):
    def visible_to(self, person: Person) -> Self:
        """A run tells only counts; whoever may see any device may see that it ran."""
        if scope_of(person).everything:
            return self
        return self.filter(Exists(Device.objects.visible_to(person)))


class Run(SteppedModel):
    """One sweep over devices. `slot` makes it unique: two schedulers make one run."""

    class Kind(models.TextChoices):
        NIGHT = "NIGHT", _("Nightly check")
        CATCH_UP = "CATCH_UP", _("Missed night, caught up")
        CHECK_NOW = "CHECK_NOW", _("Check now")
        BACKFILL = "BACKFILL", _("Past day asked at first start")
        RECHECK = "RECHECK", _("Check after an outage")

    class Status(models.TextChoices):
        PLANNED = "PLANNED", _("Planned")
        RUNNING = "RUNNING", _("Running")
        FINISHED = "FINISHED", _("Finished")
        CANCELLED = "CANCELLED", _("Cancelled")
        SKIPPED = "SKIPPED", _("Skipped: the one before was still running")

    STEPS = {
        "start": Step({Status.PLANNED}, Status.RUNNING),
        "finish": Step({Status.RUNNING}, Status.FINISHED),
        "cancel": Step({Status.PLANNED, Status.RUNNING}, Status.CANCELLED),
        "skip": Step({Status.PLANNED}, Status.SKIPPED),
    }

    kind = models.CharField(max_length=10, choices=Kind)
    day = models.DateField(help_text=_("Calendar day in Türkiye time that this run asks about."))
    slot = models.CharField(max_length=120, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED)
    start_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    subject = models.CharField(max_length=200, blank=True)
    devices = models.JSONField(null=True, blank=True, help_text=_("Device ids; null = all."))
    counts = models.JSONField(default=dict, blank=True)
    is_red = models.BooleanField(default=False)
    red_because = models.CharField(max_length=500, blank=True)
    coverage_rows = models.PositiveIntegerField(default=0)
    coverage_root = models.CharField(max_length=64, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-start_at", "-pk"]
        indexes = [
            models.Index(fields=["status", "start_at"]),
            models.Index(fields=["kind", "day"]),
        ]

    def __str__(self) -> str:
        return self.slot

    @property
    def is_over(self) -> bool:
        return self.status not in {self.Status.PLANNED, self.Status.RUNNING}

    @staticmethod
    def minute_slot(channel_id: int, start_ms: int) -> str:
        """The slot of a run that plays one minute which a person chose (true time, ms since 1970)."""
        return f"minute:{channel_id}:{start_ms}:{uuid.uuid4()}"

    @property
    def minute(self) -> tuple[int, int] | None:
        """Channel and beginning of the minute that this run is to play; None for all other runs."""
        kind, *told = self.slot.split(":")
        return (int(told[0]), int(told[1])) if kind == "minute" else None

    @property
    def progress(self) -> tuple[int, int]:
        """Checks done and checks in all."""
        rows = self.checks.aggregate(
            all=models.Count("pk"), done=models.Count("pk", filter=models.Q(status="DONE"))
        )
        return rows["done"], rows["all"]

    @transaction.atomic
    def cancel(self, *, by: Person | str, because: str = "") -> None:
        """Stop asking. What was already answered stays; visits under way may still end."""
        self._take("cancel", by=by, because=because, finished_at=timezone.now())
        self.checks.filter(status=DeviceCheck.Status.DUE).delete()

    cancel.alters_data = True  # type: ignore[attr-defined]


class CheckFrequency(models.Model):
    """How often a kind of check is asked of one device. No row = every night."""

    kind = models.CharField(max_length=10, choices=CheckKind, unique=True)
    every_days = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(every_days__gte=1), name="cameras_frequency_at_least_daily_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.every_days}"

    @classmethod
    @transaction.atomic
    def keep(cls, kind: str, every_days: int, *, by: Person, because: str) -> CheckFrequency:
        """From the next night on this kind is asked every so many days. Recording is asked every night."""
        if kind == CheckKind.RECORDING or every_days < 1:
            raise ValueError(f"{kind} cannot be asked every {every_days} days.")
        before = cls.objects.filter(kind=kind).values_list("every_days", flat=True).first() or 1
        row, _made = cls.objects.update_or_create(kind=kind, defaults={"every_days": every_days})
        audit.record(
            "frequency.change",
            actor=by,
            target=row,
            because=because,
            before={"every_days": before},
            after={"every_days": every_days},
        )
        return row


class DeviceCheck(models.Model):
    """One device to be visited in one run.

    DUE rows wait until `due_at`; a claim takes one with a token and a lease, and only the holder of
    that token can settle it. A lease that runs out puts the row back; the third time it is given up.
    `attempt` counts visits begun; those of them that were lost are in `lost`.
    """

    class Status(models.TextChoices):
        DUE = "DUE", _("Waiting")
        CLAIMED = "CLAIMED", _("Being asked")
        DONE = "DONE", _("Done")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="checks")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="checks")
    kinds = models.JSONField(default=list)
    channels = models.JSONField(null=True, blank=True, help_text=_("Channel ids; null = all."))
    status = models.CharField(max_length=8, choices=Status, default=Status.DUE)
    attempt = models.PositiveSmallIntegerField(default=0)
    lost = models.PositiveSmallIntegerField(
        default=0, help_text=_("How often the worker that had it died or could not save it.")
    )
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    took_ms = models.PositiveIntegerField(null=True, blank=True)

    objects = DeviceScoped.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "device"], name="cameras_check_once_per_run"),
            # A device is never visited by two workers, or for two runs, at the same time.
            models.UniqueConstraint(
                fields=["device"],
                condition=models.Q(status="CLAIMED"),
                name="cameras_one_visit_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(status="CLAIMED", claim__isnull=False, lease_until__isnull=False)
                | ~models.Q(status="CLAIMED"),
                name="cameras_claimed_has_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(status="DUE"), name="cameras_check_due"
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(status="CLAIMED"),
                name="cameras_check_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.device_id}"


class CheckResult(models.Model):
    """One answer about one device in one run: yes, no, or could not check with its reason."""

    device_check = models.ForeignKey(DeviceCheck, on_delete=models.CASCADE, related_name="results")
    kind = models.CharField(max_length=10, choices=CheckKind)
    answer = models.CharField(max_length=7, choices=Answer)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    evidence_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device_check", "kind"], name="cameras_one_answer_a_kind"
            ),
            models.CheckConstraint(
                condition=~models.Q(answer="UNKNOWN") | ~models.Q(reason=""),
                name="cameras_unknown_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(answer="YES") | models.Q(evidence_at__isnull=False),
                name="cameras_yes_has_evidence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device_check_id} {self.kind} {self.answer}"

    @classmethod
    def of_device(cls, device: Any) -> models.QuerySet[CheckResult]:
        """Answers about a device, newest run first."""
        return cls.objects.filter(device_check__device=device).order_by("-device_check__pk", "kind")
