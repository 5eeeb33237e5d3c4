"""The evidence key: made beside an authority that stays elsewhere, refused when others can read it."""

from __future__ import annotations

import io
import stat

import pytest
import time_machine
from django.core.management import CommandError, call_command

from footage_requests.sealing import keys

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def place(settings, tmp_path):
    settings.EVIDENCE_KEY_DIR = tmp_path / "keys"
    settings.DEMO = False
    return tmp_path


def test_the_commands_make_a_key_and_show_its_fingerprints(place):
    out = io.StringIO()
    call_command("evidence_key", "make", "--authority", str(place / "stick"), stdout=out)
    key = keys.load()

    assert key.fingerprint in out.getvalue()
    assert stat.S_IMODE((place / "keys" / "signer.key").stat().st_mode) == 0o400
    assert not (place / "keys" / "ca.key").exists()
    shown = io.StringIO()
    call_command("evidence_key", "show", stdout=shown)
    assert keys.fingerprint(key.authority) in shown.getvalue()


def test_the_next_key_comes_from_the_same_authority(place):
    first = keys.make(place / "keys", place / "stick", organisation="Unit")
    second = keys.make(place / "keys", place / "stick", organisation="Unit")

    assert first.authority == second.authority
    assert keys.load().signer.certificate == second.signer.certificate
    with pytest.raises(FileExistsError):
        keys.make(place / "keys", place / "other stick", organisation="Unit")


def test_without_a_key_nothing_is_sealed_and_the_sentence_says_what_to_do(place):
    with pytest.raises(keys.KeyProblem, match="evidence_key make"):
        keys.load()
    with pytest.raises(CommandError, match="evidence_key make"):
        call_command("evidence_key", "show")


def test_a_key_that_others_can_read_is_refused(place):
    keys.make(place / "keys", None, organisation="Unit")
    (place / "keys" / "signer.key").chmod(0o440)

    with pytest.raises(keys.KeyProblem, match="chmod 400"):
        keys.load()


def test_a_certificate_of_another_key_is_refused(place, foreign_key):
    keys.make(place / "keys", None, organisation="Unit")
    certificate = place / "keys" / "signer.pem"
    certificate.chmod(0o600)
    certificate.write_bytes(keys.pem(foreign_key.signer.certificate))

    with pytest.raises(keys.KeyProblem, match="belong together"):
        keys.load()


def test_an_expired_certificate_seals_nothing(place):
    keys.make(place / "keys", None, organisation="Unit", years=1)

    later = time_machine.travel("2031-01-01T00:00:00Z")
    with later, pytest.raises(keys.KeyProblem, match="expired"):
        keys.load()


def test_the_demo_makes_its_own_key_and_forgets_its_authority(place, settings):
    settings.DEMO = True

    assert keys.load().signer.certificate == keys.load().signer.certificate
    assert not list(place.rglob("ca.key"))
