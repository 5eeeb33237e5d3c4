"""What narrows a list, beside the search words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from ..filters import BuildingFilters, DeviceFilters, NetworkFilters, PositionFilters
from ..models import Building, Device, Position, PositionGroup, Site
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
            if name not in {"find", "search"}:
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


class SharedFilter(ListFilter):
    """The head of a list whose filters are those of the API: each field has the name of one of them.

    What the API could be asked and the page has no field for counts as well, and stays in the address.
    """

    find = None  # type: ignore[assignment]  # takes the field away: the API calls it `search`
    search = forms.CharField(label=_("Search"), required=False, max_length=100)
    FILTERS: type[FilterSet] = FilterSet

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that pass every filter that was given and can be read."""
        self.is_valid()
        found: QuerySet[Any] = self.FILTERS(self.data, queryset=rows).qs
        return found

    @property
    def asked(self) -> dict[str, str]:
        """Every filter that was given, by its name."""
        given = {name: str(self.data.get(name, "")) for name in self.FILTERS.base_filters}
        return {name: value for name, value in given.items() if value}

    @property
    def unseen(self) -> dict[str, str]:
        """The given filters that have no field here."""
        return {name: value for name, value in self.asked.items() if name not in self.fields}


class DeviceFilter(SharedFilter):
    FILTERS = DeviceFilters
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

    def fill(self) -> None:
        self.fields["building"].queryset = Building.objects.visible_to(self.person)  # type: ignore[attr-defined]
        makers = Device.objects.visible_to(self.person).order_by("maker")
        names = makers.values_list("maker", flat=True).distinct()
        self.fields["maker"].choices = [ANY, *((name, name) for name in names)]  # type: ignore[attr-defined]


class PositionFilter(SharedFilter):
    FILTERS = PositionFilters
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
    fitted = forms.ChoiceField(
        label=_("Device"),
        required=False,
        choices=[ANY, ("false", _("no device fitted")), ("true", _("a device is fitted"))],
    )

    def fill(self) -> None:
        self.fields["building"].queryset = Building.objects.visible_to(self.person)  # type: ignore[attr-defined]
        self.fields["group"].queryset = PositionGroup.objects.visible_to(self.person)  # type: ignore[attr-defined]


class BuildingFilter(SharedFilter):
    FILTERS = BuildingFilters
    site = forms.ModelChoiceField(
        label=_("Site"), required=False, queryset=Site.objects.none(), empty_label=_("all")
    )

    def fill(self) -> None:
        self.fields["site"].queryset = Site.objects.visible_to(self.person)  # type: ignore[attr-defined]


class NetworkFilter(SharedFilter):
    """Networks are few: words are enough."""

    FILTERS = NetworkFilters
