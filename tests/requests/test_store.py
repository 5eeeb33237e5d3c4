"""Files of the evidence store: sealed, proven, destroyed for good, and swept after a crash."""

from __future__ import annotations

import os
import time

import pytest

from footage_requests.footage import store
from vault.errors import NotOpened

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0


def kept(data):
    with store.StoreWriter("video/mp4") as writer:
        writer.write(data)
        return writer.save()


def test_a_stored_file_is_read_back_and_measured_again():
    file = kept(b"frames" * 100_000)

    with store.open_file(file) as reader:
        assert b"".join(reader) == b"frames" * 100_000
    assert store.measure_again(file)


def test_a_changed_byte_is_found_when_the_store_is_measured_again():
    """B13."""
    file = kept(b"frames" * 100_000)
    path = store.path_of(file.uuid)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)

    assert not store.measure_again(file)
    file.refresh_from_db()
    assert file.checked_at
    assert not file.is_sound


def test_a_destroyed_file_does_not_open_even_from_a_copy_of_its_bytes():
    file = kept(b"frames" * 1000)
    copy = store.path_of(file.uuid).read_bytes()
    store.destroy(file)
    store.destroy(file)

    assert file.destroyed_at
    assert not store.path_of(file.uuid).exists()
    store.path_of(file.uuid).write_bytes(copy)
    with pytest.raises(NotOpened):
        store.open_file(file)


def test_a_full_disk_is_told_before_anything_is_written(settings):
    """B9."""
    with pytest.raises(store.NoSpace):
        store.ensure_space(1 << 60)


def test_what_a_killed_worker_left_is_swept_and_nothing_else(settings):
    """B8."""
    file = kept(b"frames")
    folder = store.path_of(file.uuid).parent
    half = folder / "0123.sealed.part"
    orphan = folder / f"{'0' * 32}.sealed"
    half.write_bytes(b"half")
    orphan.write_bytes(b"no row")
    with store.scratch() as running:
        dead = running.parent / "dead"
        dead.mkdir()
        (dead / "clip.mp4").write_bytes(b"plain")
        old = time.time() - 7 * 3600
        for path in (half, orphan, dead, store.path_of(file.uuid)):
            os.utime(path, (old, old))

        assert store.sweep_store() == 3
        assert running.exists()
    assert store.path_of(file.uuid).exists()
    assert not half.exists()
    assert not orphan.exists()
    assert not dead.exists()


def test_the_scratch_folder_of_a_job_is_closed_to_others_and_goes_with_it():
    with store.scratch() as folder:
        (folder / "clip.mp4").write_bytes(b"plain")
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
