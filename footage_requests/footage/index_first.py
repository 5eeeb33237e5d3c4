"""A film with its index moved to the front, for readers that cannot wind back: a pipe into a decoder."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

from ..sealing.boxes import Box, NotMp4, find, top_boxes
from ..sealing.sources import Source

LARGEST_INDEX = 256 * 1024 * 1024
_TABLE = (b"trak", b"mdia", b"minf", b"stbl", b"co64")


def index_first(source: Source) -> Iterator[bytes]:
    """The bytes of a film of one track, its index before its pictures. Raises NotMp4.

    A film that begins with its index, or that has none to move, comes as it is.
    """
    boxes = list(top_boxes(source))
    kinds = [box.kind for box in boxes]
    if b"moov" not in kinds or kinds.index(b"moov") < _place(kinds, b"mdat"):
        yield from source.pieces(0, source.size)
        return
    moov = boxes.pop(kinds.index(b"moov"))
    head = [box for box in boxes if box.kind == b"ftyp"]
    for box in head:
        yield from source.pieces(box.start, box.end)
    yield _moved(source, moov)
    for box in boxes:
        if box not in head:
            yield from source.pieces(box.start, box.end)


def _place(kinds: list[bytes], kind: bytes) -> int:
    return kinds.index(kind) if kind in kinds else len(kinds)


def _moved(source: Source, moov: Box) -> bytes:
    """The index, with the places of pictures as they are behind it."""
    size = moov.end - moov.start
    if size > LARGEST_INDEX:
        raise NotMp4("The film's tables are too large.")
    data = bytearray(source.read_at(moov.start, size))
    table = find(bytes(data), moov.body - moov.start, size, *_TABLE)
    if table is None:
        raise NotMp4("The film's tables are incomplete.")
    (count,) = struct.unpack_from(">I", data, table.body + 4)
    places = array("Q", bytes(data[table.body + 8 : table.body + 8 + 8 * count]))
    places.byteswap()
    moved = array("Q", (place + size for place in places))
    moved.byteswap()
    data[table.body + 8 : table.body + 8 + 8 * count] = moved.tobytes()
    return bytes(data)
