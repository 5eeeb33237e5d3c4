"""What a still picture says of itself in its first bytes: JPEG or PNG, how wide, how high.

Read in plain Python, before any decoder sees the bytes. Playlists, web pages and other formats fail.
"""

from __future__ import annotations

from .base import BadAnswer, Reason, TooLarge

MAX_STILL_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# Start-of-frame markers; C4, C8 and CC share the range and are something else.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def read_still_header(data: bytes) -> tuple[str, int, int]:
    """Format (`jpeg` or `png`), width and height.

    Raises BadAnswer(UNDECODABLE) for anything else, TooLarge above 8 MB or 40 megapixels.
    """
    if len(data) > MAX_STILL_BYTES:
        raise TooLarge("The picture has more bytes than we accept.")
    if data.startswith(_PNG) and len(data) >= 33 and data[12:16] == b"IHDR":
        width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
        kind = "png"
    elif data.startswith(_JPEG):
        kind, (width, height) = "jpeg", _jpeg_size(data)
    else:
        raise BadAnswer("What came is neither JPEG nor PNG.", reason=Reason.UNDECODABLE)
    if not width or not height:
        raise BadAnswer("The picture has no size.", reason=Reason.UNDECODABLE)
    if width * height > MAX_PIXELS:
        raise TooLarge("The picture has more pixels than we accept.")
    return kind, width, height


def _jpeg_size(data: bytes) -> tuple[int, int]:
    offset = 2
    while offset + 9 <= len(data):
        if data[offset] != 0xFF:
            break
        marker = data[offset + 1]
        if marker == 0xFF:
            offset += 1
            continue
        if marker in _FRAME_MARKERS:
            height = int.from_bytes(data[offset + 5 : offset + 7], "big")
            return int.from_bytes(data[offset + 7 : offset + 9], "big"), height
        size = int.from_bytes(data[offset + 2 : offset + 4], "big")
        if size < 2:
            break
        offset += 2 + size
    raise BadAnswer("The JPEG is cut off before its size.", reason=Reason.UNDECODABLE)
