"""What an MP4 file contains, read from its tables: size, length, pictures, and the NAL units of its video.

Reads plain and fragmented files (ISO/IEC 14496-12) with H.264 or H.265 (ISO/IEC 14496-15), picture by picture, and
decodes nothing. Times are milliseconds.
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from .boxes import Box, NotMp4, child_boxes, find, top_boxes
from .sources import Source

LARGEST_TABLE = 256 * 1024 * 1024
LARGEST_PICTURE = 32 * 1024 * 1024
MOST_PICTURES = 100_000_000
CODECS = {b"avc1": "h264", b"avc3": "h264", b"hvc1": "hevc", b"hev1": "hevc"}
START_CODE = b"\0\0\0\1"


@dataclass
class Film:
    """The first video track of a file. `places` and `sizes` list its pictures in file order."""

    codec: str
    width: int
    height: int
    track: int
    timescale: int
    ticks: int = 0
    has_sound: bool = False
    bitstream_sha256: str = ""
    """See the function of that name; blank until somebody has read all pictures."""
    places: array[int] = field(default_factory=lambda: array("Q"))
    sizes: array[int] = field(default_factory=lambda: array("L"))

    @property
    def frames(self) -> int:
        return len(self.sizes)

    @property
    def duration_ms(self) -> int:
        return self.ticks * 1000 // self.timescale if self.timescale else 0


def read_film(source: Source) -> Film:
    """The film's facts. Raises NotMp4 with what is wrong: nothing to see, cut off, or another format."""
    film: Film | None = None
    try:
        for box in top_boxes(source):
            if box.kind == b"moov":
                film = _read_movie(_table(source, box))
            elif box.kind == b"moof" and film is not None:
                _read_fragment(film, _table(source, box), box.start)
    except (struct.error, IndexError, OverflowError, MemoryError) as error:
        raise NotMp4("The film's tables are damaged.") from error
    if film is None or not film.frames:
        raise NotMp4("The file has no pictures.")
    if any(p + s > source.size for p, s in zip(film.places, film.sizes, strict=True)):
        raise NotMp4("The file is cut off: pictures are missing at its end.")
    return film


def nal_units(source: Source, film: Film) -> Iterator[bytes]:
    """The NAL units of the video in file order, without their lengths. Raises NotMp4."""
    for place, size in zip(film.places, film.sizes, strict=True):
        if size > LARGEST_PICTURE:
            raise NotMp4("A picture is too large.")
        picture = source.read_at(place, size)
        at = 0
        while at + 4 <= len(picture):
            length = int.from_bytes(picture[at : at + 4], "big")
            if at + 4 + length > len(picture):
                raise NotMp4("A picture is damaged.")
            yield picture[at + 4 : at + 4 + length]
            at += 4 + length


def bitstream_sha256(source: Source, film: Film) -> str:
    """SHA-256 over the NAL units in file order, each behind 00 00 00 01, without padding zeros at its end.

    The same for every file into which these pictures were put without re-encoding.
    """
    found = hashlib.sha256()
    for unit in nal_units(source, film):
        found.update(START_CODE)
        found.update(unit.rstrip(b"\0"))
    return found.hexdigest()


def _table(source: Source, box: Box) -> bytes:
    if box.end - box.body > LARGEST_TABLE:
        raise NotMp4("The film's tables are too large.")
    return source.read_at(box.body, box.end - box.body)


def _read_movie(moov: bytes) -> Film:
    film: Film | None = None
    has_sound = False
    for trak in child_boxes(moov, 0, len(moov)):
        if trak.kind != b"trak":
            continue
        handler = find(moov, trak.body, trak.end, b"mdia", b"hdlr")
        kind = moov[handler.body + 8 : handler.body + 12] if handler else b""
        has_sound = has_sound or kind == b"soun"
        if kind == b"vide" and film is None:
            film = _read_track(moov, trak)
    if film is None:
        raise NotMp4("The file has no video.")
    film.has_sound = has_sound
    return film


