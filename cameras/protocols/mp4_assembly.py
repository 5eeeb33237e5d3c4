"""Joins slices into one plain MP4 with its index at the end, without touching or moving a picture.

Two uses of one rule: while slices arrive, their groups of pictures are taken one by one, so that the result
is hashed in the same pass; when all have come, their indexes say the same once more, and the tables
are made. Memory grows with the number of pictures (about twenty bytes each), not with their size. Between
two pictures lies the time that lay between them when they were taken: a gap stays as long as it was (the
picture before it stands), nothing is joined silently. Times are milliseconds.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, pairwise
from operator import add, lt

from .frame_times import FrameTimes
from .mp4_boxes import file_type, full_box, movie
from .mp4_slices import SliceIndex

HEAD = file_type(is_fragmented=False)
"""What the result begins with."""
_LARGEST_RUN = 2**32 - 9


@dataclass(frozen=True, slots=True)
class Run:
    """Pictures that lie one behind the other in a slice: `size` bytes at `place` of the slice `number`.

    In the result they are one box of pictures and one chunk.
    """

    number: int
    place: int
    size: int
    count: int
    entry: int

    @property
    def head(self) -> bytes:
        """The head of its box in the result."""
        return struct.pack(">I4s", 8 + self.size, b"mdat")


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
    first_group_ms: int
    runs: list[Run]
    tail: bytes
    """The index. The result is HEAD, each run behind its head, and this."""
    bytes: int


@dataclass
class _Plan:
    """The chosen pictures as columns."""

    sizes: array[int] = field(default_factory=lambda: array("I"))
    times: array[int] = field(default_factory=lambda: array("q"))
    offsets: array[int] = field(default_factory=lambda: array("i"))
    keys: array[int] = field(default_factory=lambda: array("I"))
    last: tuple[int, int] | None = None


class Joining:
    """Which pictures of which slices make the result [start_ms, end_ms), from the key picture before it.

    Slices come in order, whole or in groups of pictures. What two of them both have goes in once.
    """

    def __init__(self, start_ms: int, end_ms: int) -> None:
        self._start_ms, self._end_ms = start_ms, end_ms
        self._plan = _Plan()
        self._entries: list[bytes] = []
        self._size = (0, 0)
        self._number = -1
        self._goes_on = False
        self.runs: list[Run] = []

    def begin(self) -> None:
        """What is taken from now on is of the next slice."""
        self._number += 1
        self._goes_on = False

    def take(self, index: SliceIndex, shift_ms: int) -> list[Run]:
        """What goes in of a slice, or of its next group. `shift_ms`: how far its clock was ahead of true time."""
        plan = self._plan
        begin = 0 if self._goes_on else _first_of(plan, index, shift_ms, self._start_ms)
        if begin == len(index):
            return []
        self._goes_on = True
        times = self._times_of(index, begin, shift_ms)
        if not times:
            return []
        end = begin + len(times)
        fresh = list(_runs_of(index.places[begin:end], index.sizes[begin:end]))
        keys = enumerate(index.keys[begin:end], len(plan.times) + 1)
        plan.keys.extend([number for number, is_key in keys if is_key])
        plan.times.extend(times)
        plan.sizes.extend(index.sizes[begin:end].tolist())
        plan.offsets.extend(index.offsets[begin:end].tolist())
        plan.last = (index.stamps[end - 1], index.sizes[end - 1])
        if index.entry not in self._entries:
            self._entries.append(index.entry)
            self._size = self._size if any(self._size) else index.size
        entry = self._entries.index(index.entry) + 1
        runs = [Run(self._number, place, size, count, entry) for place, size, count in fresh]
        self.runs += runs
        return runs

    def _times_of(self, index: SliceIndex, begin: int, shift_ms: int) -> list[int]:
        """The times of a slice's pictures from one on, as far as they go in, each later than the one before."""
        times = [stamp - shift_ms for stamp in index.stamps[begin:]]
        shown = list(map(add, times, index.offsets[begin:]))
        if max(shown) >= self._end_ms:
            del times[next(n for n, time in enumerate(shown) if time >= self._end_ms) :]
        newest = self._plan.times[-1] if self._plan.times else times[0] - 1 if times else 0
        if not all(map(lt, chain((newest,), times), times)):
            for at, time in enumerate(times):
                newest = times[at] = max(time, newest + 1)
        return times

    def finish(self) -> Assembled:
        """The tables. Raises ValueError when there is no picture at all."""
        plan = self._plan
        if not plan.times:
            raise ValueError("There is no picture to put together.")
        watch = FrameTimes(self._start_ms)
        watch.see_all(array("q", map(add, plan.times, plan.offsets)))
        gaps = watch.finish(self._end_ms)
        lengths = _lengths(plan.times, watch.usual_ms or 40)
        places, end = array("Q"), len(HEAD)
        for run in self.runs:
            places.append(end + 8)
            end += 8 + run.size
        tables = _tables(plan, self.runs, lengths, places)
        tail = movie(self._entries, self._size, tables, sum(lengths), is_fragmented=False)
        return Assembled(
            codec="h264" if self._entries[0][4:8] == b"avc1" else "hevc",
            width=self._size[0],
            height=self._size[1],
            frames=len(plan.times),
            first_ms=plan.times[0],
            end_ms=plan.times[-1] + lengths[-1],
            gaps=gaps,
            gap_count=watch.gap_count,
            gap_ms=watch.gap_ms,
            first_group_ms=_first_group_ms(plan, lengths),
            runs=self.runs,
            tail=tail,
            bytes=end + len(tail),
        )


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


