"""Asking again who sits there, at the moment of an act that binds: signing, deciding, verifying.

This is the one place where it is asked, and so the one where a second factor will be.
"""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _

from .models import Person

PASSWORD = "password"  # noqa: S105 - how somebody confirmed, not what was typed


class NotConfirmed(Exception):
    """The person could not be confirmed; the message says what to do."""


def confirm_identity(request: HttpRequest) -> str:
    """Checks what the form of `accounts/_confirm_identity.html` sent, and says how it was confirmed.

    Wrong tries are counted like those of the sign-in page. Raises NotConfirmed. The view that calls it
    is decorated with `sensitive_post_parameters("password")`.
    """
    person = request.user
    if not request.POST.get("password"):
        raise NotConfirmed(_("Enter your password once more."))
    if isinstance(person, Person):
        known = authenticate(
            request,
            username=person.staff_number,
            password=request.POST.get("password", ""),
        )
        if known is not None and known.pk == person.pk:
            return PASSWORD
    raise NotConfirmed(_("This is not your password."))
