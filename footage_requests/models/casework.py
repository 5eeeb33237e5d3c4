"""What working on a case leaves besides the request: numbers, opinions, visits, reminders, saved filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import ScopedQuerySet

from .requests import FootageRequest, OfRequestQuerySet

if TYPE_CHECKING:
    from accounts.models import Person


class NumberSeries(models.Model):
    """The last number given in one series of one year; `footage_requests.casework.numbers` counts it up."""

    prefix = models.CharField(max_length=4)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prefix", "year"], name="requests_series_once")
        ]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}: {self.last}"


class Opinion(models.Model):
    """A question to the legal office or the data protection contact, and what came back."""

    class Office(models.TextChoices):
        LEGAL = "LEGAL", _("legal office")
        PRIVACY = "PRIVACY", _("data protection contact")

    class Advice(models.TextChoices):
        GIVE = "GIVE", _("may be given")
        LIMIT = "LIMIT", _("may be given with limits")
        REFUSE = "REFUSE", _("should be refused")

    request = models.ForeignKey(FootageRequest, on_delete=models.PROTECT, related_name="opinions")
    office = models.CharField(_("asked"), max_length=8, choices=Office)
    question = models.CharField(_("question"), max_length=1000)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    advice = models.CharField(_("advice"), max_length=8, choices=Advice, blank=True)
    text = models.TextField(_("opinion"), blank=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    given_at = models.DateTimeField(null=True, blank=True)

    objects = OfRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("opinion")
        verbose_name_plural = _("opinions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "office"],
                condition=Q(given_at=None),
                name="requests_one_open_question",
            ),
            models.CheckConstraint(
                condition=Q(given_at=None)
                | (Q(given_by__isnull=False) & ~Q(text="") & ~Q(advice="")),
                name="requests_opinion_is_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.office}"


class CaseVisit(models.Model):
    """That a person opened a case on a day, and why: asked once a day of who does not work on it."""

    request = models.ForeignKey(FootageRequest, on_delete=models.CASCADE, related_name="visits")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = OfRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "person", "day"], name="requests_visit_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.person_id} {self.day}"


class RequestReminder(models.Model):
    """One letter to one person about one case and moment, so that it is sent once."""

    request = models.ForeignKey(FootageRequest, on_delete=models.CASCADE, related_name="reminders")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    tried = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = OfRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "person", "kind"], name="requests_reminded_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.person_id} {self.kind}"


class SavedFilterQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """One's own."""
        return self.filter(person=person.pk) if person.pk else self.none()


class SavedFilter(models.Model):
    """A view of the list of requests that a person keeps under a name."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["person", "name"], name="requests_filter_named_once")
        ]

    def __str__(self) -> str:
        return self.name
