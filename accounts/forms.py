"""Forms of sign-in, profile, and people with their roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordMixin
from django.utils.translation import gettext_lazy as _

from core.tsi import today

from . import places
from .models import Person, RoleGrant

if TYPE_CHECKING:
    OfPerson = forms.ModelForm[Person]
    OfGrant = forms.ModelForm[RoleGrant]
else:  # Django's forms are generic for the type checker only
    OfPerson = OfGrant = forms.ModelForm


def dress(form: forms.BaseForm) -> None:
    """Gives the fields the classes of the kit."""
    for name, field in form.fields.items():
        select = isinstance(field.widget, forms.Select)
        field.widget.attrs.setdefault("class", "form-select" if select else "form-control")
        if form.is_bound and name in form.errors:
            field.widget.attrs["class"] += " is-invalid"


def name_passwords(form: forms.BaseForm, **labels: Any) -> None:
    """Calls password fields as all our screens do: Django's Turkish has another word for them."""
    for name, label in labels.items():
        form.fields[name].label = label
        form.fields[name].help_text = ""
    first = next(name for name in labels if name.endswith("1"))
    form.fields[first].help_text = _(
        "At least 12 characters, not a common password, nothing like the name."
    )


class SignInForm(AuthenticationForm):
    """Staff number and password."""

    error_messages = {
        "invalid_login": _("Staff number and password do not match."),
        "inactive": _("This account is switched off."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Staff number")
        self.fields["username"].widget.attrs |= {"autocomplete": "username", "autofocus": True}
        dress(self)


class ProfileForm(forms.ModelForm):
    """What a person sets for himself."""

    class Meta:
        model = Person
        fields = ["language", "theme"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class ChangePasswordForm(PasswordChangeForm):
    """Old password, new password twice. The view saves it, with its audit entry."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_passwords(
            self,
            old_password=_("Password until now"),
            new_password1=_("New password"),
            new_password2=_("New password once more"),
        )
        dress(self)


class PersonForm(SetPasswordMixin, forms.ModelForm):
    """A new person with a first password."""

    password1, password2 = SetPasswordMixin.create_password_fields()

    class Meta:
        model = Person
        fields = ["staff_number", "full_name", "email", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_passwords(self, password1=_("Password"), password2=_("Password once more"))
        dress(self)

    def clean(self) -> dict[str, Any] | None:
        self.validate_passwords()
        return super().clean()

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # fills the instance that the check compares with
        self.validate_password_for_user(self.instance)


def _places() -> list[tuple[str, Any]]:
    rows = [(f"{kind}:{number}", name) for (kind, number), name in places.listed()]
    return [("", _("Everything")), *rows]


class GrantForm(forms.ModelForm):
    """A role for a person, for a time, because of a document."""

    class Meta:
        model = RoleGrant
        fields = ["role", "starts_on", "ends_on", "acting_for", "document"]
        widgets = {
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"] = forms.ChoiceField(label=_("Where"), choices=_places, required=False)
        self.fields["starts_on"].initial = today()
        people = Person.objects.filter(is_active=True)
        cast(forms.ModelChoiceField, self.fields["acting_for"]).queryset = people
        self.order_fields(["role", "place", "starts_on", "ends_on", "acting_for", "document"])
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Turns the chosen place into the grant's two columns, so that the model can judge them."""
        data = super().clean() or self.cleaned_data
        kind, _colon, number = data.pop("place", "").partition(":")
        self.instance.scope_kind = data["scope_kind"] = kind or RoleGrant.ScopeKind.ALL
        self.instance.scope_id = data["scope_id"] = int(number) if number else None
        return data


class ReasonForm(forms.Form):
    """Why a right ends."""

    because = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)
