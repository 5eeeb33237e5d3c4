"""Adding devices to a contract by serial number, MAC, asset register number or inventory number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Device
from ..text import normal_mac
from .dress import DressedForm

if TYPE_CHECKING:
    from accounts.models import Person

MOST_LINES = 2000


class DevicesForm(DressedForm):
    """One device per line. A line that names none, or more than one, is an error of that line."""

    devices = forms.CharField(
        label=_("Devices"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("One per line: serial number, MAC, asset register no. or inventory no. (#12)."),
    )

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_devices(self) -> list[Device]:
        lines = [line.strip() for line in self.cleaned_data["devices"].splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > MOST_LINES:
            raise ValidationError(gettext("At most %(most)d lines at once.") % {"most": MOST_LINES})
        found, wrong = [], []
        for line in lines:
            rows = list(self._named(line)[:2])
            if len(rows) == 1:
                found.append(rows[0])
            else:
                wrong.append(line)
        if wrong:
            words = gettext("These name no device, or more than one: %(lines)s")
            raise ValidationError(words % {"lines": ", ".join(wrong[:20])})
        return found

    def _named(self, line: str) -> Any:
        rows = Device.objects.visible_to(self.person)
        if line.startswith("#") and line[1:].isdecimal() and len(line) < 19:
            return rows.filter(pk=int(line[1:]))
        named = Q(serial__iexact=line) | Q(asset_register_no=line)
        try:
            mac = normal_mac(line)
        except ValueError:
            mac = ""
        return rows.filter(named | Q(mac=mac) if mac else named)
