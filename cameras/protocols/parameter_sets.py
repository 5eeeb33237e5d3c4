"""What the parameter sets of a video stream say: picture size, and the configuration that MP4 needs.

H.264: SPS and PPS (ITU-T H.264 7.3.2) into an `avcC` (ISO/IEC 14496-15 5.3.3). H.265: VPS, SPS and PPS
(ITU-T H.265 7.3.2) into an `hvcC` (ISO/IEC 14496-15 8.3.3). Bytes of devices are read bit by bit with
bounds and nothing is decoded. Raises BadAnswer(UNDECODABLE) for what cannot be read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .base import BadAnswer, Reason

MAX_PIXELS = 40_000_000
_HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})
_MOST_ZEROS = 31
_MOST_SPS, _MOST_PPS = 31, 255


@dataclass(frozen=True)
class VideoFormat:
    """How pictures are coded. `configuration` is the content of avcC or hvcC."""

    codec: str  # h264 or hevc
    width: int
    height: int
    configuration: bytes


def video_format(codec: str, nal_units: Iterable[bytes]) -> VideoFormat:
    """The format of a stream whose parameter sets are among these NAL units (without start codes)."""
    units = list(nal_units)
    try:
        found = _of_h264(units) if codec == "h264" else _of_h265(units)
    except (IndexError, ValueError):
        raise BadAnswer(
            "The stream's parameter sets cannot be read.", reason=Reason.UNDECODABLE
        ) from None
    if not 0 < found.width * found.height <= MAX_PIXELS:
        raise BadAnswer("The pictures have no usable size.", reason=Reason.UNDECODABLE)
    return found


def set_number(codec: str, nal: bytes) -> int:
    """The number of a parameter set among those of its kind; 0 where it cannot be read.

    A stream may have several picture parameter sets. Of an H.265 sequence set the number is not read.
    """
    try:
        if codec == "h264":
            return _Bits(nal, 4 if nal[0] & 0x1F == 7 else 1).ue() & 0xFF
        return _Bits(nal, 2).ue() & 0x3F if nal[0] >> 1 & 0x3F == 34 else 0
    except (IndexError, ValueError):
        return 0


def _newest(codec: str, units: Iterable[bytes]) -> list[bytes]:
    """The last of each number, in the order of first being met."""
    return list({set_number(codec, unit): unit for unit in units}.values())


class _Bits:
    """Reads a raw byte sequence payload bit by bit. Raises IndexError at its end."""

    def __init__(self, nal: bytes, skip: int) -> None:
        # Emulation prevention: 00 00 03 stands for 00 00 (H.264 7.3.1, H.265 7.3.1.1).
        self._data = nal[skip:].replace(b"\0\0\3", b"\0\0")
        self._at = 0

    def u(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | (self._data[self._at >> 3] >> (7 - (self._at & 7))) & 1
            self._at += 1
        return value

    def skip(self, count: int) -> None:
        self._at += count

    def ue(self) -> int:
        """Exp-Golomb, unsigned."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > _MOST_ZEROS:
                raise ValueError("no Exp-Golomb code")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """Exp-Golomb, signed."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def _of_h264(units: Sequence[bytes]) -> VideoFormat:
    sps = _newest("h264", (unit for unit in units if unit and unit[0] & 0x1F == 7))[:_MOST_SPS]
    pps = _newest("h264", (unit for unit in units if unit and unit[0] & 0x1F == 8))[:_MOST_PPS]
    if not sps or not pps:
        raise ValueError("parameter sets are missing")
    bits = _Bits(sps[0], 1)
    profile = bits.u(8)
    bits.skip(16)
    bits.ue()
    chroma, luma_depth, chroma_depth = 1, 0, 0
    if profile in _HIGH_PROFILES:
        chroma = bits.ue()
        if chroma == 3:
            bits.skip(1)
        luma_depth, chroma_depth = bits.ue(), bits.ue()
        bits.skip(1)
        if bits.u(1):
            _skip_scaling_lists(bits, 12 if chroma == 3 else 8)
    width, height = _h264_size(bits, chroma)
    head = bytes([1, *sps[0][1:4], 0xFF])
    sets = bytes([0xE0 | len(sps)]) + _measured(sps) + bytes([len(pps)]) + _measured(pps)
    more = b""
    if profile in (100, 110, 122, 144):
        more = bytes([0xFC | chroma, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0])
    return VideoFormat("h264", width, height, head + sets + more)


def _measured(units: Sequence[bytes]) -> bytes:
    return b"".join(struct.pack(">H", len(unit)) + unit for unit in units)


def _skip_scaling_lists(bits: _Bits, count: int) -> None:
    for number in range(count):
        if not bits.u(1):
            continue
        last = step = 8
        for _ in range(16 if number < 6 else 64):
            if step:
                step = (last + bits.se()) & 0xFF
            last = step or last


def _h264_size(bits: _Bits, chroma: int) -> tuple[int, int]:
    bits.ue()
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.skip(1)
        bits.se()
        bits.se()
        for _ in range(min(bits.ue(), 255)):
            bits.se()
    bits.ue()
    bits.skip(1)
    width, height = 16 * (bits.ue() + 1), 16 * (bits.ue() + 1)
    frames_only = bits.u(1)
    if not frames_only:
        height *= 2
        bits.skip(1)
    bits.skip(1)
    if bits.u(1):
        across = 2 if chroma in (1, 2) else 1
        down = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= across * (bits.ue() + bits.ue())
        height -= down * (bits.ue() + bits.ue())
    return width, height


def _of_h265(units: Sequence[bytes]) -> VideoFormat:
    arrays = {
        kind: _newest("hevc", (u for u in units if len(u) > 2 and u[0] >> 1 & 0x3F == kind))
        for kind in (32, 33, 34)
    }
    if not all(arrays.values()):
        raise ValueError("parameter sets are missing")
    bits = _Bits(arrays[33][0], 2)
    bits.skip(4)
    layers, nested = bits.u(3), bits.u(1)
    general = bytes(bits.u(8) for _ in range(12))
    _skip_sub_layers(bits, layers)
    bits.ue()
    chroma = bits.ue()
    if chroma == 3:
        bits.skip(1)
    width, height = bits.ue(), bits.ue()
    if bits.u(1):
        across, down = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1)
        width -= across * (bits.ue() + bits.ue())
        height -= down * (bits.ue() + bits.ue())
    luma_depth, chroma_depth = bits.ue(), bits.ue()
    head = (
        b"\1"
        + general
        + bytes([0xF0, 0, 0xFC, 0xFC | chroma, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0, 0])
    )
    head += bytes([(layers + 1 & 7) << 3 | nested << 2 | 3, len(arrays)])
    body = b"".join(
        bytes([kind, 0, len(found)]) + _measured(found) for kind, found in arrays.items()
    )
    return VideoFormat("hevc", width, height, head + body)


def _skip_sub_layers(bits: _Bits, layers: int) -> None:
    told = [(bits.u(1), bits.u(1)) for _ in range(layers)]
    if layers:
        bits.skip(2 * (8 - layers))
    for has_profile, has_level in told:
        bits.skip(88 * has_profile + 8 * has_level)
