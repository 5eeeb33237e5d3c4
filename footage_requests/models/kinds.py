"""Who asks, on what ground, within which time, and why it may be refused: data that the unit edits."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.history import HistoricalRecords
from core.scoping import ScopedQuerySet

if TYPE_CHECKING:
    from accounts.models import Person


class RuleQuerySet(ScopedQuerySet[Any]):
    """The unit's rules: whoever signs in may read them."""

    def visible_to(self, person: Any) -> Self:
        return self if getattr(person, "is_active", False) else self.none()

    def usable(self) -> Self:
        return self.filter(is_active=True)


class Rule(models.Model):
    """A row with a stable code, a name in both languages, and a history. Never deleted once used."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name_tr = models.CharField(_("name in Turkish"), max_length=150)
    name_en = models.CharField(_("name in English"), max_length=150)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if (get_language() or "tr").startswith("en") else self.name_tr


class LegalBasis(Rule):
    """The rule of law on which a request rests, as papers cite it."""

    citation = models.CharField(_("citation"), max_length=200, blank=True)

    objects = RuleQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("legal basis")
        verbose_name_plural = _("legal bases")
        ordering = ["order", "code"]


class RequesterKind(Rule):
    """A sort of requester: what it must bring, until when it must be answered, what it may get."""

    class Clock(models.TextChoices):
        CALENDAR_DAYS = "CALENDAR_DAYS", _("calendar days")
        WORKING_DAYS = "WORKING_DAYS", _("working days")
        AS_WRITTEN = "AS_WRITTEN", _("as the letter says")

    class Masking(models.TextChoices):
        NONE = "NONE", _("not masked")
        CASE = "CASE", _("case by case")
        MANDATORY = "MANDATORY", _("others must be masked")

    class Gives(models.TextChoices):
        COPY = "COPY", _("copy")
        VIEWING = "VIEWING", _("viewing only")
        INFORMATION = "INFORMATION", _("written information only")
        NOTHING = "NOTHING", _("never")

    class Closing(models.TextChoices):
        TO_SUPERIOR = "TO_SUPERIOR", _("superior or equal authority")
        TO_SUBORDINATE = "TO_SUBORDINATE", _("subordinate authority")
        TO_COMPANY = "TO_COMPANY", _("private legal person")
        TO_PERSON = "TO_PERSON", _("natural person")

    class Escalation(models.TextChoices):
        UNIT_HEAD = "UNIT_HEAD", _("unit head")
        SUPERIOR = "SUPERIOR", _("authorised superior")

    bases = models.ManyToManyField(LegalBasis, verbose_name=_("legal bases"), blank=True)
    reference_name_tr = models.CharField(
        _("required reference, in Turkish"), max_length=80, blank=True
    )
    reference_name_en = models.CharField(
        _("required reference, in English"), max_length=80, blank=True
    )
    reference_required = models.BooleanField(_("reference is required"), default=False)
    identity_required = models.BooleanField(_("identity must be proven"), default=False)
    clock = models.CharField(
        _("deadline counts"), max_length=15, choices=Clock, default=Clock.CALENDAR_DAYS
    )
    days = models.PositiveSmallIntegerField(
        _("days"), default=30, help_text=_("Also the default where the letter names no date.")
    )
    extended_days = models.PositiveSmallIntegerField(
        _("days when extended"),
        null=True,
        blank=True,
        help_text=_("Counted from the arrival; empty: the deadline cannot be extended."),
    )
    warn_days = models.JSONField(
        _("warn on days"),
        default=list,
        blank=True,
        help_text=_("5 = on the fifth day, -3 = three days before the end, 0 = at half time."),
    )
    escalates_to = models.CharField(
        _("escalates to"), max_length=10, choices=Escalation, default=Escalation.UNIT_HEAD
    )
    gives = models.CharField(_("normally gets"), max_length=12, choices=Gives, default=Gives.COPY)
    masking = models.CharField(_("masking"), max_length=10, choices=Masking, default=Masking.CASE)
    is_judicial = models.BooleanField(_("judicial or law enforcement"), default=False)
    by_portal = models.BooleanField(
        _("may file by the portal"),
        default=False,
        help_text=_("The university portal offers this kind to people who sign in there."),
    )
    starts_preservation_only = models.BooleanField(
        _("starts preservation only"),
        default=False,
        help_text=_("A phone call or an oral request: footage is held, nothing is decided."),
    )
    lapses_after_working_days = models.PositiveSmallIntegerField(
        _("lapses without writing after working days"), null=True, blank=True
    )
    forbids_destruction = models.BooleanField(
        _("forbids destruction"),
        default=False,
        help_text=_("While such a request is open, no copy of its cameras is destroyed."),
    )
    writing_within_working_days = models.PositiveSmallIntegerField(
        _("writing must follow within working days"),
        null=True,
        blank=True,
        help_text=_(
            "An oral, urgent request: the most senior person on duty may let it be watched, a copy waits "
            "for the writing."
        ),
    )
    fee_pay_working_days = models.PositiveSmallIntegerField(
        _("working days to pay a fee"),
        null=True,
        blank=True,
        help_text=_("While a notified fee is not paid the clock stands still; empty: no fee."),
    )
    fee_warn_working_days = models.PositiveSmallIntegerField(
        _("warn so many working days before the fee lapses"), default=3
    )
    fee_basis = models.CharField(
        _("basis of the fee"),
        max_length=300,
        blank=True,
        help_text=_("Stands in the letter: the rule and the tariff from which amounts are taken."),
    )
    required_facts = models.JSONField(_("further required facts"), default=list, blank=True)
    needs_legal_opinion = models.BooleanField(_("asks the legal office"), default=False)
    needs_privacy_opinion = models.BooleanField(
        _("asks the data protection contact"), default=False
    )
    closing = models.CharField(
        _("closing of letters"), max_length=15, choices=Closing, default=Closing.TO_PERSON
    )
    file_plan_code = models.CharField(_("file plan code"), max_length=20, default="951.04.11")

    objects = RuleQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("kind of requester")
        verbose_name_plural = _("kinds of requesters")
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_preservation_only=False)
                | Q(lapses_after_working_days__isnull=False),
                name="requests_kind_call_lapses",
            )
        ]

    @property
    def reference_name(self) -> str:
        """What the reference is called, in the reader's language."""
        english = (get_language() or "tr").startswith("en")
        return self.reference_name_en if english else self.reference_name_tr


