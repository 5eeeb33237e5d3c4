"""Who is out of a case because it is his own: what he said, or what he was asked and denied."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .requests import FootageRequest, OfRequestQuerySet


class InterestQuerySet(OfRequestQuerySet):
    def standing(self) -> Self:
        """Those who are out of a case now."""
        return self.filter(is_out=True, withdrawn_at=None)


class InterestDeclaration(models.Model):
    """What a person said about his own interest in a case.

    While a row with `is_out` stands, the person plays no part in the case; `case_guards` makes the
    database say so too. A denial (`is_out` false) keeps that he was asked and what he answered. Nobody
    takes his own declaration back.
    """

    class Why(models.TextChoices):
        IN_FOOTAGE = "IN_FOOTAGE", _("is in the footage")
        ASKS = "ASKS", _("asked for it, or stands behind who asked")
        RELATED = "RELATED", _("is related to somebody in it")
        OTHER = "OTHER", _("another interest")
        NONE = "NONE", _("has nothing to do with it")

    request = models.ForeignKey(FootageRequest, on_delete=models.PROTECT, related_name="interests")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_out = models.BooleanField(_("out of the case"))
    why = models.CharField(_("why"), max_length=12, choices=Why)
    note = models.CharField(_("in words"), max_length=300, blank=True)
    said_at = models.DateTimeField(_("said"), default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_because = models.CharField(max_length=300, blank=True)

    objects = InterestQuerySet.as_manager()

    class Meta:
        verbose_name = _("declaration of interest")
        verbose_name_plural = _("declarations of interest")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "person"],
                condition=Q(is_out=True, withdrawn_at=None),
                name="requests_out_once",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | (
                    Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                    & ~Q(withdrawn_because="")
                    & ~Q(withdrawn_by=F("person"))
                ),
                name="requests_interest_withdrawn_by_another",
            ),
            models.CheckConstraint(
                condition=Q(is_out=False, why="NONE") | (Q(is_out=True) & ~Q(why="NONE")),
                name="requests_interest_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.person_id} {self.why}"

    def as_words(self) -> str:
        """ "is related to somebody in it: my cousin"."""
        words: Any = self.get_why_display()
        return f"{words}: {self.note}" if self.note else str(words)
