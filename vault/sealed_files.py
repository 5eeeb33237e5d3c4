"""Large files sealed while they are written, and read again from any place without opening the rest.

Chunks of AES-256-GCM under a key of the file's own, in the manner of the STREAM construction (Hoang,
Reyhanitabar, Rogaway and Vizár 2015): the nonce is a random prefix of 7 bytes, the chunk's number in 4
bytes and one byte that marks the last chunk, so that chunks cannot be swapped, repeated, dropped or
cut off without notice. The file's key is wrapped by the vault for the row that it belongs to; who
empties that column destroys the file.

Layout: 8 bytes of magic, 4 bytes chunk size (big endian), 7 bytes nonce prefix, then chunks of
chunk size + 16 bytes; the last may be shorter and may be empty. The head is additional data.
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.views.decorators.debug import sensitive_variables

from .crypto import KEY_BYTES, Place, open_text, seal
from .errors import NotOpened

MAGIC = b"CCTVSEAL"
CHUNK = 256 * 1024
TAG = 16
_HEAD = struct.Struct(">8sI7s")
_MAX_CHUNK = 16 * 1024 * 1024
_MAX_CHUNKS = 2**32 - 1


@dataclass(frozen=True)
class Written:
    """What was written: the wrapped key for the row, and size and SHA-256 of the plain bytes.

    The hash is blank where none was wanted: every chunk is proven by its tag all the same.
    """

    wrapped_key: str
    bytes: int
    sha256: str


class SealedWriter:
    """Writes plain bytes into a sealed file; under the final name there is a whole file or nothing.

    Use as a context manager and take `finish()` inside it; leaving without it removes what was written.
    Raises OSError when the disk is full or the folder cannot be written, FileExistsError rather than
    overwrite.
    """

    def __init__(self, path: Path, place: Place, *, is_hashed: bool = True) -> None:
        self._is_hashed = is_hashed
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._place = place
        self._buffer = bytearray()
        self._number = 0
        self._bytes = 0
        self._hash = hashlib.sha256()
        self._written: Written | None = None

    @sensitive_variables()
    def __enter__(self) -> Self:
        if self._path.exists():
            raise FileExistsError(f"{self._path.name} is there already.")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        self._file: BinaryIO = os.fdopen(os.open(self._part, flags, 0o600), "wb", buffering=0)
        key = os.urandom(KEY_BYTES)
        self._wrapped = seal(base64.b64encode(key).decode(), self._place)
        self._cipher = AESGCM(key)
        self._prefix = os.urandom(7)
        self._head = _HEAD.pack(MAGIC, CHUNK, self._prefix)
        _write_all(self._file, self._head)
        return self

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Takes plain bytes of any length; whole chunks go to the disk at once."""
        if self._is_hashed:
            self._hash.update(data)
        self._bytes += len(data)
        view = memoryview(data)
        at = CHUNK - len(self._buffer) if self._buffer else 0
        # The last chunk is marked as such, so a full one waits until it is known not to be the last.
        if self._buffer and len(view) > at:
            self._buffer += view[:at]
            self._seal_chunk(self._buffer, last=False)
            self._buffer = bytearray()
        elif self._buffer:
            at = 0
        while len(view) - at > CHUNK:
            self._seal_chunk(view[at : at + CHUNK], last=False)
            at += CHUNK
        self._buffer += view[at:]
        return len(data)

    def finish(self) -> Written:
        """Closes, syncs and names the file. Safe against power loss: data first, then the name."""
        self._seal_chunk(self._buffer, last=True)
        self._buffer.clear()
        os.fsync(self._file.fileno())
        self._file.close()
        # A link fails where a name exists already; a rename would overwrite it.
        os.link(self._part, self._path)
        self._part.unlink()
        _sync_folder(self._path.parent)
        found = self._hash.hexdigest() if self._is_hashed else ""
        self._written = Written(self._wrapped, self._bytes, found)
        return self._written

    def __exit__(self, *error: object) -> None:
        self._file.close()
        if self._written is None:
            self._part.unlink(missing_ok=True)

    def _seal_chunk(self, plain: bytes | bytearray | memoryview, *, last: bool) -> None:
        if self._number >= _MAX_CHUNKS:
            raise OSError("The file is too large to be sealed.")
        nonce = _nonce(self._prefix, self._number, last=last)
        _write_all(self._file, self._cipher.encrypt(nonce, plain, self._head))
        self._number += 1


class SealedReader:
    """Reads a sealed file from any place; every chunk is proven before a byte of it is given.

    Raises NotOpened when a byte was changed, a chunk is missing or the file belongs to another row.
    """

    @sensitive_variables()
    def __init__(self, path: Path, wrapped_key: str, place: Place) -> None:
        if not wrapped_key:
            raise NotOpened("The key of this file has been destroyed.")
        key = base64.b64decode(open_text(wrapped_key, place))
        self._cipher = AESGCM(key)
        self._file = path.open("rb")
        try:
            self._read_head()
        except BaseException:
            self._file.close()
            raise

    def _read_head(self) -> None:
        self._head = self._file.read(_HEAD.size)
        if len(self._head) != _HEAD.size:
            raise NotOpened("A sealed file is cut off.")
        magic, self._chunk, self._prefix = _HEAD.unpack(self._head)
        if magic != MAGIC or not 0 < self._chunk <= _MAX_CHUNK:
            raise NotOpened("This is not a sealed file.")
        body = os.fstat(self._file.fileno()).st_size - _HEAD.size
        self._chunks = -(-body // (self._chunk + TAG))
        if body < TAG or body - (self._chunks - 1) * (self._chunk + TAG) < TAG:
            raise NotOpened("A sealed file is cut off.")
        self.size = body - self._chunks * TAG

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def read_range(self, start: int, end: int) -> Iterator[bytes]:
        """The plain bytes [start, end), in pieces of at most one chunk."""
        position = max(0, start)
        end = min(end, self.size)
        while position < end:
            number, inside = divmod(position, self._chunk)
            piece = self._open_chunk(number)[inside : inside + end - position]
            if not piece:
                raise NotOpened("A sealed file is cut off.")
            yield piece
            position += len(piece)

    def __iter__(self) -> Iterator[bytes]:
        """The whole file; its end is proven as well, so a cut file is noticed even between chunks."""
        for number in range(self._chunks):
            piece = self._open_chunk(number)
            if piece:
                yield piece

    def _open_chunk(self, number: int) -> bytes:
        self._file.seek(_HEAD.size + number * (self._chunk + TAG))
        sealed = self._file.read(self._chunk + TAG)
        nonce = _nonce(self._prefix, number, last=number == self._chunks - 1)
        try:
            return self._cipher.decrypt(nonce, sealed, self._head)
        except InvalidTag:
            raise NotOpened("A sealed file was changed or cut off.") from None


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, last)


def _write_all(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
