"""Who calls the REST API: tokens, signed-in browsers, what they may do and how often.

A browser's session may only read: whoever wants to change something from a program needs a token, and a
page of another origin can then do nothing with a session. A token gives at most the rights of its person.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from redis.exceptions import RedisError
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from audit.context import current, origin
from audit.middleware import client_address

from . import tokens
from .models import ApiToken, Person

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer cctv_...`. Why a token is refused is not told to whoever holds it."""

    def authenticate(self, request: Request) -> tuple[Person, ApiToken] | None:
        kind, _space, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            if tokens.is_in(f"{kind} {text}"):
                raise AuthenticationFailed(
                    _("Write the token behind the word Bearer: “Authorization: Bearer cctv_…”.")
                )
            return None
        token = tokens.find(text.strip(), client_address(request._request))
        if token is None:
            raise AuthenticationFailed(_("This token is not valid here."))
        return token.person, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionReading(SessionAuthentication):
    """The signed-in person of a browser. Unsafe methods need the CSRF token, and are refused by MayCall."""


class MayCall(BasePermission):
    """The scope of the token and the right of the person, as the view's `access` asks for them."""

    def has_permission(self, request: Request, view: Any) -> bool:
        person = request.user
        if not isinstance(person, Person):
            return False
        access = view.access_for(getattr(view, "action", None))
        if access is None:
            return False
        if isinstance(request.auth, ApiToken):
            if access.scope and access.scope not in request.auth.scopes:
                words = {"scope": access.scope}
                raise PermissionDenied(_("This token lacks the scope %(scope)s.") % words, "scope")
        elif request.method not in SAFE_METHODS:
            raise PermissionDenied(_("Changes through the API need a token."), "token_needed")
        return bool(access.may(person))


class PerCaller(BaseThrottle):
    """At most settings.API_CALLS_PER_MINUTE per token, person or (without either) address.

    Counted in the shared cache.

    One atomic counter per caller and minute: processes cannot overtake each other between reading and
    writing it. Without the cache's server calls go through: it guards against load, not against access.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        key = f"api:{_name_of(request)}:{int(time.time()) // WINDOW_SECONDS}"
        try:
            count = _next(key)
        except (RedisError, ValueError):  # ValueError: the key vanished between two calls
            log.warning("The cache does not answer: calls of the API are not counted.")
            return True
        return bool(count <= settings.API_CALLS_PER_MINUTE)

    def wait(self) -> float:
        """Seconds until the next window, for Retry-After."""
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS


def _name_of(request: Request) -> str:
    """Whose calls are counted together."""
    if isinstance(request.auth, ApiToken):
        return f"token:{request.auth.prefix}"
    if isinstance(request.user, Person):
        return f"person:{request.user.pk}"
    return f"address:{client_address(request._request)}"


def _next(key: str) -> int:
    """Counts one call more, in one step of the cache whoever else counts at the same time."""
    try:
        return int(cache.incr(key))
    except ValueError:  # the first call of this minute
        return 1 if cache.add(key, 1, timeout=2 * WINDOW_SECONDS) else int(cache.incr(key))


def caller(request: Request) -> Person:
    """The person who calls, behind MayCall. Raises NotAuthenticated where nobody is signed in."""
    if not isinstance(request.user, Person):
        raise NotAuthenticated
    return request.user


@contextmanager
def acting(request: Request) -> Iterator[None]:
    """Audit entries written inside name the token beside the person, where a session would stand."""
    token = request.auth
    if not isinstance(token, ApiToken):
        yield
        return
    with origin(replace(current(), session_hash=lambda: f"token:{token.prefix}")):
        yield


class _TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of the page API tokens.",
        }


class _SessionScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.SessionReading"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "A signed-in browser; reading only.",
        }
