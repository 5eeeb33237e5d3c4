"""What narrows a list, beside the search words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.tsi import today

from ..models import (
    Building,
    Channel,
    Device,
    Installation,
    Position,
    PositionGroup,
    Site,
)
from .dress import dress

Narrow = Callable[[QuerySet[Any], Any], QuerySet[Any]]
ANY = ("", _("all"))


class ListFilter(forms.Form):
    """Search words and the filters of a list. A value that does not exist narrows nothing."""

    find = forms.CharField(label=_("Search"), required=False, max_length=100)
    # Field name to the narrowing of the rows.
    NARROWS: dict[str, Narrow] = {}

    def __init__(self, person: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fill()
        for name, field in self.fields.items():
            if name != "find":
                field.widget.attrs["data-submit"] = ""
        dress(self)

    def fill(self) -> None:
        """Sets the choices that depend on who looks."""

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that pass every filter that was given."""
        self.is_valid()
        for name, narrow in self.NARROWS.items():
            value = self.cleaned_data.get(name)
            if value:
                rows = narrow(rows, value)
        return rows

    @property
    def words(self) -> str:
        return str(self.cleaned_data.get("find") or "")


def _at_building(rows: QuerySet[Any], building: Building) -> QuerySet[Any]:
    now = timezone.now()
    fitted = Installation.objects.at(now).filter(position__floor__building=building)
    return rows.filter(
        Q(pk__in=fitted.values("device"))
        | Q(
            Q(channels__assignments__ends_at=None) | Q(channels__assignments__ends_at__gt=now),
            channels__assignments__position__floor__building=building,
        )
    ).distinct()


def _warranty(rows: QuerySet[Any], choice: str) -> QuerySet[Any]:
    day = today()
    if choice == "expired":
        return rows.filter(warranty_ends_on__lt=day)
    if choice == "none":
        return rows.filter(warranty_ends_on=None)
    until = day + dt.timedelta(days=int(choice))
    return rows.filter(warranty_ends_on__gte=day, warranty_ends_on__lte=until)


def _placed(rows: Any, choice: str) -> QuerySet[Any]:
    now = timezone.now()
    fitted = Installation.objects.at(now).values("device")
    if choice == "fitted":
        return rows.filter(pk__in=fitted)
    if choice == "loose":
        return rows.cameras().exclude(pk__in=fitted)
    if choice == "idle":
        return rows.filter(pk__in=Channel.objects.without_camera(now).values("recorder"))
    return rows.cameras_without_channel(now)


class DeviceFilter(ListFilter):
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[ANY, *Device.Kind.choices])
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[ANY, *Device.Status.choices]
    )
    building = forms.ModelChoiceField(
        label=_("Building"), required=False, queryset=Building.objects.none(), empty_label=_("all")
    )
    maker = forms.ChoiceField(label=_("Maker"), required=False)
    where = forms.ChoiceField(
        label=_("Where"),
        required=False,
        choices=[
            ANY,
            ("fitted", _("fitted at a position")),
            ("loose", _("cameras fitted nowhere")),
            ("unwired", _("cameras without a channel")),
            ("idle", _("recorders with a channel without a camera")),
        ],
    )
    warranty = forms.ChoiceField(
        label=_("Warranty"),
        required=False,
        choices=[
            ANY,
            ("30", _("ends within 30 days")),
            ("60", _("ends within 60 days")),
            ("90", _("ends within 90 days")),
            ("180", _("ends within 180 days")),
            ("expired", _("expired")),
            ("none", _("no date known")),
        ],
    )
    NARROWS = {
        "kind": lambda rows, value: rows.filter(kind=value),
        "status": lambda rows, value: rows.filter(status=value),
        "building": _at_building,
        "maker": lambda rows, value: rows.filter(maker=value),
        "where": _placed,
        "warranty": _warranty,
    }

    def fill(self) -> None:
        self.fields["building"].queryset = Building.objects.visible_to(self.person)  # type: ignore[attr-defined]
        makers = Device.objects.visible_to(self.person).order_by("maker")
        names = makers.values_list("maker", flat=True).distinct()
        self.fields["maker"].choices = [ANY, *((name, name) for name in names)]  # type: ignore[attr-defined]


class PositionFilter(ListFilter):
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[ANY, *Position.Status.choices]
    )
    building = forms.ModelChoiceField(
        label=_("Building"), required=False, queryset=Building.objects.none(), empty_label=_("all")
    )
    group = forms.ModelChoiceField(
        label=_("Group"),
        required=False,
        queryset=PositionGroup.objects.none(),
        empty_label=_("all"),
    )
    empty = forms.ChoiceField(
        label=_("Device"),
        required=False,
        choices=[ANY, ("yes", _("no device fitted")), ("no", _("a device is fitted"))],
    )
    NARROWS = {
        "status": lambda rows, value: rows.filter(status=value),
        "building": lambda rows, value: rows.filter(floor__building=value),
        "group": lambda rows, value: rows.filter(group=value),
        "empty": lambda rows, value: rows.filter(now_maker__isnull=value == "yes"),
    }

    def fill(self) -> None:
        self.fields["building"].queryset = Building.objects.visible_to(self.person)  # type: ignore[attr-defined]
        self.fields["group"].queryset = PositionGroup.objects.visible_to(self.person)  # type: ignore[attr-defined]


class BuildingFilter(ListFilter):
    site = forms.ModelChoiceField(
        label=_("Site"), required=False, queryset=Site.objects.none(), empty_label=_("all")
    )
    NARROWS = {"site": lambda rows, value: rows.filter(site=value)}

    def fill(self) -> None:
        self.fields["site"].queryset = Site.objects.visible_to(self.person)  # type: ignore[attr-defined]


class NetworkFilter(ListFilter):
    """Networks are few: words are enough."""
