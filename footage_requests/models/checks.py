"""Packages and files that somebody brought back to have them checked. Only the answer is kept."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.jobs import Job
from core.scoping import ScopedQuerySet

from .packages import Package


class PackageCheckQuerySet(ScopedQuerySet["PackageCheck"]):
    def visible_to(self, person: Any) -> Self:
        """One's own checks, and those of packages whose case one may see."""
        if not person.pk:
            return self.none()
        seen = Package.objects.visible_to(person).values("pk")
        return self.filter(Q(by=person) | Q(package__in=seen))


class PackageCheck(models.Model):
    """One check: what was brought, by whom, and the answer. The footage itself is not kept.

    `lines`: [[state, sentence], ...] with state "ok", "?" or "BAD", as the package's own verifier says them.
    """

    class Source(models.TextChoices):
        UPLOAD = "UPLOAD", _("brought as files")
        RELEASED = "RELEASED", _("our own sealed package")

    class Verdict(models.TextChoices):
        WHOLE = "WHOLE", _("ours and unchanged")
        CHANGED = "CHANGED", _("ours, but changed or incomplete")
        PARTLY = "PARTLY", _("unchanged as far as it could be checked")
        NOT_OURS = "NOT_OURS", _("not ours")
        UNREADABLE = "UNREADABLE", _("could not be checked")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.CharField(max_length=8, choices=Source)
    names = models.JSONField(_("files"), default=list)
    sha256 = models.CharField(max_length=64, blank=True)
    bytes = models.BigIntegerField(default=0)
    package = models.ForeignKey(
        Package, null=True, blank=True, on_delete=models.PROTECT, related_name="checks"
    )
    told = models.CharField(_("what it is"), max_length=40, blank=True)
    exhibit = models.CharField(_("exhibit"), max_length=20, blank=True)
    verdict = models.CharField(_("result"), max_length=10, choices=Verdict, blank=True)
    lines = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PackageCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("check of a package")
        verbose_name_plural = _("checks of packages")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None) | ~Q(verdict=""),
                name="requests_check_has_an_answer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.asked_at:%Y-%m-%d %H:%M}"
