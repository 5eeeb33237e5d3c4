"""Entries say from which request, address and session they come."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from audit.context import current
from audit.middleware import AuditContextMiddleware, client_address
from tests.audit.conftest import write_entry


def test_an_entry_carries_the_origin_of_its_request(log):
    entries = []

    def view(request: HttpRequest) -> HttpResponse:
        entries.append(write_entry(log))
        return HttpResponse()

    request = RequestFactory().get("/", REMOTE_ADDR="10.1.2.3")
    request.session = SessionStore("secret-session-key")
    response = AuditContextMiddleware(view)(request)

    (entry,) = entries
    assert (entry.ip, entry.request_id) == ("10.1.2.3", response["X-Request-ID"])
    assert len(entry.session_hash) == 32
    assert "secret-session-key" not in entry.canon
    assert current().request_id == ""


def test_background_work_has_no_origin(log):
    entry = write_entry(log)
    assert (entry.ip, entry.request_id, entry.session_hash) == ("", "", "")


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("10.0.0.9", "", "10.0.0.9"),
        ("10.0.0.9", "1.2.3.4", "10.0.0.9"),
        ("192.0.2.1", "10.0.0.5", "10.0.0.5"),
        ("192.0.2.1", "6.6.6.6, 10.0.0.5", "10.0.0.5"),
        ("192.0.2.1", "10.0.0.5, 192.0.2.1", "10.0.0.5"),
        ("192.0.2.1", "<script>", ""),
        ("192.0.2.1", "", ""),
        ("", "1.2.3.4", ""),
    ],
)
def test_only_our_proxies_are_believed(settings, remote, forwarded, address):
    with override_settings(ENV=settings.ENV | {"TRUSTED_PROXIES": ["192.0.2.1"]}):
        request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
        assert client_address(request) == address
