"""The evidence store: files under EVIDENCE_DIR, sealed one by one, and the scratch folder of jobs.

A file is first bytes under a final name and then a row; a crash in between leaves bytes without a key
to open them, which `sweep_store` removes. Plain footage exists only in a job's scratch folder
(mode 0700), which is removed when the job ends and swept when its worker died.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from vault.crypto import Place
from vault.errors import VaultError
from vault.sealed_files import SealedReader, SealedWriter, Written

from .. import said
from ..models import EvidenceFile
from . import store_marks
from .joined import JoinedReader

log = logging.getLogger(__name__)

SYSTEM = "store check"
_MOST_NAMED = 1000
_ASKED_AT_ONCE = 500
_PIECE = 1024 * 1024
# Longer than any job works without touching its scratch folder.
_ABANDONED_S = 6 * 3600


class NoSpace(OSError):
    """The evidence store has less than the reserve that must stay free."""


def trouble(error: OSError) -> str:
    """What a person reads of a store that has no room or cannot be used: never a path, never an error number."""
    is_full = isinstance(error, NoSpace) or error.errno in {errno.ENOSPC, errno.EDQUOT}
    return said.read(said.reason("NO_SPACE" if is_full else "STORE_FAULT"))


class StoreWriter:
    """A sealed file in the making. `save()` names it and makes its row; without it nothing stays."""

    def __init__(self, content_type: str, *, is_piece: bool = False) -> None:
        self.uuid = uuid.uuid4()
        self._content_type = content_type
        self._is_piece = is_piece
        path = path_of(self.uuid)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._writer = SealedWriter(path, place_of(self.uuid), is_hashed=not is_piece)
        self.written: Written | None = None

    def __enter__(self) -> StoreWriter:
        self._writer.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.__exit__(*error)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        return self._writer.write(data)

    def copy_from(self, file: BinaryIO) -> None:
        while piece := file.read(_PIECE):
            self._writer.write(piece)

    def save(self) -> EvidenceFile:
        """The file with its row. Call it inside the transaction that links the row to its owner."""
        self.written = self._writer.finish()
        store_marks.leave_mark()
        return EvidenceFile.objects.create(
            uuid=self.uuid,
            wrapped_key=self.written.wrapped_key,
            bytes=self.written.bytes,
            sha256=self.written.sha256,
            content_type=self._content_type,
            is_piece=self._is_piece,
        )

    def save_joined(self, size: int, sha256: str, pieces: Sequence[EvidenceFile]) -> EvidenceFile:
        """As `save()`, for a film whose pictures lie in pieces; `size` and `sha256` are the film's."""
        self.written = self._writer.finish()
        file = EvidenceFile.objects.create(
            uuid=self.uuid,
            wrapped_key=self.written.wrapped_key,
            bytes=size,
            sha256=sha256,
            content_type=self._content_type,
            is_joined=True,
        )
        numbers = [piece.pk for piece in pieces]
        free = EvidenceFile.objects.filter(pk__in=numbers, part_of=None, destroyed_at=None)
        if free.update(part_of=file) != len(numbers):
            raise ValueError("A piece belongs to another film, or is gone.")
        return file


def path_of(file_uuid: uuid.UUID) -> Path:
    """Where the bytes of a file lie."""
    name = file_uuid.hex
    return Path(settings.EVIDENCE_DIR) / name[:2] / f"{name}.sealed"


def place_of(file_uuid: uuid.UUID) -> Place:
    """What the key of a file is wrapped for."""
    return Place("footage_requests_evidencefile", str(file_uuid), "wrapped_key")


def open_file(file: EvidenceFile) -> SealedReader | JoinedReader:
    """Reads a stored file. Raises vault.errors.NotOpened, or FileNotFoundError when the bytes are gone.

    Who calls it for a person records the viewing first.
    """
    own = open_sealed(file)
    if not file.is_joined:
        return own
    try:
        return JoinedReader(own, {piece.uuid: piece for piece in file.pieces.all()}, open_sealed)
    except BaseException:
        own.close()
        raise


def open_sealed(file: EvidenceFile) -> SealedReader:
    """The bytes under a file's own name."""
    return SealedReader(path_of(file.uuid), file.wrapped_key, place_of(file.uuid))


def copy_out(file: EvidenceFile, target: Path) -> None:
    """Writes the plain content into a job's scratch folder and checks it against the row's hash."""
    found = hashlib.sha256()
    with open_file(file) as reader, target.open("xb") as out:
        for piece in reader:
            found.update(piece)
            out.write(piece)
    if found.hexdigest() != file.sha256:
        target.unlink()
        raise ValueError(f"{file.uuid}: the content is not what was stored.")


