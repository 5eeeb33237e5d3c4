"""The person's language, and signing out whoever has walked away."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import translation

import audit

from . import send_again
from .models import Person

LAST_ACTIVITY = "accounts.last_activity"
# A write per click would be a write per page; a minute is exact enough for a quarter of an hour.
WRITE_EVERY_SECONDS = 60

GetResponse = Callable[[HttpRequest], HttpResponse]


class LanguageOfPersonMiddleware:
    """The language of the signed-in person; else of cookie or Accept-Language; else Turkish."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            language = request.user.language
        else:
            language = translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class IdleLogoutMiddleware:
    """Ends the session after settings.IDLE_LOGOUT_SECONDS without a person's action.

    Refreshes that a page makes by itself (`?poll=1`, or htmx' polling header) do not count as activity:
    a page left open on a desk would otherwise stay signed in for ever.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            last = request.session.get(LAST_ACTIVITY)
            if last is not None and now - last >= settings.IDLE_LOGOUT_SECONDS:
                return self._end(request)
            if last is None or (not is_poll(request) and now - last >= self._step()):
                request.session[LAST_ACTIVITY] = now
        elif request.method == "POST":
            answered = send_again.answer(request, self.get_response)
            if answered is not None:
                return answered
        return self._respond(request)

    def _respond(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if is_fragment(request) and _leads_to_sign_in(response):
            # htmx would put the sign-in page into the fragment, and a form beside it would be lost.
            return HttpResponse(status=401)
        return response

    def _end(self, request: HttpRequest) -> HttpResponse:
        """Signs out; a form that was just sent is kept for the same person's password."""
        person, kept = request.user, send_again.is_kept(request)
        self._sign_out(request)
        if kept and isinstance(person, Person):
            return send_again.ask_for_password(request, person)
        return self._respond(request)

    @staticmethod
    def _step() -> int:
        return min(WRITE_EVERY_SECONDS, settings.IDLE_LOGOUT_SECONDS // 10)

    @staticmethod
    def _sign_out(request: HttpRequest) -> None:
        person = request.user
        if isinstance(person, Person):
            with transaction.atomic():
                audit.record("session.idle_end", actor=person, target=person)
        logout(request)


def is_poll(request: HttpRequest) -> bool:
    """Did a timer of the page ask, and no person?"""
    return request.GET.get("poll") == "1" or request.headers.get("HX-Trigger", "").startswith(
        "poll"
    )


def is_fragment(request: HttpRequest) -> bool:
    """Did htmx ask for a part of a page?"""
    return request.headers.get("HX-Request") == "true"


def _leads_to_sign_in(response: HttpResponse) -> bool:
    target = response.headers.get("Location", "")
    return response.status_code == 302 and target.startswith(resolve_url(settings.LOGIN_URL))
