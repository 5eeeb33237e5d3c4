"""Forms of steps and moves: what happens when, because of which document."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.tsi import today

from ..models import (
    Channel,
    ChannelAssignment,
    Device,
    Installation,
    Network,
    Position,
    RecordingSchedule,
)
from ..schedules import check_hours
from .dress import DateField, DressedForm, MarksErrors, dress

if TYPE_CHECKING:
    from accounts.models import Person

_LOCAL = "%Y-%m-%dT%H:%M"
# A select with more entries is no longer a help.
MOST_CHOICES = 2000


class InstantField(forms.DateTimeField):
    """A moment in Türkiye time that is not in the future."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("From (TSİ)"))
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL)
        super().__init__(
            widget=widget,
            input_formats=[_LOCAL, "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M"],
            initial=lambda: timezone.localtime().replace(second=0, microsecond=0),
            **kwargs,
        )

    def clean(self, value: Any) -> dt.datetime | None:
        moment: dt.datetime | None = super().clean(value)
        if moment is not None and moment > timezone.now():
            raise ValidationError(gettext("This moment lies in the future."))
        return moment


class DocumentField(forms.CharField):
    """The paper that a step rests on."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Document"))
        kwargs.setdefault("help_text", _("Number and date of the paper, such as a service form."))
        super().__init__(max_length=200, **kwargs)


class PositionByCodeField(forms.CharField):
    """A position by its code, among those that the person may see."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Position code"))
        super().__init__(max_length=40, **kwargs)
        self.person: Any = None

    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        if not code:
            return None
        rows = Position.objects.visible_to(self.person).select_related("floor__building")
        row = rows.filter(code__iexact=code.strip()).first()
        if row is None:
            raise ValidationError(
                gettext("There is no position with the code %(code)s.") % {"code": code}
            )
        return row


class StepForm(DressedForm):
    """When a step took effect, and by which document."""

    on_date = DateField(label=_("Took effect on"))
    document = DocumentField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on_date"].initial = today()


class AddressForm(DressedForm):
    """The address that a device has from a moment on."""

    network = forms.ModelChoiceField(label=_("Network"), queryset=Network.objects.none())
    ip = forms.CharField(
        label=_("IP address"),
        max_length=45,
        required=False,
        help_text=_("Leave it empty for the next free one."),
    )
    mac = forms.CharField(label=_("MAC"), max_length=17, required=False)
    at = InstantField()

    def __init__(self, person: Person, device: Device, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["network"].queryset = Network.objects.visible_to(person)  # type: ignore[attr-defined]
        self.fields["mac"].initial = device.mac


class InstallForm(DressedForm):
    """A camera at a position from a moment on."""

    device = forms.ModelChoiceField(label=_("Camera"), queryset=Device.objects.none())
    lens_no = forms.IntegerField(label=_("Lens"), min_value=1, max_value=64, initial=1)
    at = InstantField()
    document = DocumentField()

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Device.objects.visible_to(person).cameras().exclude(status=Device.Status.SCRAPPED)
        self.fields["device"].queryset = rows.order_by("maker", "model", "serial")  # type: ignore[attr-defined]
        loose = rows.exclude(pk__in=Installation.objects.current().values("device"))
        field: Any = self.fields["device"]
        field.choices = [
            ("", "–––"),
            *((row.pk, f"{row} · {row.get_status_display()}") for row in loose[:MOST_CHOICES]),
        ]


class ReplaceForm(InstallForm):
    """Another camera in the place of the one that is fitted; the history stays with the position."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["lens_no"]


class UninstallForm(DressedForm):
    at = InstantField(label=_("Taken down at (TSİ)"))
    document = DocumentField()


class AssignForm(DressedForm):
    """A recorder's channel that records a position from a moment on."""

    channel = forms.ModelChoiceField(label=_("Channel"), queryset=Channel.objects.none())
    stream = forms.ChoiceField(label=_("Stream"), choices=ChannelAssignment.Stream.choices)
    at = InstantField()

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Channel.objects.visible_to(person).select_related("recorder")
        taken = ChannelAssignment.objects.current().values("channel")
        field: Any = self.fields["channel"]
        field.queryset = rows
        free = rows.exclude(pk__in=taken).order_by("recorder__maker", "recorder", "number")
        field.choices = [("", "–––"), *((row.pk, str(row)) for row in free[:MOST_CHOICES])]


class AssignToForm(DressedForm):
    """The position that a channel records from a moment on; what it recorded before ends then."""

    position = PositionByCodeField()
    stream = forms.ChoiceField(label=_("Stream"), choices=ChannelAssignment.Stream.choices)
    at = InstantField()

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].person = person  # type: ignore[attr-defined]


class ReleaseForm(DressedForm):
    at = InstantField(label=_("Ends at (TSİ)"))


class ChannelsForm(DressedForm):
    """Several channels at once: recorders come with 8, 16, 32 or 64."""

    first = forms.IntegerField(label=_("First number"), min_value=1, max_value=1024, initial=1)
    last = forms.IntegerField(label=_("Last number"), min_value=1, max_value=1024)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and not first <= last < first + 256:
            self.add_error("last", gettext("At most 256 channels, counted upwards."))
        return data


class DiskOutForm(DressedForm):
    removed_on = DateField(label=_("Removed on"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["removed_on"].initial = today()


class ScheduleForm(MarksErrors, forms.ModelForm):
    """When a position is expected to be recorded. Hours are written one line per span of days."""

    hours_text = forms.CharField(
        label=_("Hours"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "One line per span: days 1 (Monday) to 7, then hours. Example: 1-5 08:00-18:00"
        ),
    )

    class Meta:
        model = RecordingSchedule
        fields = ["kind", "reason", "valid_from", "valid_to"]
        widgets = {
            name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            for name in ("valid_from", "valid_to")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].initial = today()
        self.order_fields(["kind", "hours_text", "reason", "valid_from", "valid_to"])
        dress(self)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        kinds = RecordingSchedule.Kind
        if data.get("kind") == kinds.HOURS:
            try:
                self.instance.hours = hours_of(data.get("hours_text", ""))
                check_hours(self.instance.hours)
            except ValidationError as error:
                self.add_error("hours_text", error)
        if data.get("kind") == kinds.EXEMPT:
            if not data.get("reason"):
                self.add_error("reason", gettext("Write why nothing is recorded."))
            if not data.get("valid_to"):
                self.add_error("valid_to", gettext("An exemption needs an end date."))
        start, end = data.get("valid_from"), data.get("valid_to")
        if start and end and end <= start:
            self.add_error("valid_to", gettext("The end lies after the start."))
        return data


class ScheduleEndForm(DressedForm):
    """From which day on a schedule no longer holds, and why."""

    valid_to = DateField(label=_("First day without it"))
    because = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_to"].initial = today()


def hours_of(text: str) -> dict[str, list[list[str]]]:
    """{"0": [["08:00", "18:00"]], ...} out of lines such as "1-5 08:00-18:00". Raises ValidationError."""
    hours: dict[str, list[list[str]]] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        days, _blank, span = line.partition(" ")
        first, _dash, last = days.partition("-")
        start, _dash, end = span.replace(" ", "").replace("–", "-").partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise ValidationError(gettext("“%(line)s” does not begin with days.") % {"line": line})
        numbers = range(int(first), int(last or first) + 1)
        if not numbers or numbers[0] < 1 or numbers[-1] > 7:
            raise ValidationError(gettext("“%(line)s”: days are 1 to 7.") % {"line": line})
        for number in numbers:
            hours.setdefault(str(number - 1), []).append([start, end])
    return hours
