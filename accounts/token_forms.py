"""The form of a new API token."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import tokens
from .forms import dress
from .models import Person

USUAL_DAYS = 90


class TokenForm(forms.Form):
    """For whom, which program, what it may do, from where and for how long."""

    person = forms.ModelChoiceField(label=_("Acts for"), queryset=Person.objects.none())
    name = forms.CharField(label=_("Program"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=list(tokens.SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=_("Valid for days"), min_value=1, max_value=tokens.LONGEST_DAYS, initial=USUAL_DAYS
    )
    networks = forms.CharField(
        label=_("Only from these addresses"),
        required=False,
        max_length=1000,
        help_text=_("Addresses or ranges, with blanks between them. Empty: from everywhere."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["person"]
        people.queryset = Person.objects.filter(is_active=True)
        dress(self)

    @property
    def expires_at(self) -> dt.datetime:
        """The chosen end, behind is_valid()."""
        return timezone.now() + dt.timedelta(days=self.cleaned_data["days"])
