"""The small forms of single acts: a reason, a day, a choice."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.tsi import today
from inventory.forms.dress import DateField, DressedForm, date_widgets, dress

from ..casework import writing
from ..casework.attachments import LARGEST_FILE
from ..models import (
    Fee,
    FootageRequest,
    InterestDeclaration,
    Opinion,
    RequestAttachment,
    RequesterKind,
)

DAYS_TO_COMPLETE = 15


class ReasonForm(DressedForm):
    because = forms.CharField(
        label=_("reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class InterestForm(DressedForm):
    """What connects a person with a case; "nothing" is offered to those who are asked."""

    why = forms.ChoiceField(label=_("what connects you with it"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("in words"),
        max_length=300,
        required=False,
        help_text=_("Stands on the page of the case. Name nobody more than is needed."),
    )

    def __init__(self, *args: Any, is_asked: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {
            InterestDeclaration.Why.IN_FOOTAGE: _("I am in the footage"),
            InterestDeclaration.Why.ASKS: _("I asked for it, or stand behind who asked"),
            InterestDeclaration.Why.RELATED: _("I am related to somebody in it"),
            InterestDeclaration.Why.OTHER: _("Another interest of mine"),
        }
        choices = [(why.value, label) for why, label in words.items()]
        if is_asked:
            choices.append((InterestDeclaration.Why.NONE.value, _("Nothing: it is somebody else")))
        self.fields["why"].choices = choices  # type: ignore[attr-defined]


class CompleteForm(ReasonForm):
    """What was missing has come, or will not come."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["because"].label = _("what came, or why it will not come")


class EbysForm(DressedForm):
    ebys_number = forms.CharField(
        label=_("EBYS number"), max_length=80, help_text=_("As EBYS gave it.")
    )
    ebys_date = DateField(label=_("EBYS date"), required=False)


class WritingForm(DressedForm):
    """The letter that follows a call or an oral request."""

    kind = forms.ModelChoiceField(
        label=_("the letter comes from"), queryset=RequesterKind.objects.none()
    )
    reference_no = forms.CharField(label=_("reference no."), max_length=80, required=False)
    ebys_number = forms.CharField(label=_("EBYS number"), max_length=80)
    ebys_date = DateField(label=_("EBYS date"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].queryset = writing.kinds()  # type: ignore[attr-defined]


class FeeForm(forms.ModelForm):
    """A fee that was notified; the letter's text stands beside it."""

    class Meta:
        model = Fee
        fields = ["amount", "basis", "pay_to", "notified_on"]
        widgets = date_widgets("notified_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class PaidForm(DressedForm):
    paid_on = DateField(label=_("paid on"))
    document = forms.CharField(label=_("receipt no."), max_length=200)


class MissingForm(DressedForm):
    what = forms.CharField(
        label=_("what is missing"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    until = DateField(label=_("to be completed by"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = today() + dt.timedelta(days=DAYS_TO_COMPLETE)


class AskOpinionForm(DressedForm):
    offices = forms.MultipleChoiceField(
        label=_("whom to ask"),
        choices=Opinion.Office.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    question = forms.CharField(
        label=_("question"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class GiveOpinionForm(DressedForm):
    advice = forms.ChoiceField(
        label=_("advice"), choices=Opinion.Advice.choices, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=_("opinion"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 8})
    )


class MergeForm(DressedForm):
    number = forms.CharField(
        label=_("into request no."), max_length=20, help_text=_("For example T-2026-00042.")
    )
    because = forms.CharField(label=_("reason"), max_length=300)

    def __init__(self, person: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_number(self) -> FootageRequest:
        wanted = self.cleaned_data["number"].strip().upper()
        row = FootageRequest.objects.visible_to(self.person).filter(number=wanted).first()
        if row is None:
            raise forms.ValidationError(_("There is no request with this number."))
        found: FootageRequest = row
        return found


class AttachForm(DressedForm):
    file = forms.FileField(label=_("File"), help_text=_("PDF, JPEG, PNG or TIFF, at most 20 MB."))
    kind = forms.ChoiceField(label=_("kind"), choices=RequestAttachment.Kind.choices)
    title = forms.CharField(label=_("Title"), max_length=150, required=False)

    def content(self) -> bytes:
        """The bytes, one more than is taken, so that too large is told from just right."""
        data: bytes = self.cleaned_data["file"].read(LARGEST_FILE + 1)
        return data
