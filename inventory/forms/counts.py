"""Forms of a stock count."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.tsi import today

from ..counting import YEAR
from ..models import CountLine
from .dress import DateField, DressedForm

_ANSWERS = [("", "–"), ("true", _("yes")), ("false", _("no"))]


class StartForm(DressedForm):
    note = forms.CharField(label=_("Note"), max_length=300, required=False)


class CloseForm(DressedForm):
    """Closing a count says when the next one is due."""

    next_due_on = DateField(label=_("Next count due on"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["next_due_on"].initial = today() + YEAR

    def clean_next_due_on(self) -> Any:
        day = self.cleaned_data["next_due_on"]
        if day <= today():
            raise ValidationError(gettext("The next count lies in the future."))
        return day


class LineForm(DressedForm):
    """What was seen of one device: found or not, and the checklist."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=[("", "–"), *CountLine.Outcome.choices])
    serial_matches = forms.TypedChoiceField(
        label=_("Serial number matches"),
        choices=_ANSWERS,
        required=False,
        empty_value=None,
        coerce=lambda text: text == "true",
    )
    label_readable = forms.TypedChoiceField(
        label=_("Label is readable"),
        choices=_ANSWERS,
        required=False,
        empty_value=None,
        coerce=lambda text: text == "true",
    )
    is_sound = forms.TypedChoiceField(
        label=_("Sound and clean"),
        choices=_ANSWERS,
        required=False,
        empty_value=None,
        coerce=lambda text: text == "true",
    )
    note = forms.CharField(label=_("Where or what"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("outcome") == CountLine.Outcome.ELSEWHERE and not data.get("note"):
            self.add_error("note", gettext("Write where it was found."))
        return data


class SurplusForm(DressedForm):
    """Something that is here and not expected."""

    serial = forms.CharField(label=_("Serial number seen"), max_length=120)
    note = forms.CharField(label=_("Where or what"), max_length=200, required=False)
