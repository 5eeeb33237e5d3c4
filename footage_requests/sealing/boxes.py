"""Boxes of the ISO base media file format (ISO/IEC 14496-12): MP4 files as trees, read without loading them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .sources import Source

MOST_TOP_BOXES = 2_000_000
"""A fragmented day has some hundred thousand; more is not a recording."""


class NotMp4(ValueError):
    """The bytes are not a sound MP4 file."""


@dataclass(frozen=True)
class Box:
    """One box: [start, end) in the file or buffer, `body` is where its content begins."""

    kind: bytes
    start: int
    body: int
    end: int
    reaches_to_end: bool = False
    """Its size says "until the end of the file": nothing may be put behind it."""


def top_boxes(source: Source) -> Iterator[Box]:
    """The boxes of a file in order. Raises NotMp4 where they do not fill it exactly."""
    offset, count = 0, 0
    while offset < source.size:
        count += 1
        if count > MOST_TOP_BOXES:
            raise NotMp4("The file has too many boxes.")
        head = source.read_at(offset, 8)
        if head[:4] == b"\0\0\0\1":
            head = source.read_at(offset, 16)
        box = _box_at(head, offset, source.size)
        yield box
        offset = box.end


def child_boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes inside [start, end) of a buffer. Raises NotMp4 where one does not fit."""
    while start < end:
        box = _box_at(data[start : start + 16], start, end)
        yield box
        start = box.end


def find(data: bytes, start: int, end: int, *path: bytes) -> Box | None:
    """The first box at a path of kinds inside [start, end)."""
    for box in child_boxes(data, start, end):
        if box.kind == path[0]:
            return box if len(path) == 1 else find(data, box.body, box.end, *path[1:])
    return None


def box(kind: bytes, content: bytes) -> bytes:
    """A box with a 32-bit size."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


def full_box(kind: bytes, content: bytes, *, version: int = 0) -> bytes:
    """A box with version and (zero) flags."""
    return box(kind, struct.pack(">B3x", version) + content)


def _box_at(head: bytes, offset: int, end: int) -> Box:
    if len(head) < 8:
        raise NotMp4(f"The file ends inside a box at {offset}.")
    size, kind = struct.unpack(">I4s", head[:8])
    length, to_end = 8, False
    if size == 1:
        if len(head) < 16:
            raise NotMp4(f"The file ends inside a box at {offset}.")
        size, length = struct.unpack(">Q", head[8:16])[0], 16
    elif size == 0:
        size, to_end = end - offset, True
    if size < length or offset + size > end:
        raise NotMp4(f"The box at {offset} does not fit into its surroundings.")
    return Box(kind, offset, offset + length, offset + size, to_end)
