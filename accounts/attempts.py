"""Failed sign-ins as django-axes counts them, without anything that was typed.

As it comes, axes keeps all fields of the form beside the count, and what was typed as the user name: a password
under another field's name, or in the wrong field, would stand in the database and in the log.
"""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest, QueryDict
from django.utils.crypto import salted_hmac

from audit.middleware import client_address

from .models import Person

_SALT = "accounts.attempts"
_EMPTY = QueryDict()


def name_of(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Under which name a try is counted: a staff number of ours, or a keyed hash of what was typed."""
    typed = str((credentials or {}).get("username") or request.POST.get("username", ""))
    if Person.objects.filter(staff_number=typed).exists():
        return typed
    return salted_hmac(_SALT, typed, algorithm="sha256").hexdigest()[:32]


def address_of(request: HttpRequest) -> str | None:
    """From which address a try is counted: the one that the audit log names, whatever proxies are in between."""
    return client_address(request) or None


class Attempts(AxesDatabaseHandler):
    """Counts as axes does; the request's fields are out of its sight meanwhile."""

    def user_login_failed(
        self,
        sender: Any,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **more: Any,
    ) -> None:
        if request is None:
            return
        got, sent = request.GET, request.POST
        request.GET, request.POST = _EMPTY, _EMPTY
        try:
            super().user_login_failed(sender, credentials, request, **more)
        finally:
            request.GET, request.POST = got, sent
