"""The boxes of an MP4 file with one video track (ISO/IEC 14496-12). Times are milliseconds."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from .parameter_sets import VideoFormat

TIMESCALE = 1000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_ENTRIES = {"h264": (b"avc1", b"avcC"), "hevc": (b"hev1", b"hvcC")}


def box(kind: bytes, *content: bytes) -> bytes:
    """A box: size, kind, content."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def file_type(*, is_fragmented: bool) -> bytes:
    """`ftyp`, and which readers can open the file."""
    if is_fragmented:
        return box(b"ftyp", b"iso5", struct.pack(">I", 512), b"iso5", b"iso6", b"mp41")
    return box(b"ftyp", b"isom", struct.pack(">I", 512), b"isom", b"iso2", b"avc1", b"mp41")


def sample_entry(video: VideoFormat) -> bytes:
    """The entry of `stsd`: codec, size and configuration."""
    name, configuration = _ENTRIES[video.codec]
    return box(
        name,
        struct.pack(">6xH", 1),
        struct.pack(">16xHH", video.width, video.height),
        struct.pack(">IIIH", 0x480000, 0x480000, 0, 1),
        bytes(32),
        struct.pack(">Hh", 24, -1),
        box(configuration, video.configuration),
    )


def movie(
    entries: Sequence[bytes],
    size: tuple[int, int],
    tables: Sequence[bytes],
    duration_ms: int,
    *,
    is_fragmented: bool,
) -> bytes:
    """`moov`. `entries` are sample entries, `tables` the other boxes of `stbl`."""
    media = box(
        b"mdia",
        full_box(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, TIMESCALE, duration_ms, 0x55C4, 0)),
        full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"vide"), b"VideoHandler\0"),
        box(
            b"minf",
            full_box(b"vmhd", 0, 1, bytes(8)),
            box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))),
            box(
                b"stbl",
                full_box(b"stsd", 0, 0, struct.pack(">I", len(entries)), *entries),
                *tables,
            ),
        ),
    )
    header = struct.pack(">QQIQ", 0, 0, TIMESCALE, duration_ms)
    parts = [
        full_box(
            b"mvhd",
            1,
            0,
            header,
            struct.pack(">IH10x", 0x10000, 0x100),
            _MATRIX,
            bytes(24),
            struct.pack(">I", 2),
        ),
        box(b"trak", _track_header(size, duration_ms), media),
    ]
    if is_fragmented:
        parts.append(box(b"mvex", full_box(b"trex", 0, 0, struct.pack(">5I", 1, 1, 0, 0, 0))))
    return box(b"moov", *parts)


def _track_header(size: tuple[int, int], duration_ms: int) -> bytes:
    return full_box(
        b"tkhd",
        1,
        3,
        struct.pack(">QQI4xQ8x", 0, 0, 1, duration_ms),
        struct.pack(">hhhH", 0, 0, 0, 0),
        _MATRIX,
        struct.pack(">II", size[0] << 16, size[1] << 16),
    )
