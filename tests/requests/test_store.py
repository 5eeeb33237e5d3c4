"""Files of the evidence store: sealed, proven, destroyed for good, and swept after a crash."""

from __future__ import annotations

import errno
import io
import os
import time
import uuid
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction

import audit
from accounts.models import Role
from audit.models import Entry
from footage_requests.footage import store, store_marks
from footage_requests.models import EvidenceFile
from tests.inventory import rows
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


def known() -> None:
    """This database has a log, by which its store knows it."""
    with transaction.atomic():
        audit.record("test.begin", actor="test")


def left(count: int = 1) -> list[Path]:
    """Sealed files that no row names, as old as what a killed worker left."""
    old = time.time() - 7 * 3600
    paths = [store.path_of(uuid.uuid4()) for _ in range(count)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sealed")
        os.utime(path, (old, old))
    return paths


def test_a_store_of_two_databases_is_not_swept(settings, caplog):
    """What has no row here has one there."""
    known()
    kept(b"frames")
    marks = settings.EVIDENCE_DIR / "installations"
    assert len(list(marks.iterdir())) == 1
    (marks / "another").write_text("7")
    (path,) = left()

    assert store.sweep_store() == 0
    assert path.exists()
    assert "another" in store_marks.kept_because()
    with pytest.raises(CommandError):
        call_command("evidence_sweep", "--remove", "1", stdout=io.StringIO())
    assert path.exists()
    assert caplog.records

    (marks / "another").unlink()
    assert store.sweep_store() == 1
    assert store_marks.kept_because() == ""


def test_a_database_that_was_restored_keeps_what_it_does_not_know():
    """Its newer copy may still come back; a person says when it will not."""
    known()
    file = kept(b"frames")
    left()
    assert store.sweep_store() == 1
    EvidenceFile.objects.all().delete()
    os.utime(store.path_of(file.uuid), (time.time() - 7 * 3600,) * 2)

    assert store.sweep_store() == 0
    for _file in range(2):
        kept(b"new frames")
    assert store.sweep_store() == 0
    assert store.path_of(file.uuid).exists()

    with pytest.raises(CommandError):
        call_command("evidence_sweep", "--remove", "2", stdout=io.StringIO())
    call_command("evidence_sweep", "--remove", "1", stdout=io.StringIO())
    assert not store.path_of(file.uuid).exists()
    assert store_marks.kept_because() == ""


def test_many_files_without_a_row_are_never_removed_in_silence(client):
    """A few are what killed workers left; many mean that the rows are missing."""
    paths = left(store_marks.MOST_STRAYS + 1)
    assert store.sweep_store() == 0
    assert all(path.exists() for path in paths)

    client.force_login(rows.person(Role.UNIT_HEAD))
    assert "evidence_sweep" in client.get("/").content.decode()
    paths.pop().unlink()
    assert store.sweep_store() == len(paths)
    told = Entry.objects.get(action="evidencestore.remove_strays").canon
    assert all(path.stem in told for path in paths)


def test_the_scratch_folder_of_a_job_is_closed_to_others_and_goes_with_it():
    with store.scratch() as folder:
        (folder / "clip.mp4").write_bytes(b"plain")
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (store.NoSpace("3 MB free, 9 MB needed."), "too little free space"),
        (OSError(errno.EDQUOT, "quota", "/srv/evidence/ab/cd"), "too little free space"),
        (OSError(errno.EROFS, "read-only", "/srv/evidence/ab/cd"), "cannot be written"),
    ],
)
def test_people_read_what_is_wrong_with_the_store_and_no_path(error, told, english):
    """B9."""
    assert told in store.trouble(error)
    assert "/" not in store.trouble(error)
