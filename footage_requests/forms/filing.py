"""The form of a request: who asks, on which ground, for what, where and when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import tsi
from inventory.forms.dress import DateField
from inventory.forms.rows import RowForm
from inventory.models import Building, Position

from ..casework import asked_window, attachments, facts, identity, questions
from ..models import FootageRequest, KindQuestion, LegalBasis, RequesterKind
from ..permissions import FILING

AROUND = [(10, _("10 minutes")), (30, _("30 minutes")), (60, _("1 hour")), (120, _("2 hours"))]
USUALLY_AROUND = 30
NOT_ON_THE_PHONE = ("paper", "ebys_number", "ebys_date", "written_deadline", "wants_audio")


def _time_field(label: Any, **kwargs: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        widget=forms.TimeInput(attrs={"type": "time", "step": "1"}, format="%H:%M:%S"),
        **kwargs,
    )


class RequestForm(RowForm):
    """One request. The window is entered as days and times of Türkiye; errors of the service come back
    to the fields that they are about.
    """

    first_day = DateField(label=_("day"))
    first_time = _time_field(_("from"), required=False)
    last_time = _time_field(_("until"), required=False)
    last_day = DateField(
        label=_("last day"),
        required=False,
        help_text=_("Only where it went past midnight or over several days."),
    )
    about_time = _time_field(
        _("or about"),
        required=False,
        help_text=_("“About 14:00”: the time around it is asked for."),
    )
    about_minutes = forms.TypedChoiceField(
        label=_("before and after"),
        choices=AROUND,
        coerce=int,
        required=False,
        initial=USUALLY_AROUND,
    )
    arrived_day = DateField(label=_("arrived on"))
    arrived_time = _time_field(_("at"), required=False)
    national_id = forms.CharField(
        label=_("identity or passport number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Stored sealed; shown masked."),
    )
    positions = forms.ModelMultipleChoiceField(
        queryset=Position.objects.none(),
        required=False,
        label=_("cameras"),
        widget=forms.CheckboxSelectMultiple,
    )
    paper = forms.FileField(
        label=_("scanned letter or petition"),
        required=False,
        help_text=_("PDF, JPEG, PNG or TIFF, at most 20 MB."),
    )
    incomplete = forms.BooleanField(
        label=_("register although something is missing, and ask for it afterwards"),
        required=False,
    )

    # The order of the steps on a phone, and of the cards on a desk.
    STEPS = (
        (_("Who asks"), ("kind", "requester_name", "organisation", "requester_title", "national_id", "represented_by")),
        (_("On which ground"), ("basis", "reference_no", "arrived_day", "arrived_time", "ebys_number", "ebys_date", "door", "written_deadline", "paper")),
        (_("Where and when"), ("building", "place", "positions", "first_day", "last_day", "first_time", "last_time", "about_time", "about_minutes")),
        (_("What for"), ("wants", "wants_audio", "event", "described", "purpose")),
        (_("Where the answer goes"), ("address", "phone", "email")),
    )  # fmt: skip

    class Meta:
        model = FootageRequest
        fields = [
            "kind",
            "basis",
            "door",
            "reference_no",
            "ebys_number",
            "ebys_date",
            "written_deadline",
            "requester_name",
            "organisation",
            "requester_title",
            "address",
            "phone",
            "email",
            "represented_by",
            "wants",
            "wants_audio",
            "purpose",
            "event",
            "described",
            "building",
            "place",
        ]
        widgets = {
            "ebys_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "written_deadline": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "purpose": forms.Textarea(attrs={"rows": 2}),
            "event": forms.Textarea(attrs={"rows": 2}),
            "described": forms.Textarea(attrs={"rows": 2}),
        }
        help_texts = {
            "ebys_number": _("As EBYS gave it; may be added later."),
            "described": _("Clothes, vehicle, number plate: how to recognise whom or what."),
            "written_deadline": _("Only where the letter names a day."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            for name in ("door", "positions", "paper", "incomplete"):
                self.fields.pop(name, None)
            self.initial.update(self._stored_times())

    @property
    def watched(self) -> list[str]:
        return [*super().watched, "starts_at", "ends_at", "arrived_at"]

    def fill(self) -> None:
        door = self.data.get("door") or self.initial.get("door") or FootageRequest.Door.WEB
        kinds = facts.kinds_for(door)
        if door == FootageRequest.Door.PHONE and self.instance.pk is None:
            self._shorten(kinds)
        bases = LegalBasis.objects.usable()
        if self.instance.pk is not None:
            # What a stored request rests on stays choosable after it has gone out of use.
            kinds = facts.kinds_for("") | RequesterKind.objects.filter(pk=self.instance.kind_id)
            bases |= LegalBasis.objects.filter(pk=self.instance.basis_id)
        self.fields["kind"].queryset = kinds  # type: ignore[attr-defined]
        self.fields["kind"].empty_label = gettext("choose")  # type: ignore[attr-defined]
        self.fields["basis"].queryset = bases  # type: ignore[attr-defined]
        self.fields["building"].queryset = self._buildings()  # type: ignore[attr-defined]
        self.fields["building"].empty_label = gettext("choose")  # type: ignore[attr-defined]
        self.fields["basis"].empty_label = gettext("choose")  # type: ignore[attr-defined]
        self.fields["positions"].queryset = Position.objects.filter(  # type: ignore[attr-defined]
            pk__in=self._offered_positions()
        ).select_related("floor__building")
        doors = FootageRequest.Door
        self.fields["door"].choices = [  # type: ignore[attr-defined]
            (door.value, door.label) for door in doors if door != doors.PORTAL
        ]
        self._ask()
        now = timezone.now().astimezone(tsi.TSI)
        self.fields["arrived_day"].initial = now.date()
        self.fields["arrived_time"].initial = now.strftime("%H:%M")

    def _shorten(self, kinds: QuerySet[RequesterKind]) -> None:
        """A call only starts preservation: what a letter brings is not asked for."""
        for name in NOT_ON_THE_PHONE:
            self.fields.pop(name, None)
        # Beside the plain call there is the oral request of the police, which has to be chosen.
        calls = [kind for kind in kinds if kind.starts_preservation_only]
        if len(calls) == 1:
            self.fields["kind"].initial = calls[0].pk

    def _ask(self) -> None:
        """A field for each question of the kinds on offer; the page shows those of the chosen one."""
        self.questions = list(
            KindQuestion.objects.usable().filter(kind__in=self.fields["kind"].queryset)  # type: ignore[attr-defined]
        )
        for question in self.questions:
            self.fields[questions.field_of(question)] = forms.CharField(
                label=question.name,
                max_length=questions.LONGEST_ANSWER,
                required=False,
                initial=self.instance.answers.get(question.code, ""),
            )

    def _buildings(self) -> QuerySet[Building]:
        """Those for which the person may file: a clerk sees no inventory, but must name a building."""
        scope = self.person.scope(FILING)
        inside = scope.condition(site="site_id", building="pk")
        return (
            Building.objects.filter(inside).order_by("name") if scope else Building.objects.none()
        )

    def _offered_positions(self) -> list[int]:
        """Cameras that a link brought along; others are chosen on the page that follows."""
        wanted = [*self.initial.get("positions", ())]
        if hasattr(self.data, "getlist"):
            wanted += self.data.getlist("positions")
        numbers = [int(text) for text in map(str, wanted) if text.isdecimal() and len(text) < 19]
        seen = Position.objects.visible_to(self.person).filter(pk__in=numbers)
        return list(seen.values_list("pk", flat=True))

    def _stored_times(self) -> dict[str, Any]:
        row = self.instance
        first, last, arrived = (
            instant.astimezone(tsi.TSI) for instant in (row.starts_at, row.ends_at, row.arrived_at)
        )
        return {
            "first_day": first.date(),
            "first_time": first.time(),
            "last_time": last.time(),
            "last_day": last.date() if last.date() != first.date() else None,
            "arrived_day": arrived.date(),
            "arrived_time": arrived.time(),
        }

    def clean_national_id(self) -> str:
        return identity.normal(self.cleaned_data["national_id"])

    def clean_paper(self) -> tuple[str, bytes] | None:
        """The paper's name and content, judged before anything is entered."""
        upload = self.cleaned_data["paper"]
        if not upload:
            return None
        # One byte more than is taken tells too large from just right.
        content: bytes = upload.read(attachments.LARGEST_FILE + 1)
        attachments.judge(content)
        return upload.name, content

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("first_day") and not {"first_time", "last_time", "about_time"} & set(
            self.errors
        ):
            try:
                data["starts_at"], data["ends_at"] = self._window(data)
            except ValidationError as error:
                self.take_errors(error)
        if data.get("arrived_day"):
            time = data.get("arrived_time") or dt.time(0, 0)
            data["arrived_at"] = asked_window.instant(data["arrived_day"], time)
        data["answers"] = self._answers(data)
        return data

    def _answers(self, data: dict[str, Any]) -> dict[str, str]:
        """By code, those of the chosen kind; what is no longer asked stays as it was."""
        kind = data.get("kind")
        mine = [question for question in self.questions if kind and question.kind_id == kind.pk]
        kept = {**self.instance.answers}
        for question in mine:
            text = data.get(questions.field_of(question), "").strip()
            kept.pop(question.code, None)
            if text:
                kept[question.code] = text
        return kept

    def _window(self, data: dict[str, Any]) -> tuple[dt.datetime, dt.datetime]:
        day = data["first_day"]
        exact = data.get("first_time") is not None and data.get("last_time") is not None
        if not exact and data.get("about_time") is not None:
            minutes = dt.timedelta(minutes=data.get("about_minutes") or USUALLY_AROUND)
            start, end = asked_window.about(day, data["about_time"], minutes)
        elif exact:
            start = asked_window.instant(day, data["first_time"])
            end = asked_window.instant(data.get("last_day") or day, data["last_time"])
        else:
            raise ValidationError(
                {"starts_at": gettext("Enter from when until when, or about when.")}
            )
        asked_window.check_window(start, end)
        return start, end

    def facts(self) -> dict[str, Any]:
        """The values for `footage_requests.casework.arriving`."""
        names = [name for name in facts.FIELDS if name in self.cleaned_data]
        return {name: self.cleaned_data[name] for name in names}

    def take_errors(self, error: ValidationError) -> None:
        """Puts what the service refused beside the fields that people see."""
        shown = {
            "starts_at": "first_time",
            "ends_at": "last_time",
            "arrived_at": "arrived_day",
        }
        kind = self.cleaned_data.get("kind")
        for question in self.questions:
            if kind is not None and question.kind_id == kind.pk:
                shown[questions.name_of(question)] = questions.field_of(question)
        told = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
        for name, errors in told.items():
            field = shown.get(name, name)
            for each in errors:
                self.add_error(field if field in self.fields else None, each)

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The fields in their steps, for the template."""
        found: list[dict[str, Any]] = [
            {"title": title, "fields": [self[name] for name in names if name in self.fields]}
            for title, names in self.STEPS
        ]
        # The unit's own questions stand with the reason of the request.
        found[3]["fields"] += [self[questions.field_of(row)] for row in self.questions]
        return found
