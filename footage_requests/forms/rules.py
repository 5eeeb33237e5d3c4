"""The unit's rules as forms: kinds of requesters, legal bases, refusal codes, small-unit periods."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory.forms.dress import date_widgets
from inventory.forms.rows import RowForm

from ..casework import questions
from ..models import KindQuestion, LegalBasis, RefusalCode, RequesterKind, SmallUnitPeriod

MOST_WARNINGS = 10
FARTHEST_DAY = 366
_NAMES = ["name_tr", "name_en"]
_LAST = ["order", "is_active"]


class CodeForm(RowForm):
    """A rule with a code, which is fixed once the row exists: requests and papers name it."""

    def fill(self) -> None:
        if self.instance.pk is not None:
            self.fields["code"].disabled = True

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).strip().upper()


class BasisForm(CodeForm):
    class Meta:
        model = LegalBasis
        fields = ["code", *_NAMES, "citation", *_LAST]


class RefusalForm(CodeForm):
    class Meta:
        model = RefusalCode
        fields = ["code", *_NAMES, "letter_text", "needs_evidence", *_LAST]
        widgets = {"letter_text": forms.Textarea(attrs={"rows": 3})}


class KindForm(CodeForm):
    warn_days = forms.CharField(
        label=_("warn on days"),
        required=False,
        max_length=100,
        help_text=_("5 = on the fifth day, -3 = three days before the end, 0 = at half time."),
    )

    required_facts = forms.MultipleChoiceField(
        label=_("further required facts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Besides reference and identity, which have switches of their own."),
    )

    class Meta:
        model = RequesterKind
        fields = [
            "code",
            *_NAMES,
            "bases",
            "reference_name_tr",
            "reference_name_en",
            "reference_required",
            "identity_required",
            "required_facts",
            "clock",
            "days",
            "extended_days",
            "warn_days",
            "escalates_to",
            "gives",
            "masking",
            "is_judicial",
            "by_portal",
            "starts_preservation_only",
            "lapses_after_working_days",
            "writing_within_working_days",
            "fee_pay_working_days",
            "fee_warn_working_days",
            "fee_basis",
            "forbids_destruction",
            "needs_legal_opinion",
            "needs_privacy_opinion",
            "closing",
            "file_plan_code",
            *_LAST,
        ]
        widgets = {"bases": forms.SelectMultiple(attrs={"size": 6})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["warn_days"] = ", ".join(map(str, self.instance.warn_days))
        self.fields["required_facts"].choices = questions.choices()  # type: ignore[attr-defined]
        self.initial["required_facts"] = self.instance.required_facts

    def clean_warn_days(self) -> list[int]:
        words = self.cleaned_data["warn_days"].replace(",", " ").split()
        try:
            days = [int(word) for word in words]
        except ValueError:
            raise ValidationError(
                gettext("Write whole numbers with commas between them.")
            ) from None
        if len(days) > MOST_WARNINGS or any(abs(day) > FARTHEST_DAY for day in days):
            raise ValidationError(gettext("At most ten days, each within a year."))
        return days

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("starts_preservation_only") and not data.get("lapses_after_working_days"):
            self.add_error(
                "lapses_after_working_days",
                gettext("A kind that only starts preservation lapses when no letter comes."),
            )
        writing, lapses = (
            data.get(name) for name in ("writing_within_working_days", "lapses_after_working_days")
        )
        if writing and (not lapses or lapses < writing or data.get("starts_preservation_only")):
            self.add_error(
                "writing_within_working_days",
                gettext(
                    "An oral request lapses on that day or later, and is more than preservation."
                ),
            )
        if data.get("extended_days") and data.get("days", 0) >= data["extended_days"]:
            self.add_error("extended_days", gettext("Extended means more days than usual."))
        return data


class QuestionForm(RowForm):
    """A question of the unit's own; kind and code are fixed once it exists: answers name them."""

    class Meta:
        model = KindQuestion
        fields = ["kind", "code", *_NAMES, "is_required", *_LAST]
        labels = {"name_tr": _("question in Turkish"), "name_en": _("question in English")}

    def fill(self) -> None:
        if self.instance.pk is not None:
            self.fields["kind"].disabled = True
            self.fields["code"].disabled = True


class SmallUnitForm(RowForm):
    class Meta:
        model = SmallUnitPeriod
        fields = ["starts_on", "ends_on", "document"]
        widgets = date_widgets("starts_on", "ends_on")
