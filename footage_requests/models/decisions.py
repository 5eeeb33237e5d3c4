"""The decision of an authorised superior: on exactly this content, for a limited time."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .kinds import RefusalCode
from .requests import FootageRequest, OfRequestQuerySet, RequestItem


class OfDecisionQuerySet(OfRequestQuerySet):
    REQUEST = "decision__request"


class Decision(models.Model):
    """What one superior decided. Bound to `content_sha256`; void after any edit, dead after `expires_at`.

    `filer` is copied from the request so that the database itself refuses a decision on one's own
    request. `shown` is what the screen said at that moment: cameras, minutes, gaps, masks, clocks.
    """

    class Kind(models.TextChoices):
        COPY = "COPY", _("Full copy")
        VIEWING = "VIEWING", _("Viewing only")
        PART = "PART", _("A part")
        REFUSE = "REFUSE", _("Refuse")
        NO_RECORDING = "NO_RECORDING", _("No recording")
        RETURN = "RETURN", _("Return for correction")

    RELEASING = (Kind.COPY, Kind.VIEWING, Kind.PART)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(FootageRequest, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(_("decision"), max_length=12, choices=Kind)
    filer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    is_deputy = models.BooleanField(_("decided as deputy"), default=False)
    is_on_duty = models.BooleanField(_("decided as the most senior person on duty"), default=False)
    authority = models.CharField(_("authority (document of the grant)"), max_length=200, blank=True)
    decided_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(_("reason"), blank=True)
    refusal_codes = models.ManyToManyField(RefusalCode, blank=True, related_name="+")
    content_version = models.PositiveIntegerField()
    content_sha256 = models.CharField(max_length=64)
    shown = models.JSONField(default=dict)
    includes_audio = models.BooleanField(_("sound is released"), default=False)
    audio_reason = models.TextField(_("why sound is released"), blank=True)
    confirmed_how = models.CharField(
        _("how the person confirmed"), max_length=30, help_text=_("password, second factor")
    )
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_because = models.CharField(max_length=200, blank=True)

    objects = OfRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(voided_at=None) & ~Q(kind="RETURN"),
                name="requests_one_standing_decision",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("filer")), name="requests_nobody_decides_his_own"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["COPY", "VIEWING", "PART"]) | Q(expires_at__isnull=False),
                name="requests_approval_expires",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["COPY"]) | ~Q(reason=""),
                name="requests_decision_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(includes_audio=False) | ~Q(audio_reason=""),
                name="requests_sound_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.kind}"

    @property
    def releases(self) -> bool:
        """Whether footage may leave, or be shown, on this decision."""
        return self.kind in self.RELEASING

    def heard_alone(self) -> list[str]:
        """The cameras whose sound is released where that of others is not; empty where it is of all, or of none."""
        lines = list(self.lines.select_related("item__position"))
        if all(line.includes_audio for line in lines):
            return []
        return list(dict.fromkeys(line.item.position.name for line in lines if line.includes_audio))

    def is_standing(self) -> bool:
        """Neither voided nor expired."""
        return self.voided_at is None and (
            self.expires_at is None or self.expires_at > timezone.now()
        )


class DecisionLine(models.Model):
    """What exactly may leave: one position, [starts_at, ends_at) of true time, masked or not, with sound or without."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="lines")
    item = models.ForeignKey(RequestItem, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    must_be_masked = models.BooleanField(default=False)
    masking_note = models.CharField(max_length=300, blank=True)
    includes_audio = models.BooleanField(_("sound is released"), default=False)

    objects = OfDecisionQuerySet.as_manager()

    class Meta:
        ordering = ["item__position__name", "starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "item", "starts_at"], name="requests_line_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="requests_line_is_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} {self.item_id}"
