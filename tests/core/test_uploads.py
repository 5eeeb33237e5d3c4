"""What a stranger sends fills no disk (F6)."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse


@pytest.mark.django_db
def test_five_gigabytes_are_refused_before_they_are_stored() -> None:
    body = {"file": SimpleUploadedFile("a.bin", b"x")}
    page = reverse("accounts:sign_in")

    assert Client().post(page, body).status_code == 200
    assert Client().post(page, body, CONTENT_LENGTH=str(5 * 1024**3)).status_code == 413
