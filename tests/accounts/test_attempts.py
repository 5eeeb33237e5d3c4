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
