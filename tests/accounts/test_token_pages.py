"""The pages of API tokens: administrators make and revoke them, auditors read, the text is shown once."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from accounts.models import ApiToken, Person
from tests.accounts.conftest import SignedIn
from tests.inventory import rows

pytestmark = pytest.mark.django_db
FIELDS = {"name": "Portal", "scopes": ["inventory:read"], "days": "30", "networks": "10.0.0.0/8"}


def test_the_text_is_shown_once_and_is_not_in_the_list(admin: Person, signed_in: SignedIn) -> None:
    client, person = signed_in(admin), rows.person("OPERATOR")
    made = client.post(reverse("accounts:token_create"), FIELDS | {"person": person.pk})
    text = re.search(r"cctv_\w{8}_[\w-]{43}", made.content.decode())
    assert text is not None
    assert "no-store" in made.headers["Cache-Control"]
    token = ApiToken.objects.get()
    assert (token.person, token.created_by, token.networks) == (person, admin, ["10.0.0.0/8"])
    listed = client.get(reverse("accounts:tokens")).content.decode()
    assert token.prefix in listed
    assert text[0] not in listed


def test_wrong_fields_make_no_token_and_keep_what_was_typed(
    admin: Person, signed_in: SignedIn
) -> None:
    person = rows.person("OPERATOR")
    for wrong in ({"days": "400"}, {"networks": "no address"}, {"scopes": ["everything"]}):
        answer = signed_in(admin).post(
            reverse("accounts:token_create"), FIELDS | {"person": person.pk} | wrong
        )
        assert answer.status_code == 422
        assert "Portal" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_revoking_needs_a_reason(admin: Person, signed_in: SignedIn) -> None:
    client = signed_in(admin)
    client.post(reverse("accounts:token_create"), FIELDS | {"person": admin.pk})
    token = ApiToken.objects.get()
    address = reverse("accounts:token_revoke", args=[token.pk])
    client.post(address, {"because": ""})
    token.refresh_from_db()
    assert token.revoked_at is None
    client.post(address, {"because": "lost"})
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_an_auditor_reads_and_changes_nothing(admin: Person, signed_in: SignedIn) -> None:
    signed_in(admin).post(reverse("accounts:token_create"), FIELDS | {"person": admin.pk})
    token = ApiToken.objects.get()
    client = signed_in(rows.person("AUDITOR"))
    assert client.get(reverse("accounts:tokens")).status_code == 200
    assert client.get(reverse("accounts:token_create")).status_code == 403
    revoke = reverse("accounts:token_revoke", args=[token.pk])
    assert client.post(revoke, {"because": "x"}).status_code == 403


def test_others_see_no_tokens(admin: Person, someone: Person, signed_in: SignedIn) -> None:
    signed_in(admin).post(reverse("accounts:token_create"), FIELDS | {"person": admin.pk})
    token = ApiToken.objects.get()
    client = signed_in(someone)
    assert client.get(reverse("accounts:tokens")).status_code == 403
    revoke = reverse("accounts:token_revoke", args=[token.pk])
    assert client.post(revoke, {"because": "x"}).status_code == 404
