"""Bytes that are read from any place, piece by piece: a plain file, or a sealed file of the evidence store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from vault.sealed_files import SealedReader

if TYPE_CHECKING:
    from ..footage.joined import JoinedReader

PIECE = 1024 * 1024
_NEAR = 1024 * 1024


class Source(Protocol):
    """What a seal or a check needs of a file. `size` is in bytes."""

    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes; fewer only at the end of the file."""

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes [start, end) in pieces of at most a few MB."""


class PlainFile:
    """A file on disk. Use as a context manager. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size = os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> PlainFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def read_at(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(length)

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        self._file.seek(start)
        while start < end:
            piece = self._file.read(min(PIECE, end - start))
            if not piece:
                raise OSError("The file became shorter while it was read.")
            start += len(piece)
            yield piece


class StoredFile:
    """A file of the evidence store, opened while it is read; nothing plain touches the disk.

    Raises vault.errors.NotOpened where a byte was changed.
    """

    def __init__(self, reader: SealedReader | JoinedReader) -> None:
        self._reader = reader
        self.size = reader.size
        self._near = (0, b"")

    def __enter__(self) -> StoredFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.close()

    def read_at(self, offset: int, length: int) -> bytes:
        # Boxes are read a few bytes at a time, and every reading opens a whole chunk. Whoever jumps from one large
        # box to the next wants no more than its head.
        start, data = self._near
        if not start <= offset <= offset + length <= start + len(data):
            goes_on = start <= offset <= start + len(data)
            end = offset + max(length, _NEAR if goes_on else 0)
            start, data = offset, b"".join(self._reader.read_range(offset, end))
            self._near = (start, data)
        return data[offset - start : offset - start + length]

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        return self._reader.read_range(start, end)
