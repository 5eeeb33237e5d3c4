"""A person of the portal finds the requests again after a new SECRET_KEY and after a new vault key."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pytest_django import Settings

from footage_requests.models import FootageRequest, LookupKey
from footage_requests.portal import whose
from tests.requests.portal_calls import Portal, install_rules
from vault import rewrapping

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _place(settings: Settings, tmp_path: Path) -> None:
    install_rules()
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0


def numbers(portal: Portal) -> list[str]:
    return [row["number"] for row in portal.get().json()["results"]]


def test_requests_are_found_after_a_new_secret_key(settings: Settings) -> None:
    portal = Portal()
    number = portal.file().json()["number"]
    before = FootageRequest.objects.get().on_behalf_of_hash
    settings.SECRET_KEY = "another key of fifty characters or more, made for this test"
    assert whose.hash_of(portal.on_behalf_of) == before
    assert numbers(portal) == [number]


def test_a_hash_of_before_is_found_and_gets_the_new_one() -> None:
    portal = Portal()
    number = portal.file().json()["number"]
    old = whose.old_hash_of(portal.on_behalf_of)
    FootageRequest.objects.update(on_behalf_of_hash=old)
    assert numbers(Portal(portal.person, on_behalf_of="somebody-else")) == []
    assert FootageRequest.objects.get().on_behalf_of_hash == old
    assert numbers(portal) == [number]
    assert FootageRequest.objects.get().on_behalf_of_hash == whose.hash_of(portal.on_behalf_of)


def test_the_key_is_sealed_made_once_and_survives_a_new_vault_key(
    settings: Settings, tmp_path: Path
) -> None:
    before = whose.hash_of("user-1")
    row = LookupKey.objects.get()
    ring = Path(settings.VAULT_KEY_FILE).read_text()
    fresh = base64.b64encode(b"n" * 32).decode()
    settings.VAULT_KEY_FILE = tmp_path / "keys"
    settings.VAULT_KEY_FILE.write_text(f"{ring.rstrip()}\nnew:{fresh}\n")
    settings.VAULT_KEY_FILE.chmod(0o600)
    list(rewrapping.rewrap())
    row.refresh_from_db()
    assert row.sealed.startswith("v1:new:")
    settings.VAULT_KEY_FILE.write_text(f"new:{fresh}\n")
    assert whose.hash_of("user-1") == before
    assert LookupKey.objects.count() == 1
