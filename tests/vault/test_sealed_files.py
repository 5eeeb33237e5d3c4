"""A sealed file gives back its bytes from any place, and not one byte when anything was changed."""

from __future__ import annotations

import hashlib
import os
import stat

import pytest

from vault.crypto import Place
from vault.errors import NotOpened
from vault.sealed_files import CHUNK, TAG, SealedReader, SealedWriter

PLACE = Place("evidence", "7d2e", "wrapped_key")
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17]
HEAD = 19


def sealed(path, data, piece=100_003):
    with SealedWriter(path, PLACE) as writer:
        for start in range(0, len(data), piece):
            writer.write(data[start : start + piece])
        return writer.finish()


@pytest.mark.parametrize("size", SIZES)
def test_every_length_comes_back_with_its_hash(write_keys, tmp_path, size):
    data = os.urandom(size)
    written = sealed(tmp_path / "a", data)

    assert (written.bytes, written.sha256) == (size, hashlib.sha256(data).hexdigest())
    with SealedReader(tmp_path / "a", written.wrapped_key, PLACE) as reader:
        assert reader.size == size
        assert b"".join(reader) == data


@pytest.mark.parametrize(
    "span", [(0, 1), (CHUNK - 1, CHUNK + 1), (5, 10**9), (2 * CHUNK, 2 * CHUNK)]
)
def test_a_span_comes_without_the_rest(write_keys, tmp_path, span):
    data = os.urandom(3 * CHUNK + 17)
    written = sealed(tmp_path / "a", data)

    with SealedReader(tmp_path / "a", written.wrapped_key, PLACE) as reader:
        assert b"".join(reader.read_range(*span)) == data[slice(*span)]


def test_the_plain_bytes_are_nowhere_in_the_folder(write_keys, tmp_path):
    data = b"a face at the library door " * 40_000
    with SealedWriter(tmp_path / "a", PLACE) as writer:
        writer.write(data)
        assert b"library" not in (tmp_path / "a.part").read_bytes()
        writer.finish()

    assert [path.name for path in tmp_path.iterdir() if path.name != "vault_keys"] == ["a"]
    assert b"library" not in (tmp_path / "a").read_bytes()


def test_a_file_left_half_written_has_no_name(write_keys, tmp_path):
    """B8."""
    with SealedWriter(tmp_path / "a", PLACE) as writer:
        writer.write(b"x" * (2 * CHUNK))
        assert not (tmp_path / "a").exists()

    assert list(tmp_path.glob("a*")) == []


def test_the_bytes_are_on_the_disk_before_the_name_is(write_keys, tmp_path, monkeypatch):
    """B8: after a power cut there is a whole file or none; the folder is written last, with the name in it."""
    done = []
    sync, link = os.fsync, os.link

    def synced(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        done.append(("folder" if is_folder else "bytes", (tmp_path / "a").exists()))
        sync(descriptor)

    def linked(source, target):
        done.append(("name", (tmp_path / "a").exists()))
        link(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", linked)
    sealed(tmp_path / "a", b"x" * (CHUNK + 1))

    assert done == [("bytes", False), ("name", False), ("folder", True)]


def test_an_existing_file_is_not_overwritten(write_keys, tmp_path):
    """B20."""
    (tmp_path / "a").write_bytes(b"first")

    with pytest.raises(FileExistsError), SealedWriter(tmp_path / "a", PLACE):
        pass
    assert (tmp_path / "a").read_bytes() == b"first"


def read_all(path, key, place=PLACE):
    with SealedReader(path, key, place) as reader:
        return b"".join(reader)


@pytest.mark.parametrize("at", [0, 9, 14, HEAD, HEAD + CHUNK + TAG + 5, -1])
def test_one_changed_bit_anywhere_is_refused(write_keys, tmp_path, at):
    """B13."""
    written = sealed(tmp_path / "a", os.urandom(2 * CHUNK + 100))
    content = bytearray((tmp_path / "a").read_bytes())
    content[at] ^= 1
    (tmp_path / "a").write_bytes(content)

    with pytest.raises(NotOpened):
        read_all(tmp_path / "a", written.wrapped_key)


def test_chunks_cut_off_swapped_or_added_are_noticed(write_keys, tmp_path):
    written = sealed(tmp_path / "a", os.urandom(3 * CHUNK))
    whole = (tmp_path / "a").read_bytes()
    step = CHUNK + TAG
    one, two, three = (whole[HEAD + i * step : HEAD + (i + 1) * step] for i in range(3))
    for body in (one + two, two + one + three, one + two + three + three, b"", one[:10]):
        (tmp_path / "a").write_bytes(whole[:HEAD] + body)
        with pytest.raises(NotOpened):
            read_all(tmp_path / "a", written.wrapped_key)


def test_a_file_opens_only_for_its_own_row(write_keys, tmp_path):
    written = sealed(tmp_path / "a", b"footage")

    with pytest.raises(NotOpened):
        read_all(tmp_path / "a", written.wrapped_key, Place("evidence", "other", "wrapped_key"))
    with pytest.raises(NotOpened):
        read_all(tmp_path / "a", "")
