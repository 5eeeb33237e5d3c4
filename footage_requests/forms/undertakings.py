"""Forms of the confidentiality undertaking: a scanned paper, a new text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.forms.dress import DateField, DressedForm, dress

from ..casework.attachments import LARGEST_FILE
from ..models import UndertakingText


class PaperForm(DressedForm):
    signed_on = DateField(label=_("signed on"))
    file = forms.FileField(label=_("File"), help_text=_("PDF, JPEG, PNG or TIFF, at most 20 MB."))

    def content(self) -> bytes:
        """The bytes, one more than is taken, so that too large is told from just right."""
        data: bytes = self.cleaned_data["file"].read(LARGEST_FILE + 1)
        return data


class TextForm(forms.ModelForm):
    class Meta:
        model = UndertakingText
        fields = ["text_tr", "text_en", "valid_months"]
        widgets = {
            "text_tr": forms.Textarea(attrs={"rows": 18, "lang": "tr"}),
            "text_en": forms.Textarea(attrs={"rows": 12, "lang": "en"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def clean_valid_months(self) -> int:
        months = int(self.cleaned_data["valid_months"])
        if not 1 <= months <= 60:
            raise forms.ValidationError(_("Between 1 and 60 months."))
        return months
