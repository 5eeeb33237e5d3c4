"""The access fee of a request (4982): while it is notified and not paid, the legal clock stands still."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from .requests import FootageRequest, OfRequestQuerySet


class FeeQuerySet(OfRequestQuerySet):
    def open(self) -> Self:
        """Notified and neither paid, waived nor lapsed."""
        return self.filter(outcome="")

    def owed(self) -> Fee | None:
        """Of one request: its newest fee when nobody has paid or waived it."""
        newest: Fee | None = self.order_by("pk").last()
        return newest if newest is not None and newest.is_owed else None


class Fee(models.Model):
    """One fee of a request. Days are those of Türkiye time; `due_on` is the last day to pay.

    The amount is what the unit enters, on the basis that it states: the system knows no tariff.
    """

    class Outcome(models.TextChoices):
        PAID = "PAID", _("paid")
        WAIVED = "WAIVED", _("waived")
        LAPSED = "LAPSED", _("not paid in time")

    request = models.ForeignKey(FootageRequest, on_delete=models.PROTECT, related_name="fees")
    amount = models.DecimalField(
        _("amount (TL)"),
        max_digits=10,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    basis = models.CharField(
        _("basis of the amount"), max_length=300, help_text=_("Tariff and calculation, as told.")
    )
    pay_to = models.CharField(
        _("how it is paid"), max_length=300, help_text=_("Account and reference for the payment.")
    )
    notified_on = models.DateField(_("notified on"))
    due_on = models.DateField(_("last day to pay"), editable=False)
    outcome = models.CharField(max_length=6, choices=Outcome, blank=True, editable=False)
    ended_on = models.DateField(_("ended on"), null=True, blank=True, editable=False)
    document = models.CharField(_("receipt or reason"), max_length=200, blank=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = FeeQuerySet.as_manager()

    class Meta:
        verbose_name = _("access fee")
        verbose_name_plural = _("access fees")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=Q(outcome=""), name="requests_one_open_fee"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", ended_on=None)
                | (
                    ~Q(outcome="")
                    & Q(ended_on__isnull=False, ended_on__gte=F("notified_on"))
                    & ~Q(document="")
                ),
                name="requests_fee_ends_with_a_document",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.amount} TL"

    @property
    def amount_words(self) -> str:
        """The amount as the reader's language writes numbers: "1,250.50", in Turkish "1.250,50"."""
        return str(number_format(self.amount, 2, use_l10n=True, force_grouping=True))

    @property
    def is_owed(self) -> bool:
        """Whether it was neither paid nor waived: nothing is given out until then."""
        return self.outcome in {"", self.Outcome.LAPSED}
