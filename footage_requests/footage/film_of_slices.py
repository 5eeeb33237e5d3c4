"""The film of an exhibit out of stored slices: joined where they lie, or copied where they are not the exhibit's own.

Slices that were fetched for an exhibit become its pieces. What comes out of a held copy is copied, only the minutes that
belong into the exhibit: the hold goes its own way, and nobody approved the rest of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from cameras.protocols.mp4_assembly import HEAD, Assembled, Joining, Run
from cameras.protocols.mp4_slices import read_index
from vault.sealed_files import SealedReader

from ..models import EvidenceFile
from . import store
from .fetching import CONTENT_TYPE
from .joined import JoinedReader, table_of
from .running_hash import Hashed
from .slice_sources import Source
from .writer_thread import WriterThread

SET_MS = 1_000
"""Offsets that differ by more than this between slices mean that the clock was set in between."""
_READ_BYTES = 1024 * 1024

Beat = Callable[[], None]


@dataclass
class Film:
    """What goes into the film, and the slices out of which it comes, opened."""

    files: list[EvidenceFile]
    made: Assembled
    readers: list[SealedReader | JoinedReader]
    sha256: str = field(default="", init=False)

    @property
    def is_joined(self) -> bool:
        """Whether all slices were fetched for this exhibit alone."""
        return all(file.is_piece and file.part_of_id is None for file in self.files)

    @property
    def hashed(self) -> list[Hashed]:
        """What belongs into the film, as a running hash notes it."""
        return [(self.files[run.number].uuid, run.place, run.size) for run in self.made.runs]

    def writer(self) -> store.StoreWriter:
        """For the film's own file. Raises NoSpace."""
        if not self.is_joined:
            store.ensure_space(round(1.1 * self.made.bytes))
        return store.StoreWriter(CONTENT_TYPE)

    def write(self, writer: store.StoreWriter, beat: Beat, found: str | None) -> None:
        """`found` is the hash where it is known already. Raises ValueError where a slice is cut off."""
        if not self.is_joined:
            with WriterThread(writer) as sealing:
                for data in self._content(beat):
                    sealing.write(data)
                sealing.finish()
            return
        self.sha256 = found or _hash_of(self._content(beat))
        for data in table_of(self.made, [file.uuid for file in self.files]):
            writer.write(data)

    def save(self, writer: store.StoreWriter) -> EvidenceFile:
        """The row. Call it inside the transaction that links it to its owner."""
        if not self.is_joined:
            return writer.save()
        return writer.save_joined(self.made.bytes, self.sha256, self.files)

    def _content(self, beat: Beat) -> Iterator[bytes]:
        yield HEAD
        for run in self.made.runs:
            beat()
            yield run.head
            yield from self._pictures(run)
        yield self.made.tail

    def _pictures(self, run: Run) -> Iterator[bytes]:
        read, end = self.readers[run.number].read_range, run.place + run.size
        for start in range(run.place, end, _READ_BYTES):
            stop = min(end, start + _READ_BYTES)
            data = b"".join(read(start, stop))
            if len(data) != stop - start:
                raise ValueError("A slice is cut off.")
            yield data


@contextmanager
def film_of(sources: list[Source], span: tuple[int, int]) -> Iterator[Film]:
    """Opens the sources and decides what goes in. Raises ValueError when there is no picture or one is damaged."""
    shifts = [int(source.delivered.get("offset_ms") or 0) for source in sources]
    # While the clock merely drifts all get one shift, so that distances stay as they were filmed.
    is_steady = max(shifts) - min(shifts) <= SET_MS
    joining = Joining(*span)
    files: list[EvidenceFile] = []
    readers: list[SealedReader | JoinedReader] = []
    with ExitStack() as stack:
        for source, shift in zip(sources, shifts, strict=True):
            if source.file.pk in {file.pk for file in files}:
                continue
            reader = store.open_file(source.file)
            stack.callback(reader.close)
            joining.begin()
            index = read_index(reader.read_range, reader.size)
            joining.take(index, shifts[0] if is_steady else shift)
            files.append(source.file)
            readers.append(reader)
        yield Film(files, joining.finish(), readers)


def _hash_of(content: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for data in content:
        found.update(data)
    return found.hexdigest()
