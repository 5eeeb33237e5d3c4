"""The filters of the log's page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from . import searching
from .models import EntryQuerySet

# Türkiye time all year; this app stands below core and cannot ask it.
TSI = dt.timezone(dt.timedelta(hours=3))


class EntryFilter(forms.Form):
    """Every field is optional; what is not filled in does not narrow."""

    action = forms.CharField(label=_("Action"), required=False, max_length=80)
    actor = forms.CharField(label=_("Actor"), required=False, max_length=80)
    about = forms.CharField(label=_("Object"), required=False, max_length=200)
    day = forms.DateField(
        label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.visible_fields():
            field.field.widget.attrs.setdefault("class", "form-control")

    def narrow(self, entries: EntryQuerySet) -> EntryQuerySet:
        """The entries that match, newest first, before the id where the last page ended."""
        wanted = self.cleaned_data
        if wanted["action"]:
            entries = entries.filter(action__startswith=wanted["action"].strip().lower())
        if wanted["actor"]:
            entries = entries.filter(searching.by(wanted["actor"]))
        if wanted["about"]:
            entries = entries.filter(searching.about(wanted["about"]))
        if wanted["day"]:
            day = wanted["day"]
            start = dt.datetime(day.year, day.month, day.day, tzinfo=TSI)
            entries = entries.filter(taken_at__gte=start, taken_at__lt=start + dt.timedelta(days=1))
        if wanted["before"]:
            entries = entries.filter(pk__lt=wanted["before"])
        return entries.order_by("-pk")