def _runs_of(places: Sequence[int], sizes: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Pictures that lie one behind the other: place, size and count of each run."""
    ends = list(map(add, places, sizes))
    breaks = [
        at for at, (end, place) in enumerate(zip(ends, places[1:], strict=False), 1) if end != place
    ]
    for first, last in pairwise([0, *breaks, len(places)]):
        while ends[last - 1] - places[first] > _LARGEST_RUN:
            stop = bisect_right(ends, places[first] + _LARGEST_RUN, first, last)
            yield places[first], ends[stop - 1] - places[first], stop - first
            first = stop
        yield places[first], ends[last - 1] - places[first], last - first


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


def _tables(plan: _Plan, runs: list[Run], lengths: array[int], places: array[int]) -> list[bytes]:
    tables = [_run_table(b"stts", 0, lengths)]
    if any(plan.offsets):
        tables.append(_run_table(b"ctts", 1, plan.offsets))
    tables.append(full_box(b"stss", 0, 0, struct.pack(">I", len(plan.keys)), _big(plan.keys)))
    tables.append(_chunk_table(runs))
    tables.append(full_box(b"stsz", 0, 0, struct.pack(">II", 0, len(plan.sizes)), _big(plan.sizes)))
    tables.append(full_box(b"co64", 0, 0, struct.pack(">I", len(places)), _big(places)))
    return tables


def _run_table(kind: bytes, version: int, values: Iterable[int]) -> bytes:
    """A table of equal values in a row: count and value."""
    rows = bytearray()
    count = 0
    for value, same in groupby(values):
        rows += struct.pack(">Ii" if version else ">II", sum(1 for _ in same), value)
        count += 1
    return full_box(kind, version, 0, struct.pack(">I", count), bytes(rows))


def _chunk_table(runs: Sequence[Run]) -> bytes:
    rows = bytearray()
    count = 0
    last = (0, 0)
    for number, run in enumerate(runs, 1):
        if (run.count, run.entry) != last:
            rows += struct.pack(">III", number, run.count, run.entry)
            count += 1
            last = (run.count, run.entry)
    return full_box(b"stsc", 0, 0, struct.pack(">I", count), bytes(rows))


def _big(values: array[int]) -> bytes:
    """The values in big-endian order."""
    turned = array(values.typecode, values)
    turned.byteswap()
    return turned.tobytes()
