"""An exhibit's pictures stay in the pieces as which they were fetched, and it is one file all the same."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.models import Entry
from footage_requests.footage import assembling, cutting, exporting, fetch_work, rechecking, store
from footage_requests.footage.index_first import index_first
from footage_requests.footage.running_hashes import RunningHashes
from footage_requests.hold_tasks import settled
from footage_requests.models import EvidenceFile, Exhibit, ExportSlice
from footage_requests.sealing.film import bitstream_sha256, read_film
from footage_requests.sealing.sources import PlainFile, StoredFile
from tests.requests.recorded import Recorded, export_all, plain, recorded
from vault.errors import NotOpened

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path, monkeypatch):
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.NTP_SERVERS = []
    monkeypatch.setattr(cutting.pieces, "__defaults__", (7_000,))


def exported(campus: Recorded, *, seconds: int = 20) -> Exhibit:
    """An exhibit of several slices."""
    package = exporting.start_export(campus.approved(seconds=seconds), campus.operator)
    assert export_all() == 1
    return package.exhibits.get()


def test_the_hash_taken_while_slices_arrive_is_that_of_the_whole_film(monkeypatch):
    """B8: one pass over the bytes gives the hash that a reading of the finished film gives."""
    hashes = RunningHashes()
    used = []
    real = hashes.finished

    def finished(*told: Any) -> str | None:
        used.append(real(*told))
        return used[-1]

    monkeypatch.setattr(hashes, "finished", finished)
    with recorded() as campus:
        package = exporting.start_export(campus.approved(), campus.operator)
        fetch_work.work(settled, hashes, seconds=600)
        assert assembling.work_packages(hashes) == 1
    exhibit = package.exhibits.get()
    content = plain(exhibit.file)
    assert used == [hashlib.sha256(content).hexdigest()] == [exhibit.file.sha256]
    assert len(content) == exhibit.file.bytes
    assert exhibit.file.pieces.count() == 3


@pytest.mark.parametrize("again", [0, 1, 2])
def test_a_slice_that_came_twice_makes_the_hash_be_read_again(again):
    hashes = RunningHashes()
    with recorded() as campus:
        package = exporting.start_export(campus.approved(), campus.operator)
        fetch_work.work(settled, hashes, seconds=600)
        part = package.slices.order_by("starts_at")[again]
        old = part.file
        ExportSlice.objects.filter(pk=part.pk).update(state="WAITING", file=None)
        fetch_work.work(settled, hashes, seconds=600)
        store.destroy(old)
        assert assembling.work_packages(hashes) == 1
    exhibit = package.exhibits.get()
    assert hashlib.sha256(plain(exhibit.file)).hexdigest() == exhibit.file.sha256
    assert store.measure_again(exhibit.file)


def test_any_range_of_a_joined_film_reads_as_of_one_file():
    with recorded() as campus:
        exhibit = exported(campus)
    content, dice = plain(exhibit.file), random.Random(3)
    with store.open_file(exhibit.file) as reader:
        assert reader.size == len(content)
        for _turn in range(60):
            start, end = sorted(dice.randrange(len(content) + 100) for _each in range(2))
            assert b"".join(reader.read_range(start, end)) == content[start:end]


def test_a_changed_or_missing_piece_is_noticed_by_the_film_that_it_is_part_of():
    """B13: pieces are measured with their film, and not by themselves."""
    with recorded() as campus:
        exhibit = exported(campus)
    assert set(rechecking.due(exhibit.file.created_at)) == {exhibit.file}
    piece = exhibit.file.pieces.order_by("pk")[1]
    path = store.path_of(piece.uuid)
    whole = path.read_bytes()
    path.write_bytes(whole[:9000] + bytes([whole[9000] ^ 1]) + whole[9001:])
    assert not store.measure_again(exhibit.file)
    path.write_bytes(whole)
    assert store.measure_again(exhibit.file)
    path.unlink()
    assert not store.measure_again(exhibit.file)
    with store.open_file(exhibit.file) as reader, pytest.raises((NotOpened, FileNotFoundError)):
        b"".join(reader)


def test_what_is_destroyed_with_a_film_are_all_its_pieces():
    with recorded() as campus:
        exhibit = exported(campus)
    pieces = list(exhibit.file.pieces.all())
    store.destroy(exhibit.file)
    for file in [exhibit.file, *pieces]:
        file.refresh_from_db()
        assert (file.wrapped_key, bool(file.destroyed_at)) == ("", True)
        assert not store.path_of(file.uuid).exists()


def test_pieces_stay_when_their_package_is_tidied_up():
    with recorded() as campus:
        exhibit = exported(campus)
    assert exporting.tidy_all() == 0
    exporting.tidy(exhibit.package)
    assert store.measure_again(exhibit.file)


def test_what_a_cancelled_export_made_goes_when_nothing_can_need_it_any_more():
    """It may be the only copy of what the recorder has overwritten since, until another export has it all."""
    with recorded() as campus:
        exhibit = exported(campus)
        exporting.cancel(exhibit.package, by=campus.operator, because="another window")
        assert exporting.tidy_all() == 0
        assert store.measure_again(exhibit.file)
        again = exporting.start_export(exhibit.package.decision, campus.operator)
        assert export_all() == 1
    exporting.tidy_all()
    exhibit.file.refresh_from_db()
    assert exhibit.file.destroyed_at
    assert not exhibit.file.pieces.filter(destroyed_at=None).exists()
    assert store.measure_again(again.exhibits.get().file)
    assert exhibit.file.sha256 in Entry.objects.get(action="package.destroy_left").canon
    assert exporting.tidy_all() == 0


def test_a_piece_cannot_be_part_of_two_films():
    with recorded() as campus:
        exhibit = exported(campus)
    with store.StoreWriter("video/mp4") as writer, pytest.raises(ValueError, match="another film"):
        writer.save_joined(1, "0" * 64, list(exhibit.file.pieces.all()))


def test_only_pieces_do_without_a_hash_and_only_they_are_parts():
    """On both databases."""
    fields = {"wrapped_key": "x", "bytes": 1}
    film = EvidenceFile.objects.create(sha256="0" * 64, **fields)
    for wrong in ({"sha256": ""}, {"sha256": "0" * 64, "part_of": film}):
        with pytest.raises(IntegrityError), transaction.atomic():
            EvidenceFile.objects.create(**fields, **wrong)


def test_an_index_moved_to_the_front_leads_to_the_same_pictures(tmp_path):
    """A decoder behind a pipe cannot wind back to an index at the end."""
    with recorded() as campus:
        exhibit = exported(campus)
    turned = tmp_path / "turned.mp4"
    with StoredFile(store.open_file(exhibit.file)) as source:
        turned.write_bytes(b"".join(index_first(source)))
        bitstream = bitstream_sha256(source, read_film(source))
    assert turned.stat().st_size == exhibit.file.bytes
    assert b"moov" in turned.read_bytes()[:64]
    with PlainFile(turned) as again:
        assert bitstream_sha256(again, read_film(again)) == bitstream
        assert b"".join(index_first(again)) == turned.read_bytes()
