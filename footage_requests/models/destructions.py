"""Destruction records: of our own copy of a package, or of a medium that came back."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from core.steps import Step, SteppedModel

from .handover import HandOverRecord
from .packages import Package
from .requests import FootageRequest, OfRequestQuerySet

if TYPE_CHECKING:
    from accounts.models import Person


class Destruction(SteppedModel):
    """An imha tutanağı for our own copy of a package or for a returned medium: three people, three parts.

    Overwriting by the recorder is not this; archive and asset write-off are other papers.
    """

    class Status(models.TextChoices):
        PREPARED = "PREPARED", _("Prepared")
        VERIFIED = "VERIFIED", _("Verified")
        APPROVED = "APPROVED", _("Approved")
        DONE = "DONE", _("Destroyed")
        CANCELLED = "CANCELLED", _("Cancelled")

    class Trigger(models.TextChoices):
        PERIODIC = "PERIODIC", _("periodic")
        DATA_SUBJECT = "DATA_SUBJECT", _("asked by the data subject")
        TRIGGERED = "TRIGGERED", _("reason ceased")
        MEDIUM_RETURNED = "MEDIUM_RETURNED", _("medium returned")

    class Method(models.TextChoices):
        KEY_ERASED = "KEY_ERASED", _("key erased, file deleted")
        OVERWRITTEN = "OVERWRITTEN", _("overwritten")
        PHYSICAL = "PHYSICAL", _("destroyed physically")

    STEPS = {
        "verify": Step({Status.PREPARED}, Status.VERIFIED),
        "approve": Step({Status.VERIFIED}, Status.APPROVED),
        "carry_out": Step({Status.APPROVED}, Status.DONE),
        "cancel": Step({Status.PREPARED, Status.VERIFIED, Status.APPROVED}, Status.CANCELLED),
    }

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("record no."), max_length=20, unique=True, editable=False)
    status = models.CharField(
        _("state"), max_length=10, choices=Status, default=Status.PREPARED, editable=False
    )
    request = models.ForeignKey(
        FootageRequest, on_delete=models.PROTECT, related_name="destructions"
    )
    package = models.ForeignKey(
        Package, null=True, blank=True, on_delete=models.PROTECT, related_name="destructions"
    )
    medium = models.OneToOneField(
        HandOverRecord,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="destruction",
        editable=False,
        verbose_name=_("returned medium"),
    )
    trigger = models.CharField(_("kind"), max_length=15, choices=Trigger, default=Trigger.PERIODIC)
    method = models.CharField(_("method"), max_length=12, choices=Method, default=Method.KEY_ERASED)
    reason = models.CharField(_("why the reason to keep it has ceased"), max_length=300)
    evidence = models.JSONField(default=list, editable=False)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    prepared_at = models.DateTimeField(default=timezone.now, editable=False)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    done_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OfRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("destruction record")
        verbose_name_plural = _("destruction records")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["package"],
                condition=Q(package__isnull=False) & ~Q(status="CANCELLED"),
                name="requests_destroyed_once",
            ),
            models.CheckConstraint(
                condition=Q(verified_by=None) | ~Q(verified_by=F("prepared_by")),
                name="requests_destruction_verifier_is_another",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | (~Q(approved_by=F("prepared_by")) & ~Q(approved_by=F("verified_by"))),
                name="requests_destruction_approver_is_a_third",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["APPROVED", "DONE"])
                | Q(verified_by__isnull=False, approved_by__isnull=False),
                name="requests_destruction_has_three_people",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def take(self, step: str, *, by: Person | str, because: str = "", **changes: Any) -> Entry:
        """Takes a named step; `footage_requests.release.destroying` calls it."""
        return self._take(step, by=by, because=because, **changes)

    take.alters_data = True  # type: ignore[attr-defined]