class KindQuestion(Rule):
    """A question of the unit's own to one kind of requester; the answer is kept with the request."""

    code = models.SlugField(_("code"), max_length=30)
    kind = models.ForeignKey(
        RequesterKind,
        on_delete=models.PROTECT,
        related_name="questions",
        verbose_name=_("kind of requester"),
    )
    is_required = models.BooleanField(_("must be answered"), default=True)

    objects = RuleQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("question to a kind of requester")
        verbose_name_plural = _("questions to kinds of requesters")
        ordering = ["kind__order", "order", "code"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "code"], name="requests_question_once")
        ]


class RefusalCode(Rule):
    """Why a request, or a part of it, is not met; `letter_text` is the sentence of the answer."""

    letter_text = models.TextField(_("sentence in the letter (Turkish)"))
    needs_evidence = models.BooleanField(_("needs proof that there is no recording"), default=False)

    objects = RuleQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("refusal code")
        verbose_name_plural = _("refusal codes")
        ordering = ["order", "code"]


class SmallUnitPeriod(models.Model):
    """While it holds, the filer may export and the unit head may verify; each use is stamped.

    The compensating control of KFS 9: a superior enters the period, which he cannot use himself, and reviews
    such a case within three working days. Dates are half open; `ends_on` null = until further notice.
    """

    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (not included)"), null=True, blank=True)
    document = models.CharField(_("document"), max_length=200)
    set_by = models.ForeignKey(
        "accounts.Person", on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = RuleQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("small-unit period")
        verbose_name_plural = _("small-unit periods")
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="requests_small_unit_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_on:%d.%m.%Y}: {self.document}"

    @classmethod
    def holds_on(cls, day: dt.date, person: Person | None = None) -> SmallUnitPeriod | None:
        """The period that covers the day (TSİ), if there is one: for a person, one that somebody else entered."""
        covering = Q(ends_on=None) | Q(ends_on__gt=day)
        rows = cls._base_manager.filter(covering, starts_on__lte=day)
        return (rows.exclude(set_by=person) if person is not None else rows).first()
