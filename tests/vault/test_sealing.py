"""A sealed value opens where it was sealed, with its key, unchanged; nowhere else."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from vault import crypto, open_picture
from vault.errors import KeyMissing, NotOpened

PLACE = crypto.Place("vault_credential", "1f0c", "ciphertext")


@pytest.mark.parametrize("text", ["secret", "", "şifre ☃", "x" * 10_000])
def test_what_is_sealed_opens_again(write_keys, text):
    assert crypto.open_text(crypto.seal(text, PLACE), PLACE) == text


def test_bytes_are_sealed_without_growing_by_a_third(write_keys):
    picture = bytes(range(256)) * 100
    sealed = crypto.seal_bytes(picture, PLACE)

    assert crypto.open_bytes(sealed, PLACE) == picture
    assert len(sealed) < len(picture) + 60


def test_the_same_text_is_never_sealed_twice_alike(write_keys):
    assert crypto.seal("secret", PLACE) != crypto.seal("secret", PLACE)


@pytest.mark.parametrize("part", ["table", "row", "field"])
def test_a_value_moved_to_another_place_does_not_open(write_keys, part):
    """C10."""
    sealed = crypto.seal("secret", PLACE)

    with pytest.raises(NotOpened):
        crypto.open_text(sealed, replace(PLACE, **{part: "other"}))


def test_a_value_given_another_key_id_does_not_open(write_keys):
    sealed = crypto.seal("secret", PLACE)
    write_keys("k1", "k2")

    with pytest.raises(NotOpened):
        crypto.open_text(sealed.replace("v1:k1:", "v1:k2:"), PLACE)


def test_one_changed_bit_is_refused(write_keys):
    head, body = crypto.seal("secret", PLACE).rsplit(":", 1)
    raw = bytearray(base64.b64decode(body))
    raw[-1] ^= 1

    with pytest.raises(NotOpened):
        crypto.open_text(f"{head}:{base64.b64encode(raw).decode()}", PLACE)


@pytest.mark.parametrize(
    "junk", ["", "plain", "v1:k1", "v1:k1:", "v1:k1:!!", "v9:k1:AAAA", "v1:ş:AAAA"]
)
def test_junk_is_refused_with_a_clear_error(write_keys, junk):
    with pytest.raises(NotOpened):
        crypto.open_text(junk, PLACE)


def test_an_unknown_key_is_named_and_nothing_else(write_keys):
    sealed = crypto.seal("secret", PLACE)
    write_keys("k2")

    with pytest.raises(KeyMissing, match="k1"):
        crypto.open_text(sealed, PLACE)


def test_new_values_use_the_last_key_and_old_ones_stay_readable(write_keys):
    old = crypto.seal("secret", PLACE)
    write_keys("k1", "k2")
    new = crypto.seal("secret", PLACE)

    assert (crypto.key_id_of(old), crypto.key_id_of(new)) == ("k1", "k2")
    assert crypto.open_text(old, PLACE) == crypto.open_text(new, PLACE) == "secret"


def test_a_fingerprint_tells_equal_from_different_as_long_as_its_key_is_there(write_keys):
    before = crypto.fingerprint("admin", "secret")
    write_keys("k1", "k2")

    assert crypto.matches(before, "admin", "secret")
    assert not crypto.matches(before, "adminsecret", "")
    assert "secret" not in before
    assert crypto.fingerprint("admin", "secret").startswith("k2:")
    write_keys("k2")
    assert not crypto.matches(before, "admin", "secret")


@pytest.mark.parametrize("junk", ["", ":", "k1", "k1:", "ab" * 32])
def test_junk_is_nobodys_fingerprint(write_keys, junk):
    assert not crypto.matches(junk, "admin", "secret")


@pytest.mark.parametrize(
    "text", ["", "k1\n", "k1:short\n", "k 1:" + "A" * 43 + "=\n", "# only words\n"]
)
def test_a_wrong_key_file_is_refused(write_keys, text):
    path = write_keys("k1")
    path.write_text(text)

    with pytest.raises(KeyMissing) as refused:
        crypto.keys()
    assert "short" not in str(refused.value)


def test_a_key_file_that_others_can_read_is_refused(write_keys):
    write_keys("k1").chmod(0o640)

    with pytest.raises(KeyMissing, match="chmod"):
        crypto.keys()


def test_the_key_ring_does_not_print_its_keys(write_keys):
    """C16."""
    assert "_keys" not in repr(crypto.keys())


def test_a_picture_opens_in_its_own_row_only(write_keys):
    class Row:
        pk = 4
        sealed: memoryview

        class _meta:
            db_table = "cameras_lastpicture"

    row = Row()
    row.sealed = memoryview(
        crypto.seal_bytes(b"jpeg", crypto.Place("cameras_lastpicture", "4", "sealed"))
    )
    assert open_picture(row) == b"jpeg"

    row.pk = 5
    with pytest.raises(NotOpened):
        open_picture(row)
