"""Gives each request an id and tells the log from which address and session it comes."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from .context import Origin, origin


def client_address(request: HttpRequest) -> str:
    """The nearest address that is not one of our proxies; text that is no address counts as none."""
    trusted = set(settings.ENV["TRUSTED_PROXIES"])
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    address = request.META.get("REMOTE_ADDR", "")
    while address in trusted and hops:
        address = hops.pop()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


class AuditContextMiddleware:
    """Sets the origin for the whole request; stands after the session middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def session_hash() -> str:
            key = getattr(request, "session", None) and request.session.session_key
            # Keyed: the log must not be a list of live session keys.
            return salted_hmac("audit.session", key).hexdigest()[:32] if key else ""

        request_id = uuid.uuid4().hex
        with origin(Origin(request_id, client_address(request), session_hash)):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response
