"""Slices: fragmented MP4 written in one pass into anything that takes bytes, with an index at the end.

A slice needs no seeking back, so it can go through encryption straight to the disk. Each fragment is a
group of pictures; players open a slice as it is. The last box (`uuid`) lists every picture, so that
slices are put together later (`mp4_assembly`) without walking through their fragments. Pictures are
stored as received, only the start codes become lengths (ISO/IEC 14496-15). Times are milliseconds.
"""

from __future__ import annotations

import struct
import uuid
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, Protocol

from .mp4_boxes import box, file_type, full_box, movie, sample_entry
from .parameter_sets import VideoFormat

INDEX = uuid.UUID("5a6b2f0e-3c1d-4f57-9a53-7d0f6a1c9e42").bytes
_ROW = struct.Struct(
    ">QIIiB"
)  # place in the file, bytes, decoding time, display - decoding, is key
_RUN = struct.Struct(">IIIi")
_TAIL = struct.Struct(
    ">QqI"
)  # place of the index, time of the first picture, length of the sample entry
_MOST_PICTURES = 1500
_MOST_BYTES = 8 * 1024 * 1024
_IS_KEY, _IS_NOT_KEY = 0x02000000, 0x01010000
_LONGEST_REORDER_MS = 5_000
_MAX_INDEX_BYTES = 64 * 1024 * 1024


class Sink(Protocol):
    """Takes plain bytes, one after the other."""

    def write(self, data: bytes, /) -> int: ...


class _Picture(NamedTuple):
    stamp_ms: int
    is_key: bool
    units: Sequence[Sequence[bytes]]
    size: int


