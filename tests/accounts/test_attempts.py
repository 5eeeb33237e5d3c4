"""What somebody types to sign in, or to confirm an act, is written down nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import authenticate
from django.test import RequestFactory

from accounts import send_again
from tests.inventory import rows

pytestmark = pytest.mark.django_db


def test_neither_the_password_nor_the_form_around_it_is_kept(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.AXES_ENABLED = True
    person = rows.person()
    fields = {send_again.PASSWORD: "Karpuz-2026-mavi", "national_id": "10000000146"}
    request = RequestFactory().post("/?q=geheim", fields)

    for typed in (person.staff_number, "Yanlis-alana-yazilan-parola"):
        assert authenticate(request, username=typed, password="Karpuz-2026-mavi") is None

    kept = [f"{row.username} {row.get_data} {row.post_data}" for row in AccessAttempt.objects.all()]
    assert len(kept) == 2
    assert request.POST[send_again.PASSWORD]
    for secret in ("Karpuz", "10000000146", "Yanlis", "geheim"):
        assert secret not in caplog.text + " ".join(kept)


def test_behind_our_proxy_a_stranger_does_not_lock_the_person_out(settings: Any) -> None:
    settings.AXES_ENABLED = True
    settings.ENV = settings.ENV | {"TRUSTED_PROXIES": ["192.0.2.1", "192.0.2.2"]}
    person = rows.person("operator")
    person.set_password("Karpuz-2026-mavi")
    person.save()

    def sign_in(client_address: str, password: str) -> Any:
        request = RequestFactory().post(
            "/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=client_address
        )
        return authenticate(request, username=person.staff_number, password=password)

    for _ in range(settings.AXES_FAILURE_LIMIT + 1):
        assert sign_in("203.0.113.9", "Yanlis-2026") is None

    assert sign_in("203.0.113.9", "Karpuz-2026-mavi") is None
    assert sign_in("198.51.100.7", "Karpuz-2026-mavi") == person
    assert {row.ip_address for row in AccessAttempt.objects.all()} == {"203.0.113.9"}