def measure_again(file: EvidenceFile) -> bool:
    """Reads the whole file and compares its hash with the row's; stores the outcome and returns it."""
    found = hashlib.sha256()
    try:
        with open_file(file) as reader:
            for piece in reader:
                found.update(piece)
        # A piece has no hash of its own: that it opens to its end is the proof.
        is_sound = file.sha256 in {"", found.hexdigest()}
    except (OSError, VaultError):
        is_sound = False
    EvidenceFile.objects.filter(pk=file.pk).update(checked_at=timezone.now(), is_sound=is_sound)
    file.is_sound = is_sound
    return is_sound


def destroy(file: EvidenceFile) -> None:
    """First the keys, then the bytes. The rows stay. May be run again after a crash in between."""
    now = timezone.now()
    rows = EvidenceFile.objects.filter(Q(pk=file.pk) | Q(part_of=file.pk))
    rows.update(wrapped_key="")
    for named in rows.values_list("uuid", flat=True):
        path_of(named).unlink(missing_ok=True)
    rows.filter(destroyed_at=None).update(destroyed_at=now)
    file.refresh_from_db()


def ensure_space(expected_bytes: int) -> None:
    """Raises NoSpace when writing that much would touch the reserve (EVIDENCE_RESERVE_GB)."""
    folder = Path(settings.EVIDENCE_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free - expected_bytes < settings.EVIDENCE_RESERVE_GB * 1024**3:
        sizes = {"free": free // 1024**2, "needed": expected_bytes // 1024**2}
        raise NoSpace(_("%(free)s MB are free, %(needed)s MB are needed.") % sizes)


def scratch_for(name: str) -> Path:
    """A job's folder that another process fills first. Whoever takes the job removes it; else the sweep."""
    folder = _scratch_base() / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for one job's plain files, removed at the end whatever happens."""
    base = _scratch_base()
    folder = Path(tempfile.mkdtemp(dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_store() -> int:
    """Removes what killed workers left: old scratch folders, half files, files without a row.

    Sealed files without a row stay where they may be somebody's evidence (`store_marks`), and people are told.
    """
    removed = 0
    old = time.time() - _ABANDONED_S
    for folder in _scratch_base().iterdir():
        if folder.stat().st_mtime < old:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    for path in Path(settings.EVIDENCE_DIR).glob("??/*.part"):
        if path.stat().st_mtime < old:
            path.unlink(missing_ok=True)
            removed += 1
    found = strays(old)
    why = store_marks.why_kept(found) if found else None
    store_marks.note_kept(why)
    if why is not None:
        log.error("Files without a row are kept in the evidence store: %s", said.read(why))
        return removed
    remove_strays(found, by=SYSTEM)
    store_marks.note_rows()
    return removed + len(found)


def strays(older_than: float | None = None) -> list[Path]:
    """Sealed files that no row names, those that are still being written left out. Seconds since 1970."""
    before = time.time() - _ABANDONED_S if older_than is None else older_than
    files = Path(settings.EVIDENCE_DIR).glob("??/*.sealed")
    old = sorted(path for path in files if path.stat().st_mtime < before)
    found = []
    for at in range(0, len(old), _ASKED_AT_ONCE):
        paths = old[at : at + _ASKED_AT_ONCE]
        named = {path: _uuid_of(path) for path in paths}
        rows = EvidenceFile.objects.filter(uuid__in=filter(None, named.values()), destroyed_at=None)
        kept = set(rows.values_list("uuid", flat=True))
        found += [path for path in paths if named[path] not in kept]
    return found


def remove_strays(paths: Sequence[Path], *, by: str) -> None:
    """Removes files without a row; the log keeps their names."""
    if not paths:
        return
    with transaction.atomic():
        audit.record(
            "evidencestore.remove_strays",
            actor=by,
            target=("evidencestore", "1", str(_("evidence store"))),
            count=len(paths),
            files=[path.stem for path in paths[:_MOST_NAMED]],
        )
    for path in paths:
        path.unlink(missing_ok=True)


def _uuid_of(path: Path) -> uuid.UUID | None:
    try:
        return uuid.UUID(hex=path.stem)
    except ValueError:
        return None


def _scratch_base() -> Path:
    base = Path(settings.EVIDENCE_DIR) / "scratch"
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    base.chmod(0o700)
    return base