class SliceWriter:
    """Writes one slice. `first_ms` is the time of the first picture, in the time base of the stream."""

    def __init__(
        self, sink: Sink, video: VideoFormat, first_ms: int, beside: Beside | None = None
    ) -> None:
        self._sink = sink
        self._beside = beside
        self._first_ms = first_ms
        self._entry = sample_entry(video)
        self._size = (video.width, video.height)
        self._waiting: list[_Picture] = []
        self._waiting_bytes = 0
        self._rows = bytearray()
        self._number = 0
        self._newest_ms = -1
        self._usual_ms = 40
        self._at = 0
        empty = [full_box(kind, 0, 0, bytes(4)) for kind in (b"stts", b"stsc")]
        empty += [full_box(b"stsz", 0, 0, bytes(8)), full_box(b"stco", 0, 0, bytes(4))]
        self._write(
            file_type(is_fragmented=True)
            + movie([self._entry], self._size, empty, 0, is_fragmented=True)
        )

    def add(self, stamp_ms: int, is_key: bool, units: Sequence[Sequence[bytes]], size: int) -> None:
        """One picture: its NAL units in pieces, and their bytes with four bytes of length before each."""
        is_full = len(self._waiting) >= _MOST_PICTURES or self._waiting_bytes >= _MOST_BYTES
        if self._waiting and (is_key or is_full):
            self._write_fragment(stamp_ms - self._first_ms)
        self._waiting.append(_Picture(stamp_ms - self._first_ms, is_key, units, size))
        self._waiting_bytes += size

    def close(self) -> None:
        """Writes what is left and the index. The sink stays open."""
        if self._waiting:
            self._write_fragment(None)
        place = self._at
        tail = _TAIL.pack(place, self._first_ms, len(self._entry))
        self._write(box(b"uuid", INDEX, self._entry, bytes(self._rows), tail))

    def _write_fragment(self, next_ms: int | None) -> None:
        pictures = self._waiting
        times = self._decoding_times([picture.stamp_ms for picture in pictures])
        end = times[-1] + self._usual_ms if next_ms is None else max(next_ms, times[-1] + 1)
        lengths = [b - a for a, b in zip(times, [*times[1:], end], strict=True)]
        sizes = [picture.size for picture in pictures]
        keys = [picture.is_key for picture in pictures]
        offsets = [picture.stamp_ms - time for picture, time in zip(pictures, times, strict=True)]
        offsets = [each if abs(each) <= _LONGEST_REORDER_MS else 0 for each in offsets]
        flags = [_IS_KEY if is_key else _IS_NOT_KEY for is_key in keys]
        runs = b"".join(map(_RUN.pack, lengths, sizes, flags, offsets))
        self._number += 1
        moof = self._fragment_head(times[0], len(pictures), runs)
        place = self._at + len(moof) + 8
        places = list(accumulate(sizes[:-1], initial=place))
        self._rows += b"".join(map(_ROW.pack, places, sizes, times, offsets, keys))
        self._write(moof + struct.pack(">I4s", 8 + self._waiting_bytes, b"mdat"))
        data = b"".join(
            [
                piece
                for picture in pictures
                for unit in picture.units
                for piece in (sum(map(len, unit)).to_bytes(4, "big"), *unit)
            ]
        )
        self._write(data)
        if self._beside is not None:
            rows = (places, sizes, times, offsets, keys)
            self._beside(_index_of(self._entry, self._size, rows, self._first_ms), data)
        self._waiting, self._waiting_bytes = [], 0
        self._newest_ms = times[-1]
        if len(times) > 1:
            self._usual_ms = max(1, (times[-1] - times[0]) // (len(times) - 1))

    def _decoding_times(self, stamps: Sequence[int]) -> list[int]:
        """The same times in order: pictures that are shown in another order are decoded in this one."""
        times = []
        newest = self._newest_ms
        for stamp in sorted(stamps):
            newest = max(stamp, newest + 1)
            times.append(newest)
        return times

    def _fragment_head(self, start_ms: int, count: int, runs: bytes) -> bytes:
        def moof(data_offset: int) -> bytes:
            return box(
                b"moof",
                full_box(b"mfhd", 0, 0, struct.pack(">I", self._number)),
                box(
                    b"traf",
                    full_box(b"tfhd", 0, 0x020000, struct.pack(">I", 1)),
                    full_box(b"tfdt", 1, 0, struct.pack(">Q", start_ms)),
                    full_box(b"trun", 1, 0xF01, struct.pack(">Ii", count, data_offset), runs),
                ),
            )

        return moof(len(moof(0)) + 8)

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self._at += len(data)


@dataclass
class SliceIndex:
    """Every picture of a slice, as columns. `stamps` are decoding times in the stream's time base."""

    entry: bytes
    size: tuple[int, int]
    places: array[int]
    sizes: array[int]
    stamps: array[int]
    offsets: array[int]
    keys: bytearray

    def __len__(self) -> int:
        return len(self.sizes)


Beside = Callable[[SliceIndex, bytes], None]
"""Is given each group of pictures as it is written: which they are, and their bytes from the first one on."""
ReadRange = Callable[[int, int], Iterator[bytes]]


def read_index(read: ReadRange, size: int) -> SliceIndex:
    """The index of a slice of `size` bytes. Raises ValueError when it has none."""
    tail = b"".join(read(size - _TAIL.size, size))
    if len(tail) != _TAIL.size:
        raise ValueError("The slice has no index.")
    place, first_ms, entry_size = _TAIL.unpack(tail)
    if not 0 < size - place <= _MAX_INDEX_BYTES:
        raise ValueError("The slice has no index.")
    content = b"".join(read(place, size))
    if content[4:8] != b"uuid" or content[8:24] != INDEX:
        raise ValueError("The slice has no index.")
    entry = content[24 : 24 + entry_size]
    rows = zip(*_ROW.iter_unpack(content[24 + entry_size : -_TAIL.size]), strict=True)
    columns = tuple(rows) or ((),) * 5
    return _index_of(entry, struct.unpack_from(">HH", entry, 32), columns, first_ms)


def _index_of(
    entry: bytes, size: tuple[int, int], rows: Sequence[Sequence[int]], first_ms: int
) -> SliceIndex:
    """Pictures as they stand in the list of a slice that begins at `first_ms`, in columns."""
    places, sizes, times, offsets, keys = rows
    stamps = array("q", [time + first_ms for time in times])
    return SliceIndex(
        entry,
        size,
        array("q", places),
        array("L", sizes),
        stamps,
        array("l", offsets),
        bytearray(keys),
    )
