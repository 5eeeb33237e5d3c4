"""A form that was sent after the session had ended through idleness: asked for the password, then sent on.

What was written travels through the page, not through the server: nothing of it is stored. Passwords and
files cannot travel that way; the form says itself that they are missing. Only a form that carried a valid
CSRF token is kept, or a foreign page could have its own form sent with the person's password.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import authenticate, login
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils.translation import gettext as _

import audit

from .models import Person

PASSWORD, PERSON = "sign_in_again_password", "sign_in_again_as"
SALT = "accounts.send_again"
# A page that lay open over night is signed in for in the usual way.
LONGEST_SECONDS = 12 * 3600
NEVER_KEPT = {"csrfmiddlewaretoken", PASSWORD, PERSON}


def is_kept(request: HttpRequest) -> bool:
    """Whether this is a form of ours whose fields may be shown again."""
    if request.method != "POST" or request.headers.get("HX-Request") == "true":
        return False
    return _has_valid_token(request)


def ask_for_password(request: HttpRequest, person: Person, error: str = "") -> HttpResponse:
    """The page with the form's fields and one question."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in NEVER_KEPT and "password" not in name and "secret" not in name
    ]
    context = {
        "fields": fields,
        "person_name": person.full_name,
        "person_field": PERSON,
        "password_field": PASSWORD,
        "signed_person": signing.dumps(person.pk, salt=SALT),
        "error": error,
    }
    return render(request, "accounts/send_again.html", context, status=401)


def answer(
    request: HttpRequest, get_response: Callable[[HttpRequest], HttpResponse]
) -> HttpResponse | None:
    """Signs the person in again and sends the form on. None when the request is no such form."""
    # Only a form of a browser may be read here: the API reads its bodies itself, and can do so once.
    if "Authorization" in request.headers or request.user.is_authenticated:
        return None
    if PERSON not in request.POST or not is_kept(request):
        return None
    try:
        pk = signing.loads(request.POST[PERSON], salt=SALT, max_age=LONGEST_SECONDS)
        person = Person.objects.get(pk=pk)
    except (signing.BadSignature, Person.DoesNotExist):
        return None
    known = authenticate(
        request, username=person.staff_number, password=request.POST.get(PASSWORD, "")
    )
    with transaction.atomic():
        if not isinstance(known, Person):
            audit.record("session.refuse", actor="sign-in", target=person, known=True)
            return ask_for_password(request, person, _("Staff number and password do not match."))
        login(request, known)
        audit.record("session.sign_in", actor=known, target=known)
    return get_response(request)


def _has_valid_token(request: HttpRequest) -> bool:
    # Django's own check, made before sign-in gives the browser a new token. It is not made again later.
    check = CsrfViewMiddleware(lambda _request: HttpResponse())
    return check.process_view(request, lambda _request: HttpResponse(), (), {}) is None
