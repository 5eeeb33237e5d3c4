"""No export carries sound, so nobody is offered to release it."""

from __future__ import annotations

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_who_decides_reads_that_there_is_no_sound_and_has_no_box_for_it(campus, client):
    request = campus.submitted(wants_audio=True)
    client.force_login(campus.superior)

    page = client.get(reverse("footage_requests:decide", args=[request.pk])).content.decode()

    assert "includes_audio" not in page
    assert "sessiz alınır" in page
