"""Forms of shift notes: leaving one, adding a line, closing it."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from inventory.forms.dress import DressedForm, dress

from . import notes
from .models import LONGEST
from .permissions import can_leave_note

_LOCAL = "%Y-%m-%dT%H:%M"


class _Once(DressedForm):
    """A form that carries a number of its own, so that sent twice it counts once."""

    once = forms.CharField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def clean_once(self) -> uuid.UUID:
        try:
            return uuid.UUID(self.cleaned_data["once"])
        except ValueError:  # nobody sees this field, so nobody could mend it
            return uuid.uuid4()


class LeaveForm(_Once):
    """A new note. What it is about is typed in words; where several things fit, one of them is chosen."""

    text = forms.CharField(
        label=_("What should those who come next know?"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True}),
        help_text=_(
            "No password, and nothing about people in pictures: that belongs to its request."
        ),
    )
    about = forms.CharField(
        label=_("Camera, recorder or building"),
        required=False,
        max_length=100,
        help_text=_("A name, a code, a serial number or an address. May stay empty."),
    )
    # Which of the things that fit is meant, and the words for which they were offered.
    chosen = forms.ChoiceField(label=_("Which one?"), required=False, widget=forms.HiddenInput)
    offered_for = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    needed_until = forms.DateTimeField(
        label=_("Needed until (TSİ)"),
        required=False,
        input_formats=[_LOCAL, f"{_LOCAL}:%S", "%d.%m.%Y %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL),
        help_text=_("After that the note is shown as overdue. May stay empty."),
    )

    def __init__(self, person: Person, data: Any = None, about: notes.Found | None = None) -> None:
        initial = {}
        if about is not None:
            initial = {"about": about.label[:100], "chosen": about.code}
            initial["offered_for"] = initial["about"]
        super().__init__(data, initial=initial)
        self.person = person
        asked = data.get("chosen", "") if data else initial.get("chosen", "")
        known = notes.by_code(person, asked)
        if known is not None:
            self._offer([known], is_asked=False)

    def _offer(self, things: list[notes.Found], *, is_asked: bool) -> None:
        field: Any = self.fields["chosen"]
        field.choices = [("", ""), *((each.code, each.label) for each in things)]
        if is_asked:
            field.choices = field.choices[1:]
            field.widget = forms.RadioSelect(choices=field.choices)
            dress(self)

    def clean_needed_until(self) -> Any:
        moment = self.cleaned_data["needed_until"]
        if moment is not None and moment <= timezone.now():
            raise ValidationError(gettext("This moment has passed."))
        return moment

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = dict(super().clean() or {})
        words = data.get("about", "")
        is_offered = words and words == data.get("offered_for")
        known = notes.by_code(self.person, data.get("chosen", "")) if is_offered else None
        data["thing"] = known.about if known else self._found(words)
        if data["thing"] is not None and not can_leave_note(self.person, data["thing"]):
            self.add_error("about", gettext("You have no duty there, so you leave no note there."))
        return data

    def _found(self, words: str) -> Any:
        if not words:
            return None
        things = notes.find(self.person, words)
        if len(things) == 1:
            return things[0].about
        if not things:
            self.add_error("about", gettext("Nothing that you may see is called so."))
        elif len(things) > notes.MOST_FOUND:
            self.add_error("about", gettext("Very many fit. Write the code, or more of the name."))
        else:
            self._offer(things, is_asked=True)
            typed: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
            typed["offered_for"], typed["chosen"] = words, ""
            self.data = typed
            self.add_error("about", gettext("Several fit: choose one below."))
        return None


class LineForm(_Once):
    text = forms.CharField(
        label=_("Add a line"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 2})
    )


class FinishForm(DressedForm):
    outcome = forms.CharField(label=_("What came of it?"), max_length=500)
