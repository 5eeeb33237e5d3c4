"""The decision as it is sent: which decision, which minutes of which camera, codes, reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import tsi
from inventory.forms.dress import DressedForm

from ..decisions.deciding import Choice, LineChoice
from ..decisions.decision_view import Summary, SummaryLine
from ..models import Decision, RefusalCode

_FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M")


class DecisionForm(DressedForm):
    """One decision. The lines of a part are the fields `line-<item>`, `from-<item>`, `until-<item>`,
    `mask-<item>` and `note-<item>`, in Türkiye time; `sound-<item>` names a camera whose sound is released.
    """

    kind = forms.ChoiceField(label=_("decision"), choices=Decision.Kind.choices)
    codes = forms.ModelMultipleChoiceField(
        label=_("refusal codes"),
        queryset=RefusalCode.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        to_field_name="code",
    )
    reason = forms.CharField(
        label=_("reason"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Goes into the answer and into the record. Only a full copy needs none."),
    )
    includes_audio = forms.BooleanField(
        label=_("Sound is released as well"),
        required=False,
        help_text=_(
            "The recorded sound of exactly the approved minutes leaves, as files of its own beside the films."
        ),
    )
    audio_reason = forms.CharField(
        label=_("why sound is released"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Why pictures alone are not enough. Goes into the record and the release statement."
        ),
    )
    sha256 = forms.CharField(widget=forms.HiddenInput)
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, summary: Summary, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.summary = summary
        self.fields["codes"].queryset = RefusalCode.objects.usable()  # type: ignore[attr-defined]
        self.fields["sha256"].initial = summary.sha256
        self.fields["shown"].initial = summary.shown_sha256

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        data["lines"] = []
        data["audio_items"] = self._heard(data)
        if data.get("kind") == Decision.Kind.PART:
            chosen = [line for line in self.summary.lines if f"line-{line.item_id}" in self.data]
            data["lines"] = [self._line(line) for line in chosen]
            if not chosen:
                raise ValidationError(
                    gettext("Choose what may leave: at least one camera and its minutes.")
                )
        return data

    def _heard(self, data: dict[str, Any]) -> list[int]:
        """The cameras whose sound is released; where only one leaves there is nothing to choose."""
        lines = self.summary.lines
        if not data.get("includes_audio") or len(lines) < 2:
            return []
        chosen = [line.item_id for line in lines if f"sound-{line.item_id}" in self.data]
        if not chosen:
            self.add_error(
                "includes_audio", gettext("Choose of which cameras the sound is released.")
            )
        return chosen

    def _line(self, line: SummaryLine) -> LineChoice:
        number = line.item_id
        return LineChoice(
            number,
            self._instant(f"from-{number}", line.start_ms),
            self._instant(f"until-{number}", line.end_ms),
            must_be_masked=line.must_be_masked or f"mask-{number}" in self.data,
            masking_note=str(self.data.get(f"note-{number}", ""))[:300].strip(),
        )

    def _instant(self, name: str, usual_ms: int) -> dt.datetime:
        """An entered time; the page shows whole seconds, so the window's own edge is kept exactly."""
        text = str(self.data.get(name, "")).strip()
        usual = tsi.from_ms(usual_ms)
        if not text or text == local_text(usual_ms):
            return usual
        for form in _FORMATS:
            try:
                return dt.datetime.strptime(text, form).replace(tzinfo=tsi.TSI)
            except ValueError:
                continue
        raise ValidationError(gettext("Write times like 21.11.2026 14:05:00."))

    def choice(self, confirmed_how: str) -> Choice:
        """The decision for `footage_requests.decisions.deciding.decide`."""
        data = self.cleaned_data
        return Choice(
            kind=data["kind"],
            seen_sha256=data["sha256"],
            shown_sha256=data["shown"],
            reason=data["reason"],
            codes=[code.code for code in data["codes"]],
            lines=data["lines"],
            includes_audio=data["includes_audio"],
            audio_items=data["audio_items"],
            audio_reason=data["audio_reason"],
            confirmed_how=confirmed_how,
        )


def local_text(instant_ms: int) -> str:
    """An instant as the browser's own field for day and time takes it, in Türkiye time."""
    return tsi.from_ms(instant_ms).astimezone(tsi.TSI).strftime(_FORMATS[0])
