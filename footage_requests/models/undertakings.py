"""The confidentiality undertaking (gizlilik taahhütnamesi): its text in versions, and who signed which.

Texts are added, never changed: what somebody signed stays readable. A signature holds for the text's
hash and for the months that the newest version says.
"""

from __future__ import annotations

import hashlib
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from core.scoping import ScopedQuerySet

from .files import EvidenceFile


class UndertakingTextQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Any) -> Self:
        """Whoever signs in may read what is to be signed."""
        return self if getattr(person, "is_active", False) else self.none()


class UndertakingText(models.Model):
    """One version of the text. The newest is in force from the moment it is saved."""

    version = models.PositiveIntegerField(_("version"), unique=True, editable=False)
    text_tr = models.TextField(_("text in Turkish"), max_length=20_000)
    text_en = models.TextField(
        _("text in English"), max_length=20_000, help_text=_("For reading; the Turkish one counts.")
    )
    valid_months = models.PositiveSmallIntegerField(
        _("to be renewed after months"),
        default=12,
        help_text=_("Counted from the day of the signature."),
    )
    sha256 = models.CharField(max_length=64, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UndertakingTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("text of the undertaking")
        verbose_name_plural = _("texts of the undertaking")
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_months__gte=1) & Q(valid_months__lte=60),
                name="requests_undertaking_for_some_months",
            )
        ]

    def __str__(self) -> str:
        return f"v{self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sha256 = hashlib.sha256(self.text_tr.encode()).hexdigest()
        super().save(*args, **kwargs)

    @property
    def text(self) -> str:
        """For reading, in the reader's language."""
        return self.text_en if (get_language() or "tr").startswith("en") else self.text_tr


class UndertakingQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Any) -> Self:
        """One's own; all of them for those who watch over them."""
        from ..permissions import can_watch_undertakings

        if can_watch_undertakings(person):
            return self
        return self.filter(person=person.pk) if person.pk else self.none()


class Undertaking(models.Model):
    """That a person undertook to keep what he sees to himself. The duty does not end with it.

    `PASSWORD`: signed here by re-authentication (no qualified e-signature, and the paper says so).
    `PAPER`: signed by hand; somebody else entered the scan, which lies sealed in the evidence store.
    """

    class How(models.TextChoices):
        PASSWORD = "PASSWORD", _("signed here, password confirmed")
        PAPER = "PAPER", _("signed on paper, scanned")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="undertakings")
    text = models.ForeignKey(UndertakingText, on_delete=models.PROTECT, related_name="signatures")
    how = models.CharField(_("how"), max_length=8, choices=How)
    signed_on = models.DateField(_("signed on"))
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    entered_at = models.DateTimeField(default=timezone.now, editable=False)
    scan = models.OneToOneField(
        EvidenceFile,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )
    scan_name = models.CharField(max_length=150, blank=True, editable=False)

    objects = UndertakingQuerySet.as_manager()

    class Meta:
        verbose_name = _("undertaking")
        verbose_name_plural = _("undertakings")
        ordering = ["-signed_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(how="PASSWORD", entered_by=F("person"), scan=None)
                | (Q(how="PAPER", scan__isnull=False) & ~Q(entered_by=F("person"))),
                name="requests_undertaking_signed_by_oneself",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.signed_on}"


class AccessReportSeen(models.Model):
    """That somebody read the access report of a month: until then Bugün reminds of it."""

    month = models.DateField(_("month"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "person"], name="requests_report_seen_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.month:%Y-%m}"
