"""Forms that edit one row: devices, positions, places, groups, networks, contracts."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.tsi import today

from .. import editing
from ..models import (
    Building,
    Channel,
    Contract,
    Contractor,
    Device,
    Disk,
    Floor,
    ModelLife,
    Network,
    Position,
    PositionGroup,
    Site,
)
from ..text import serial_key
from ..words import column_name
from .dress import MarksErrors, date_widgets, dress

if TYPE_CHECKING:
    from accounts.models import Person

LONGEST_SPAN_MONTHS = 240


class RowForm(MarksErrors, forms.ModelForm):
    """A form of one stored row. It carries what its reader saw, so that a later change is noticed."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        # Before validation writes into the instance.
        self.stored = editing.state_of(self.instance, self.watched)
        self.fields["seen"].initial = editing.sealed(self.stored)
        self._take_labels()
        self.fill()
        dress(self)

    def _take_labels(self) -> None:
        """Labels as the model words them: Django makes "istenen" to "Istenen", the page to "İstenen"."""
        told = {*self.declared_fields, *(self._meta.labels or {})}
        columns = (*self._meta.model._meta.fields, *self._meta.model._meta.many_to_many)
        for column in columns:
            if column.name in self.fields and column.name not in told:
                self.fields[column.name].label = column_name(column)

    @property
    def watched(self) -> list[str]:
        """The model fields of the form."""
        return [name for name in self._meta.fields or () if name != "seen"]

    def fill(self) -> None:
        """Sets the choices that depend on the person."""

    def conflicts(self) -> list[editing.Difference]:
        """What somebody else changed since the form was shown."""
        if self.instance.pk is None:
            return []
        return editing.differences(self.instance, self.data.get("seen", ""), self.stored)

    def show_again(self) -> None:
        """Lets the refused form carry what is stored now: saving it again is a decision."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["seen"] = editing.sealed(self.stored)  # type: ignore[index]


class DeviceForm(RowForm):
    """A camera or a recorder. Where it is and what state it is in are moves and steps, not fields."""

    warranty_months = forms.IntegerField(
        label=_("Warranty in months from the purchase"),
        required=False,
        min_value=1,
        max_value=LONGEST_SPAN_MONTHS,
        help_text=_("Fills the end date when that is left empty."),
    )

    class Meta:
        model = Device
        fields = [
            "kind",
            "maker",
            "model",
            "serial",
            "mac",
            "firmware",
            "asset_register_no",
            "purpose",
            "purchased_on",
            "warranty_ends_on",
            "audio_off",
            "protocol",
            "http_port",
            "rtsp_port",
            "tls",
        ]
        widgets = date_widgets("purchased_on", "warranty_ends_on")

    def fill(self) -> None:
        self.fields["http_port"].widget.attrs |= {"min": 1, "max": 65535}
        self.fields["rtsp_port"].widget.attrs |= {"min": 1, "max": 65535}
        self.order_fields([*self.watched[:10], "warranty_months"])
        if self.instance.pk:
            self.fields["kind"].disabled = True

    def clean_http_port(self) -> int:
        return _port(self.cleaned_data["http_port"]) or 80

    def clean_rtsp_port(self) -> int | None:
        return _port(self.cleaned_data["rtsp_port"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        bought, months = data.get("purchased_on"), data.get("warranty_months")
        if bought and months and not data.get("warranty_ends_on"):
            data["warranty_ends_on"] = _months_after(bought, months)
        if bought and bought > today():
            self.add_error("purchased_on", gettext("This day lies in the future."))
        key = serial_key(data.get("maker", ""), data.get("serial", ""))
        other = Device.objects.filter(serial_key=key).exclude(pk=self.instance.pk).first()
        if key and other is not None:
            self.add_error(
                "serial",
                gettext("This serial number belongs to %(device)s (no. %(number)d, %(status)s).")
                % {"device": other, "number": other.pk, "status": other.get_status_display()},
            )
        return data


class PositionForm(RowForm):
    """A place with a view. Its status is a step."""

    class Meta:
        model = Position
        fields = ["code", "name", "floor", "group", "purpose"]

    def fill(self) -> None:
        floors = Floor.objects.visible_to(self.person).select_related("building")
        self.fields["floor"].queryset = floors.order_by("building", "level")  # type: ignore[attr-defined]
        self.fields["group"].queryset = PositionGroup.objects.visible_to(self.person)  # type: ignore[attr-defined]


class SiteForm(RowForm):
    class Meta:
        model = Site
        fields = ["name", "code"]


class BuildingForm(RowForm):
    class Meta:
        model = Building
        fields = ["site", "name", "code"]

    def fill(self) -> None:
        self.fields["site"].queryset = Site.objects.visible_to(self.person)  # type: ignore[attr-defined]


class FloorForm(RowForm):
    class Meta:
        model = Floor
        fields = ["building", "name", "level"]
        help_texts = {"level": _("0 is the entrance, -1 the first basement.")}

    def fill(self) -> None:
        self.fields["building"].queryset = Building.objects.visible_to(self.person)  # type: ignore[attr-defined]


class GroupForm(RowForm):
    class Meta:
        model = PositionGroup
        fields = [
            "name",
            "retention_goal_days",
            "lost_seconds_allowed",
            "gap_seconds_allowed",
            "silent_days_allowed",
        ]


class NetworkForm(RowForm):
    class Meta:
        model = Network
        fields = ["name", "cidr", "via"]
        labels = {"via": _("reached through recorder")}
        help_texts = {
            "cidr": _("For example 10.20.0.0/16."),
            "via": _("Only for the inner network of a recorder with its own camera ports."),
        }

    def fill(self) -> None:
        self.fields["via"].queryset = Device.objects.visible_to(self.person).recorders()  # type: ignore[attr-defined]

    def clean_cidr(self) -> str:
        text = str(self.cleaned_data["cidr"]).strip()
        try:
            return str(ipaddress.ip_network(text))
        except ValueError:
            raise ValidationError(
                gettext("%(cidr)s is not a network range.") % {"cidr": text}
            ) from None


class ChannelForm(RowForm):
    class Meta:
        model = Channel
        fields = ["number", "name"]


class DiskForm(RowForm):
    class Meta:
        model = Disk
        fields = ["slot", "serial", "capacity_gb", "fitted_on"]
        widgets = date_widgets("fitted_on")


class ContractorForm(RowForm):
    class Meta:
        model = Contractor
        fields = ["name", "phone", "email", "response_hours", "note"]


class ContractForm(RowForm):
    class Meta:
        model = Contract
        fields = ["kind", "name", "number", "contractor", "starts_on", "last_day", "note"]
        widgets = date_widgets("starts_on", "last_day")

    def fill(self) -> None:
        self.fields["contractor"].queryset = Contractor.objects.visible_to(self.person)  # type: ignore[attr-defined]


class ModelLifeForm(RowForm):
    class Meta:
        model = ModelLife
        fields = ["maker", "model", "end_of_sale_on", "end_of_support_on", "note"]
        widgets = date_widgets("end_of_sale_on", "end_of_support_on")


def _port(value: int | None) -> int | None:
    if value is not None and not 1 <= value <= 65535:
        raise ValidationError(gettext("A port lies between 1 and 65535."))
    return value


def _months_after(day: Any, months: int) -> Any:
    """The same day of the month that many months later, or that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    for last in range(day.day, 27, -1):
        try:
            return day.replace(year=day.year + years, month=month + 1, day=last)
        except ValueError:
            continue
    return day.replace(year=day.year + years, month=month + 1)
