"""Puts slices together into one plain MP4 with its index in front, without touching a picture.

Two passes: the first reads only the slices' indexes and decides which pictures go in, so that the second
can write tables and pictures in one stream. Memory grows with the number of pictures (about twenty bytes
each), not with their size. Between two pictures lies the time that lay between them when they were taken:
a gap stays as long as it was (the picture before it stands), nothing is joined. Times are milliseconds.
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from .frame_times import FrameTimes
from .mp4_boxes import file_type, full_box, movie
from .mp4_slices import ReadRange, Sink, SliceIndex
from .rtp_video import START_CODE

_READ_BYTES = 1024 * 1024
_MDAT_HEAD = 16


@dataclass(frozen=True)
class Piece:
    """One slice: how to read it, and how far its clock was ahead of the time of the result."""

    read: ReadRange
    index: SliceIndex
    shift_ms: int = 0


@dataclass
class _Run:
    """Pictures that lie one behind the other in a slice: one chunk of the result."""

    piece: int
    place: int
    size: int
    count: int


@dataclass
class Assembled:
    """What is in the result. Times are those of the result: a slice's own time minus its shift.

    `first_group_ms` is how long the group of pictures is with which it begins: so much may lie before the asked
    start, because a group is copied whole or cannot be decoded.
    """

    codec: str
    width: int
    height: int
    frames: int
    first_ms: int
    end_ms: int
    gaps: list[tuple[int, int]]
    gap_count: int
    gap_ms: int
    first_group_ms: int = 0
    bitstream_sha256: str = ""
    bytes: int = 0


@dataclass
class _Plan:
    """The chosen pictures as columns."""

    runs: list[_Run] = field(default_factory=list)
    sizes: array[int] = field(default_factory=lambda: array("I"))
    times: array[int] = field(default_factory=lambda: array("q"))
    offsets: array[int] = field(default_factory=lambda: array("i"))
    keys: array[int] = field(default_factory=lambda: array("I"))
    last: tuple[int, int] | None = None


def assemble(pieces: Sequence[Piece], sink: Sink, *, start_ms: int, end_ms: int) -> Assembled:
    """Writes the pictures of [start_ms, end_ms), from the key picture before it, into the sink.

    The pieces are in order. What two of them both have goes in once. Raises ValueError when there is no
    picture at all, or a slice is damaged.
    """
    plan = _Plan()
    for number, piece in enumerate(pieces):
        _choose(plan, number, piece, start_ms, end_ms)
    if not plan.times:
        raise ValueError("There is no picture to put together.")
    watch = FrameTimes(start_ms)
    for time, offset in zip(plan.times, plan.offsets, strict=True):
        watch.see(time + offset)
    gaps = watch.finish(end_ms)
    lengths = _lengths(plan.times, watch.usual_ms or 40)
    first = pieces[plan.runs[0].piece].index
    head = _head(plan, pieces, lengths, first.size)
    sink.write(head)
    found = hashlib.sha256()
    written, at = len(head), 0
    for run in plan.runs:
        written += run.size
        sizes = plan.sizes[at : at + run.count]
        at += run.count
        for data in _portions(pieces[run.piece].read, run, sizes):
            sink.write(data)
            _hash_pictures(found, data)
    return Assembled(
        codec="h264" if first.entry[4:8] == b"avc1" else "hevc",
        width=first.size[0],
        height=first.size[1],
        frames=len(plan.times),
        first_ms=plan.times[0],
        end_ms=plan.times[-1] + lengths[-1],
        gaps=gaps,
        gap_count=watch.gap_count,
        gap_ms=watch.gap_ms,
        first_group_ms=_first_group_ms(plan, lengths),
        bitstream_sha256=found.hexdigest(),
        bytes=written,
    )


def _choose(plan: _Plan, number: int, piece: Piece, start_ms: int, end_ms: int) -> None:
    index, shift = piece.index, piece.shift_ms
    begin = _first_of(plan, index, shift, start_ms)
    newest = plan.times[-1] if plan.times else None
    run: _Run | None = None
    for at in range(begin, len(index)):
        time = index.stamps[at] - shift
        if time + index.offsets[at] >= end_ms:
            break
        if newest is not None and time <= newest:
            time = newest + 1
        newest = time
        place, size = index.places[at], index.sizes[at]
        if run is not None and run.place + run.size == place:
            run.size += size
            run.count += 1
        else:
            run = _Run(number, place, size, 1)
            plan.runs.append(run)
        plan.sizes.append(size)
        plan.times.append(time)
        plan.offsets.append(index.offsets[at])
        if index.keys[at]:
            plan.keys.append(len(plan.times))
        plan.last = (index.stamps[at], size)


def _first_of(plan: _Plan, index: SliceIndex, shift: int, start_ms: int) -> int:
    """Where a slice goes on: behind the last picture taken, else at a key picture after it.

    A slice begins at the key picture before its own span, which the slice before usually has as well.
    """
    if plan.last is None:
        first = 0
        for at in range(len(index)):
            if index.stamps[at] - shift > start_ms:
                break
            if index.keys[at]:
                first = at
        return first
    newest = plan.times[-1]
    for at in range(len(index)):
        if (index.stamps[at], index.sizes[at]) == plan.last:
            return at + 1
        if index.stamps[at] - shift > newest:
            break
    for at in range(len(index)):
        if index.keys[at] and index.stamps[at] - shift > newest:
            return at
    return len(index)


def _first_group_ms(plan: _Plan, lengths: array[int]) -> int:
    """From the first picture to the next key picture, or to the end where there is none."""
    following = next((number - 1 for number in plan.keys if number > 1), None)
    end = plan.times[-1] + lengths[-1] if following is None else plan.times[following]
    return end - plan.times[0]


def _lengths(times: array[int], usual_ms: int) -> array[int]:
    lengths = array("I", bytes(4 * len(times)))
    for at in range(len(times) - 1):
        lengths[at] = times[at + 1] - times[at]
    lengths[-1] = usual_ms
    return lengths


def _head(
    plan: _Plan, pieces: Sequence[Piece], lengths: array[int], size: tuple[int, int]
) -> bytes:
    entries = list(dict.fromkeys(pieces[run.piece].index.entry for run in plan.runs))
    tables = [_run_table(b"stts", 0, lengths)]
    if any(plan.offsets):
        tables.append(_run_table(b"ctts", 1, plan.offsets))
    tables.append(full_box(b"stss", 0, 0, struct.pack(">I", len(plan.keys)), _big(plan.keys)))
    tables.append(_chunk_table(plan, pieces, entries))
    tables.append(full_box(b"stsz", 0, 0, struct.pack(">II", 0, len(plan.sizes)), _big(plan.sizes)))
    total = sum(lengths)

    def head(first: int) -> bytes:
        places = array("Q")
        at = first
        for run in plan.runs:
            places.append(at)
            at += run.size
        chunks = full_box(b"co64", 0, 0, struct.pack(">I", len(places)), _big(places))
        moov = movie(entries, size, [*tables, chunks], total, is_fragmented=False)
        data = sum(run.size for run in plan.runs)
        mdat = struct.pack(">I4sQ", 1, b"mdat", _MDAT_HEAD + data)
        return file_type(is_fragmented=False) + moov + mdat

    return head(len(head(0)))


def _run_table(kind: bytes, version: int, values: Iterable[int]) -> bytes:
    """A table of equal values in a row: count and value."""
    rows = bytearray()
    count = 0
    for value, same in groupby(values):
        rows += struct.pack(">Ii" if version else ">II", sum(1 for _ in same), value)
        count += 1
    return full_box(kind, version, 0, struct.pack(">I", count), bytes(rows))


def _chunk_table(plan: _Plan, pieces: Sequence[Piece], entries: list[bytes]) -> bytes:
    rows = bytearray()
    count = 0
    last = (0, 0)
    for number, run in enumerate(plan.runs, 1):
        entry = entries.index(pieces[run.piece].index.entry) + 1
        if (run.count, entry) != last:
            rows += struct.pack(">III", number, run.count, entry)
            count += 1
            last = (run.count, entry)
    return full_box(b"stsc", 0, 0, struct.pack(">I", count), bytes(rows))


def _big(values: array[int]) -> bytes:
    """The values in big-endian order."""
    turned = array(values.typecode, values)
    turned.byteswap()
    return turned.tobytes()


def _portions(read: ReadRange, run: _Run, sizes: Sequence[int]) -> Iterator[bytes]:
    """The bytes of a run in portions of whole pictures; `sizes` are those of its pictures."""
    start = end = run.place
    for size in sizes:
        if end - start >= _READ_BYTES:
            yield _read(read, start, end)
            start = end
        end += size
    yield _read(read, start, end)


def _read(read: ReadRange, start: int, end: int) -> bytes:
    data = b"".join(read(start, end))
    if len(data) != end - start:
        raise ValueError("A slice is cut off.")
    return data


def _hash_pictures(found: hashlib._Hash, data: bytes) -> None:
    """NAL units, each behind 00 00 00 01, without padding zeros behind a unit."""
    turned = bytearray(data)
    at = 0
    size = len(turned)
    start = 0
    while at < size:
        following = at + 4 + int.from_bytes(turned[at : at + 4], "big")
        if following > size:
            raise ValueError("A slice is damaged.")
        turned[at : at + 4] = START_CODE
        if turned[following - 1] == 0 and following > at + 4:
            kept = following
            while kept > at + 4 and turned[kept - 1] == 0:
                kept -= 1
            found.update(memoryview(turned)[start:kept])
            start = following
        at = following
    found.update(memoryview(turned)[start:])
