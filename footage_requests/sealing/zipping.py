"""ZIP files without compression: the sealed folder as one inner package.zip, and what a recipient gets.

The inner file is written in one pass into anything that takes bytes, so sizes and checksums are known before each
entry: no data descriptors, which some unpackers refuse. Zip64 throughout. Format: PKWARE APPNOTE 6.3.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from core.tsi import TSI

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_ZIP64 = 45
_UTF8_NAMES = 0x800
_UNIX = 3 << 8
_PLAIN_FILE = 0o100644 << 16
_FULL = 0xFFFFFFFF


class Sink(Protocol):
    """Takes plain bytes, one after the other."""

    def write(self, data: bytes, /) -> int: ...


@dataclass(frozen=True)
class _Written:
    name: bytes
    crc32: int
    bytes: int
    place: int


class StoredZip:
    """Writes a ZIP of stored files into a sink. Call `close` at the end."""

    def __init__(self, sink: Sink, made_at: dt.datetime) -> None:
        self._sink = sink
        self._at = 0
        self._files: list[_Written] = []
        local = made_at.astimezone(TSI)
        self._time = local.hour << 11 | local.minute << 5 | local.second // 2
        self._date = max(local.year - 1980, 0) << 9 | local.month << 5 | local.day

    def add(self, name: str, pieces: Iterable[bytes], *, size: int, crc32: int) -> None:
        """One file. Raises ValueError when the pieces are not `size` bytes; nothing is undone then."""
        encoded = name.encode()
        self._files.append(_Written(encoded, crc32, size, self._at))
        extra = struct.pack("<HHQQ", 1, 16, size, size)
        head = (_ZIP64, _UTF8_NAMES, 0, self._time, self._date, crc32, _FULL, _FULL)
        self._write(_LOCAL.pack(0x04034B50, *head, len(encoded), len(extra)) + encoded + extra)
        begin = self._at
        for piece in pieces:
            self._write(piece)
        if self._at - begin != size:
            raise ValueError(f"{name} changed while it was packed.")

    def close(self) -> None:
        """The list of files at the end."""
        start = self._at
        for file in self._files:
            extra = struct.pack("<HHQQQ", 1, 24, file.bytes, file.bytes, file.place)
            head = (_ZIP64 | _UNIX, _ZIP64, _UTF8_NAMES, 0, self._time, self._date, file.crc32)
            sizes = (_FULL, _FULL, len(file.name), len(extra), 0, 0, 0, _PLAIN_FILE, _FULL)
            self._write(_CENTRAL.pack(0x02014B50, *head, *sizes) + file.name + extra)
        length, count, end = self._at - start, len(self._files), self._at
        self._write(
            struct.pack(
                "<IQHHIIQQQQ", 0x06064B50, 44, _ZIP64, _ZIP64, 0, 0, count, count, length, start
            )
        )
        self._write(struct.pack("<IIQI", 0x07064B50, 0, end, 1))
        self._write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, _FULL, _FULL, 0))

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self._at += len(data)
