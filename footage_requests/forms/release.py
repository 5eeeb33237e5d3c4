"""Forms of hand-over: one record, one copy, one link, one destruction."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from inventory.forms.dress import DateField, DressedForm, MarksErrors, dress

from ..casework.attachments import LARGEST_FILE
from ..models import Destruction, HandOverRecord, MediumKind
from ..release.handing_over import ON_A_MEDIUM
from ..release.record_content import PLAIN, RETURN

_LOCAL = "%Y-%m-%dT%H:%M"


def local_minute(moment: dt.datetime) -> str:
    """A moment as a browser's field of date and time takes it, in Türkiye time."""
    return timezone.localtime(moment).strftime(_LOCAL)


class _Moment(forms.DateTimeField):
    """A moment of Türkiye time, to the minute."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL)
        super().__init__(widget=widget, input_formats=[_LOCAL, f"{_LOCAL}:%S"], **options)


class RecordForm(MarksErrors, forms.ModelForm):
    """The fields of one kind of record; the others are not shown and not taken."""

    happened_at = _Moment(label=_("Date and time"))
    viewing_until = _Moment(label=_("Viewing ended"), required=False)

    _RECEIVER = ("receiver_name", "receiver_office", "receiver_title", "receiver_identity")
    FIELDS = {
        HandOverRecord.Kind.COPY: (
            "place",
            "happened_at",
            *_RECEIVER,
            "receiver_letter",
            "identity_checked",
            "medium",
            "medium_serial",
            "medium_count",
            "seal_no",
            "is_encrypted",
            "passphrase_by",
            "played_together",
            "witness",
            "note",
        ),
        HandOverRecord.Kind.VIEWING: (
            "place",
            "happened_at",
            "viewing_until",
            *_RECEIVER,
            "identity_checked",
            "attendees",
            "witness",
            "note",
        ),
        HandOverRecord.Kind.NOT_COLLECTED: ("place", "happened_at", "note"),
        HandOverRecord.Kind.RETURNED: (
            "place",
            "happened_at",
            "return_reason",
            "receiver_name",
            "receiver_identity",
            "seal_no",
            "seal_intact",
            "measured_sha256",
            "next_step",
            "witness",
            "note",
        ),
        HandOverRecord.Kind.NO_RECORDING: ("place", "happened_at", "witness", "note"),
        HandOverRecord.Kind.HOLD: (
            "place",
            "happened_at",
            "receiver_name",
            "receiver_office",
            "witness",
            "note",
        ),
    }

    # What the service refuses to do without is marked and told beside its field.
    REQUIRED = {
        HandOverRecord.Kind.COPY: (
            "receiver_name",
            "receiver_office",
            "receiver_identity",
            "identity_checked",
            "medium",
        ),
        HandOverRecord.Kind.VIEWING: (
            "viewing_until",
            "receiver_name",
            "receiver_office",
            "attendees",
        ),
        HandOverRecord.Kind.NOT_COLLECTED: ("note",),
        HandOverRecord.Kind.RETURNED: ("return_reason", "seal_intact", "next_step"),
    }

    class Meta:
        model = HandOverRecord
        fields = [*PLAIN, *RETURN, "witness"]

    def __init__(self, kind: str, person: Person, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shown = self.FIELDS[HandOverRecord.Kind(kind)]
        for name in [name for name in self.fields if name not in shown]:
            del self.fields[name]
        self.order_fields(shown)
        self.fields["happened_at"].initial = local_minute(timezone.now())
        if kind == HandOverRecord.Kind.RETURNED:
            self._take_back()
            self.order_fields(shown)
        for name in self.REQUIRED.get(HandOverRecord.Kind(kind), ()):
            self.fields[name].required = True
        if "medium" in self.fields:
            choices = [*ON_A_MEDIUM, MediumKind.DOWNLOAD]
            field = cast(forms.ChoiceField, self.fields["medium"])
            field.choices = [("", "–"), *((one.value, one.label) for one in choices)]
            # The model counts from none; most hand-overs are one medium.
            self.initial["medium_count"] = 1
        if "witness" in self.fields:
            others = Person.objects.filter(is_active=True).exclude(pk=person.pk)
            witness = cast(forms.ModelChoiceField, self.fields["witness"])
            witness.queryset = others.order_by("full_name")
            witness.empty_label = "–"
        dress(self)

    def _take_back(self) -> None:
        """What is asked of a medium that came back."""
        self.fields["receiver_name"].label = _("Brought back by")
        self.fields["measured_sha256"].help_text = _(
            "What “Check a package” or sha256sum says of the file on the medium."
        )
        for name, kinds in (
            ("return_reason", HandOverRecord.Return),
            ("next_step", HandOverRecord.Next),
        ):
            cast(forms.ChoiceField, self.fields[name]).choices = [("", "–"), *kinds.choices]
        self.fields["seal_intact"] = forms.TypedChoiceField(
            label=_("Seal"),
            choices=[("", "–"), ("yes", _("intact")), ("no", _("broken or missing"))],
            coerce=lambda value: value == "yes",
            empty_value=None,
        )

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        begun, ended = told.get("happened_at"), told.get("viewing_until")
        if begun and ended and ended <= begun:
            self.add_error(
                "viewing_until",
                _("The end lies before the beginning: look at “Date and time” above."),
            )
        return told

    def _post_clean(self) -> None:
        """The service judges the record as a whole; half a row is not validated here."""


class CopyForm(DressedForm):
    """For whom a sealed package is encrypted."""

    recipient_name = forms.CharField(label=_("Recipient"), max_length=150)


class LinkForm(DressedForm):
    """A download link for one recipient."""

    recipient_name = forms.CharField(label=_("Recipient"), max_length=150)
    recipient_contact = forms.CharField(
        label=_("E-mail or phone of the recipient"),
        max_length=150,
        help_text=_("The link goes one way, the code and the passphrase another."),
    )
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=30, initial=7)
    downloads_allowed = forms.IntegerField(
        label=_("Downloads allowed"), min_value=1, max_value=10, initial=2
    )

    def expires_at(self) -> dt.datetime:
        return timezone.now() + dt.timedelta(days=self.cleaned_data["days"])


class DestructionForm(DressedForm):
    """Why our copy goes."""

    trigger = forms.ChoiceField(label=_("Kind"), choices=Destruction.Trigger.choices)
    reason = forms.CharField(
        label=_("Why the reason to keep it has ceased"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class StockForm(DressedForm):
    """Media that came in, or were counted away."""

    kind = forms.ChoiceField(
        label=_("Medium"), choices=[(one.value, one.label) for one in ON_A_MEDIUM]
    )
    change = forms.IntegerField(
        label=_("How many (minus: taken out)"), min_value=-10_000, max_value=10_000
    )
    document = forms.CharField(label=_("Document or reason"), max_length=200)


class CloseForm(DressedForm):
    """When our copy is destroyed."""

    delete_by = DateField(label=_("Our copy is deleted by"))


class SignedPaperForm(DressedForm):
    """The signed paper as it came from the scanner."""

    file = forms.FileField(label=_("File"), help_text=_("PDF, JPEG, PNG or TIFF, at most 20 MB."))

    def content(self) -> bytes:
        """The bytes, one more than is taken, so that too large is told from just right."""
        data: bytes = self.cleaned_data["file"].read(LARGEST_FILE + 1)
        return data
