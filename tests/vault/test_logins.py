"""The login of a device: stored sealed, given to workers, parked when refused, never told."""

from __future__ import annotations

import io
import pickle

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.views.debug import ExceptionReporter

import vault
from audit.models import Entry
from core.secret import Secret
from inventory.models import Device
from tests.inventory import rows
from vault.errors import CredentialParked, KeyMissing, NotOpened, VaultError
from vault.models import Credential

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("write_keys")]
CANARY = "CANARY-9f31-şifre"


def stored(secret: str = CANARY) -> Device:
    device = rows.device()
    vault.store(device, "admin", Secret(secret), by=rows.person("OPERATOR"), because="first")
    return device


def given(device: Device) -> tuple[str, str]:
    """What a worker gets: user name and plain password."""
    login = vault.login_for(device)
    assert login is not None
    return login.username, login.password.reveal()


def everything_in_the_database() -> str:
    with connection.cursor() as cursor:
        dump = []
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            dump.append(repr(cursor.fetchall()))
    return "\n".join(dump)


def test_the_worker_gets_what_was_stored():
    assert given(stored()) == ("admin", CANARY)


def test_a_device_without_a_login_has_none():
    assert vault.login_for(rows.device()) is None


def test_no_secret_stands_in_any_table():
    """C11, C12: rows, histories and the audit log."""
    device = stored()
    vault.park(device, "CREDENTIAL_REFUSED")
    vault.store(device, "admin", Secret(CANARY + "2"), by="test", because="changed")

    assert "CANARY" not in everything_in_the_database()


def test_nothing_prints_or_pickles_the_secret():
    """C16."""
    device = stored()
    login, credential = vault.login_for(device), Credential.objects.get()

    told = f"{login} {login!r} {credential} {credential!r} {login and login.password:>5}"
    assert CANARY not in told
    assert credential.ciphertext not in told
    with pytest.raises(TypeError):
        pickle.dumps(login)


def test_a_change_is_audited_with_a_fingerprint_only():
    device = stored()
    vault.store(device, "admin", Secret("another"), by="test", because="yearly")

    first, second = Entry.objects.filter(action="credential.store").order_by("pk")
    assert (first.because, second.because) == ("first", "yearly")
    assert "password_hmac" in second.canon
    assert second.canon != first.canon
    assert "another" not in second.canon


def test_two_ciphertexts_swapped_by_sql_do_not_open():
    """C10."""
    one, two = stored("one"), stored("two")
    blobs = {c.device_id: c.ciphertext for c in Credential.objects.all()}
    Credential.objects.filter(device=one).update(ciphertext=blobs[two.pk])
    Credential.objects.filter(device=two).update(ciphertext=blobs[one.pk])

    for device in (one, two):
        with pytest.raises(NotOpened, match="another row"):
            vault.login_for(device)


def test_without_the_key_file_nothing_opens(write_keys):
    """C11: the key lives outside the database."""
    device = stored()
    write_keys("other")

    with pytest.raises(KeyMissing):
        vault.login_for(device)


def test_a_parked_login_is_not_given_out():
    device = stored()

    assert vault.park(device, "LOCKED_OUT")
    with pytest.raises(CredentialParked) as refused:
        vault.login_for(device)
    assert refused.value.reason == "LOCKED_OUT"


def test_parking_twice_writes_one_entry():
    device = stored()

    assert [vault.park(device, "x"), vault.park(device, "y")] == [True, False]
    assert Entry.objects.filter(action="credential.park").count() == 1
    assert not vault.park(rows.device(), "no login at all")


def test_a_login_that_was_entered_meanwhile_is_not_parked_for_the_old_one():
    device = stored()
    tried = vault.login_for(device)
    vault.store(device, "admin", Secret("right one"), by="test", because="corrected")

    assert not vault.park(device, "CREDENTIAL_REFUSED", tried=tried)
    assert given(device)[1] == "right one"
    assert vault.park(device, "CREDENTIAL_REFUSED", tried=vault.login_for(device))


def test_a_person_may_have_it_tried_again():
    device = stored()
    vault.park(device, "x")
    person = rows.person("OPERATOR")

    assert vault.unpark(device, by=person)

    assert vault.login_for(device)
    assert Entry.objects.get(action="credential.unpark").actor_id == str(person.pk)
    assert not vault.unpark(device, by=person)


def test_another_password_frees_a_parked_login_and_the_same_one_does_not():
    device = stored()
    vault.park(device, "x")

    vault.store(device, "admin", Secret(CANARY), by="test", because="typed again")
    with pytest.raises(CredentialParked):
        vault.login_for(device)

    vault.store(device, "admin", Secret("right one"), by="test", because="corrected")
    assert given(device)[1] == "right one"


@pytest.mark.parametrize("secret", ["", "two\nlines", "nul\x00"])
def test_an_unusable_password_is_refused(secret):
    with pytest.raises(VaultError):
        vault.store(rows.device(), "admin", Secret(secret), by="test", because="x")


def test_the_command_takes_the_password_from_the_environment(monkeypatch):
    device, person = rows.device(serial="CAM-77"), rows.person("OPERATOR")
    monkeypatch.setenv("DEVICE_PASSWORD", CANARY)
    out = io.StringIO()

    call_command(
        "credential_set", "CAM-77", user="admin", by=person.staff_number, reason="x", stdout=out
    )

    assert given(device)[1] == CANARY
    assert CANARY not in out.getvalue()


def test_the_command_refuses_an_unknown_device_or_person(monkeypatch):
    monkeypatch.setenv("DEVICE_PASSWORD", "x")
    person = rows.person("OPERATOR")

    for device, by in (("nothing", person.staff_number), (str(rows.device().pk), "nobody")):
        with pytest.raises(CommandError):
            call_command("credential_set", device, user="admin", by=by, reason="x")


def test_a_login_is_seen_in_the_part_of_the_campus_that_one_sees():
    stored()

    assert Credential.objects.visible_to(rows.person("OPERATOR")).count() == 1
    assert not Credential.objects.visible_to(rows.person()).exists()


def test_an_error_page_with_the_locals_of_every_frame_shows_no_secret(rf, monkeypatch):
    """C16: the report that Django writes of a failure in the middle of storing."""

    def fails(*args: object) -> str:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("vault.crypto.key_id_of", fails)
    try:
        vault.store(rows.device(), "admin", Secret(CANARY), by="test", because="x")
    except RuntimeError as error:
        reporter = ExceptionReporter(rf.get("/"), RuntimeError, error, error.__traceback__)
        report = reporter.get_traceback_text() + reporter.get_traceback_html()

    assert "in the middle" in report
    assert CANARY not in report
