"""How forms of the inventory look: the classes of the kit, dates as date fields, errors told to screen readers."""

from __future__ import annotations

from typing import Any

from django import forms


def dress(form: forms.BaseForm) -> None:
    """Gives the fields the classes of the kit."""
    for field in form.fields.values():
        widget = field.widget
        if isinstance(widget, forms.HiddenInput):
            continue
        if isinstance(widget, forms.CheckboxInput | forms.RadioSelect):
            # Groups of boxes and of buttons: each one of them wears it.
            css = "form-check-input"
        elif isinstance(widget, forms.Select | forms.SelectMultiple):
            css = "form-select"
        else:
            css = "form-control"
        widget.attrs.setdefault("class", css)


class MarksErrors(forms.BaseForm):
    """A form whose wrong fields look wrong, once they have been judged and not before."""

    def full_clean(self) -> None:
        super().full_clean()
        for name in self.errors:
            if name in self.fields:
                attrs = self.fields[name].widget.attrs
                attrs["class"] = f"{attrs.get('class', '')} is-invalid".strip()


class DateField(forms.DateField):
    """A day, entered with the browser's own date field."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        kwargs.setdefault("input_formats", ["%Y-%m-%d", "%d.%m.%Y"])
        super().__init__(**kwargs)


class DressedForm(MarksErrors, forms.Form):
    """A form in the kit's look."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


def date_widgets(*names: str) -> dict[str, forms.Widget]:
    """Browser date fields for those model fields."""
    return {name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d") for name in names}


class ConfirmForm(DressedForm):
    """Nothing to fill in: the page says what will happen, the button does it."""
