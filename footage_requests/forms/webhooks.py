"""The form of a new webhook."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from inventory.forms.dress import DressedForm

from ..portal.targets import LONGEST_URL


class WebhookForm(DressedForm):
    """Which program is told, where, and of whose requests."""

    name = forms.CharField(label=_("name"), max_length=100)
    url = forms.CharField(
        label=_("address"),
        max_length=LONGEST_URL,
        help_text=_("Begins with https://; its host must be on the list PORTAL_HOSTS."),
    )
    person = forms.ModelChoiceField(
        label=_("Acts for"),
        queryset=Person.objects.none(),
        help_text=_(
            "The person behind the portal's token: it is told of the requests that they filed."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["person"]
        people.queryset = Person.objects.filter(is_active=True)
