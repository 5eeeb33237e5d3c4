"""One film out of several sealed files: what lies where, and a reader to whom it is one file.

The pictures of an exhibit stay in the pieces as which they were fetched; nothing is read, opened and sealed a second
time. The exhibit's own sealed file holds what is between them, and where in which piece each stretch lies:

    the bytes in between | rows of ">QiQ" (length, number of the piece or -1, place there) |
    16 bytes of UUID for each piece | ">QII8s" (bytes in between, rows, pieces, magic)
"""

from __future__ import annotations

import struct
import uuid
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Self

from cameras.protocols.mp4_assembly import HEAD, Assembled
from vault.errors import NotOpened
from vault.sealed_files import SealedReader

if TYPE_CHECKING:
    from ..models import EvidenceFile

_ROW = struct.Struct(">QiQ")
_TAIL = struct.Struct(">QII8s")
_MAGIC = b"CCTVJOIN"
_OWN = -1
_MOST_BYTES = 1024 * 1024 * 1024
_MOST_OPEN = 4
_NEAR = 64 * 1024


def table_of(made: Assembled, pieces: Sequence[uuid.UUID]) -> Iterator[bytes]:
    """The content of an exhibit's own file; `pieces` are the files of its slices, by their number."""
    rows, own = [(len(HEAD), _OWN, 0)], len(HEAD)
    yield HEAD
    for run in made.runs:
        yield run.head
        rows.append((len(run.head), _OWN, own))
        rows.append((run.size, run.number, run.place))
        own += len(run.head)
    yield made.tail
    rows.append((len(made.tail), _OWN, own))
    own += len(made.tail)
    yield b"".join(_ROW.pack(*row) for row in rows)
    yield b"".join(piece.bytes for piece in pieces)
    yield _TAIL.pack(own, len(rows), len(pieces), _MAGIC)


class JoinedReader:
    """Reads a joined film from any place, as `vault.sealed_files.SealedReader` reads one file.

    Raises NotOpened where a byte of it was changed, or a piece is missing or destroyed.
    """

    def __init__(
        self,
        own: SealedReader,
        pieces: Mapping[uuid.UUID, EvidenceFile],
        open_piece: Callable[[EvidenceFile], SealedReader],
    ) -> None:
        self._own = own
        self._open_piece = open_piece
        self._opened: OrderedDict[int, SealedReader] = OrderedDict()
        self._near = (0, b"")
        own_bytes, rows, count = self._read_tail()
        at = own_bytes + rows * _ROW.size
        named = b"".join(own.read_range(at, at + 16 * count))
        names = [uuid.UUID(bytes=named[place : place + 16]) for place in range(0, len(named), 16)]
        if any(name not in pieces for name in names):
            raise NotOpened("A piece of a joined film is missing.")
        self._pieces = [pieces[name] for name in names]
        self._starts, self._numbers, self._places = array("Q"), array("i"), array("Q")
        self.size = 0
        for length, number, place in _ROW.iter_unpack(b"".join(own.read_range(own_bytes, at))):
            self._starts.append(self.size)
            self._numbers.append(number)
            self._places.append(place)
            self.size += length

    def _read_tail(self) -> tuple[int, int, int]:
        end = self._own.size
        tail = b"".join(self._own.read_range(end - _TAIL.size, end))
        if len(tail) != _TAIL.size or end > _MOST_BYTES:
            raise NotOpened("This is not a joined film.")
        own_bytes, rows, count, magic = _TAIL.unpack(tail)
        if magic != _MAGIC or own_bytes + rows * _ROW.size + 16 * count + _TAIL.size != end:
            raise NotOpened("This is not a joined film.")
        return own_bytes, rows, count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._own.close()
        while self._opened:
            self._opened.popitem()[1].close()

    def read_range(self, start: int, end: int) -> Iterator[bytes]:
        """The plain bytes [start, end), in pieces of at most one chunk."""
        position, end = max(0, start), min(end, self.size)
        row = bisect_right(self._starts, position) - 1
        while position < end:
            stop = self._starts[row + 1] if row + 1 < len(self._starts) else self.size
            until = min(end, stop)
            place = self._places[row] + position - self._starts[row]
            for data in self._stored(self._numbers[row], place, place + until - position):
                yield data
                position += len(data)
            if position != until:
                raise NotOpened("A piece of a joined film is cut off.")
            row += 1

    def __iter__(self) -> Iterator[bytes]:
        """The whole film."""
        return self.read_range(0, self.size)

    def _stored(self, number: int, start: int, end: int) -> Iterable[bytes]:
        if number != _OWN:
            return self._reader(number).read_range(start, end)
        # Whoever walks the film wants one little head after the other, and every reading opens a whole chunk.
        at, near = self._near
        if not at <= start <= end <= at + len(near):
            if end - start > _NEAR:
                return self._own.read_range(start, end)
            at, near = start, b"".join(self._own.read_range(start, start + _NEAR))
            self._near = at, near
        return (near[start - at : end - at],)

    def _reader(self, number: int) -> SealedReader:
        if number in self._opened:
            self._opened.move_to_end(number)
        else:
            if len(self._opened) >= _MOST_OPEN:
                self._opened.popitem(last=False)[1].close()
            self._opened[number] = self._open_piece(self._pieces[number])
        return self._opened[number]