def _read_track(moov: bytes, trak: Box) -> Film:
    header = _need(find(moov, trak.body, trak.end, b"tkhd"))
    place = header.body + (20 if moov[header.body] else 12)
    (track,) = struct.unpack_from(">I", moov, place)
    media = _need(find(moov, trak.body, trak.end, b"mdia", b"mdhd"))
    (timescale,) = struct.unpack_from(">I", moov, media.body + (20 if moov[media.body] else 12))
    tables = _need(find(moov, trak.body, trak.end, b"mdia", b"minf", b"stbl"))
    entry = _need(find(moov, tables.body, tables.end, b"stsd")).body + 8
    codec = CODECS.get(moov[entry + 4 : entry + 8])
    if codec is None:
        raise NotMp4("The video is neither H.264 nor H.265.")
    width, height = struct.unpack_from(">HH", moov, entry + 32)
    film = Film(codec, width, height, track, timescale)
    _read_sizes(moov, tables, film)
    if film.frames:
        _read_places(moov, tables, film)
        times = _need(find(moov, tables.body, tables.end, b"stts"))
        rows = struct.iter_unpack(">II", moov[times.body + 8 : times.end])
        film.ticks = sum(count * length for count, length in rows)
    return film


def _need(box: Box | None) -> Box:
    if box is None:
        raise NotMp4("The film's tables are incomplete.")
    return box


def _read_sizes(moov: bytes, tables: Box, film: Film) -> None:
    box = _need(find(moov, tables.body, tables.end, b"stsz"))
    fixed, count = struct.unpack_from(">II", moov, box.body + 4)
    if count > MOST_PICTURES:
        raise NotMp4("The film has too many pictures.")
    if fixed:
        film.sizes.extend([fixed] * count)
    else:
        film.sizes.extend(struct.unpack_from(f">{count}I", moov, box.body + 12))


def _read_places(moov: bytes, tables: Box, film: Film) -> None:
    short = find(moov, tables.body, tables.end, b"stco")
    chunks = short or _need(find(moov, tables.body, tables.end, b"co64"))
    (count,) = struct.unpack_from(">I", moov, chunks.body + 4)
    starts = struct.unpack_from(f">{count}{'I' if short else 'Q'}", moov, chunks.body + 8)
    runs = _need(find(moov, tables.body, tables.end, b"stsc"))
    rows = list(struct.iter_unpack(">III", moov[runs.body + 8 : runs.end]))
    number, row = 0, -1
    for chunk, start in enumerate(starts, start=1):
        while row + 1 < len(rows) and rows[row + 1][0] <= chunk:
            row += 1
        for _picture in range(min(rows[row][1], film.frames - number)):
            film.places.append(start)
            start += film.sizes[number]
            number += 1
    if number != film.frames:
        raise NotMp4("The film's tables contradict each other.")


def _read_fragment(film: Film, moof: bytes, moof_start: int) -> None:
    for traf in child_boxes(moof, 0, len(moof)):
        if traf.kind != b"traf":
            continue
        header = _need(find(moof, traf.body, traf.end, b"tfhd"))
        flags, track = struct.unpack_from(">II", moof, header.body)
        if track != film.track:
            continue
        at, base, usual_length, usual_size = header.body + 8, moof_start, 0, 0
        if flags & 0x01:
            (base,) = struct.unpack_from(">Q", moof, at)
            at += 8
        at += 4 if flags & 0x02 else 0
        if flags & 0x08:
            (usual_length,) = struct.unpack_from(">I", moof, at)
            at += 4
        if flags & 0x10:
            (usual_size,) = struct.unpack_from(">I", moof, at)
        for run in child_boxes(moof, traf.body, traf.end):
            if run.kind == b"trun":
                base = _read_run(film, moof, run, moof_start, base, (usual_length, usual_size))


def _read_run(
    film: Film, moof: bytes, run: Box, moof_start: int, follows: int, usual: tuple[int, int]
) -> int:
    """Adds a run's pictures; returns where the next run would begin."""
    flags, count = struct.unpack_from(">II", moof, run.body)
    at, place = run.body + 8, follows
    if flags & 0x001:
        place = moof_start + struct.unpack_from(">i", moof, at)[0]
        at += 4
    at += 4 if flags & 0x004 else 0
    columns = [bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800)]
    if film.frames + count > MOST_PICTURES or at + 4 * count * sum(columns) > run.end:
        raise NotMp4("The film's tables are damaged.")
    for _picture in range(count):
        length, size = usual
        if columns[0]:
            (length,) = struct.unpack_from(">I", moof, at)
        if columns[1]:
            (size,) = struct.unpack_from(">I", moof, at + 4 * columns[0])
        at += 4 * sum(columns)
        film.ticks += length
        film.places.append(place)
        film.sizes.append(size)
        place += size
    return place
