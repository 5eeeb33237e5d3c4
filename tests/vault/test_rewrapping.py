"""A new key reaches everything that was ever sealed, however often it is interrupted (C9)."""

from __future__ import annotations

import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.db.models import BinaryField, TextField
from django.utils import timezone

import vault
from audit.models import Entry
from cameras.models import LastPicture
from cameras.night.saving import picture_place
from core.secret import Secret
from inventory.models import Device
from tests.inventory import rows
from vault import crypto
from vault.errors import CredentialParked
from vault.models import Credential
from vault.rewrapping import rewrap, rewrap_batch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("write_keys")]


def stored(secret: str = "secret") -> Device:
    device = rows.device()
    vault.store(device, "admin", Secret(secret), by="test", because="first")
    return device


def photographed(data: bytes = b"\xff\xd8 picture") -> LastPicture:
    device = rows.device()
    return LastPicture.objects.create(
        device=device,
        sealed=crypto.seal_bytes(data, picture_place(device.pk)),
        content_type="image/jpeg",
        size=len(data),
        taken_at=timezone.now(),
    )


def password_of(device: Device) -> str:
    login = vault.login_for(device)
    assert login is not None
    return login.password.reveal()


def told() -> str:
    out = io.StringIO()
    call_command("vault_rewrap", stdout=out)
    return out.getvalue()


def the_logins() -> crypto.SealedColumn:
    return next(column for column in crypto.sealed_columns if column.model is Credential)


def killed_after_a_batch(after: int) -> None:
    rewrap_batch(the_logins(), 2, after)
    raise KeyboardInterrupt


def test_a_new_key_seals_everything_anew_and_the_old_one_can_go(write_keys):
    """C9: logins and pictures alike."""
    devices = [stored(f"secret {n}") for n in range(7)]
    picture = photographed(b"\xff\xd8 jpeg")
    write_keys("k1", "k2")

    assert "done: 8" in told()

    write_keys("k2")
    assert [password_of(device) for device in devices] == [f"secret {n}" for n in range(7)]
    picture.refresh_from_db()
    assert vault.open_picture(picture) == b"\xff\xd8 jpeg"
    assert {row.key_id for row in Credential.objects.all()} == {"k2"}


def test_a_rewrap_killed_half_way_is_finished_by_the_next(write_keys):
    """C9: both keys stay readable, a batch that did not commit left nothing."""
    devices = [stored(f"secret {n}") for n in range(6)]
    write_keys("k1", "k2")
    done = rewrap_batch(the_logins(), 2)
    assert done is not None
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        killed_after_a_batch(done.last)

    assert Credential.objects.filter(key_id="k2").count() == 2
    assert all(password_of(device) for device in devices)
    assert [batch.count for batch in rewrap(3)] == [3, 1]
    assert Credential.objects.filter(key_id="k2").count() == 6


def test_a_second_rewrap_changes_nothing_and_writes_no_entry(write_keys):
    stored()
    photographed()
    write_keys("k1", "k2")
    told()
    before = list(Credential.objects.values_list("ciphertext", "version"))
    entries = Entry.objects.count()

    assert "done: 0" in told()
    assert list(Credential.objects.values_list("ciphertext", "version")) == before
    assert Entry.objects.count() == entries


def test_a_refused_login_is_still_known_after_the_old_key_is_gone(write_keys):
    device = stored()
    vault.park(device, "CREDENTIAL_REFUSED")
    write_keys("k1", "k2")
    told()
    write_keys("k2")

    vault.store(device, "admin", Secret("secret"), by="test", because="typed again")

    with pytest.raises(CredentialParked):
        vault.login_for(device)


def test_a_value_that_does_not_open_is_named_and_stops_nothing_else(write_keys):
    broken, sound = stored(), stored("fine")
    Credential.objects.filter(device=broken).update(ciphertext="v1:k1:AAAA")
    row = Credential.objects.get(device=broken)
    write_keys("k1", "k2")

    with pytest.raises(CommandError, match=f"keep the old keys[^$]*of row {row.pk}"):
        told()

    write_keys("k2")
    assert password_of(sound) == "fine"


def test_every_sealed_column_of_every_app_is_named():
    """An app that seals something and tells nobody would lose it with the old key."""
    sealed = {
        f"{model._meta.db_table}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if {"sealed", "ciphertext", "wrapped"} & set(field.name.split("_"))
        and isinstance(field, BinaryField | TextField)
    }

    assert sealed <= {column.name for column in crypto.sealed_columns}
