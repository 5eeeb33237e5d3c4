"""From RTP packets to whole pictures: H.264 (RFC 6184) and H.265 (RFC 7798).

A picture leaves as one access unit in Annex B form: each NAL unit behind a four-byte start code, in
the order received and unchanged. What cannot be put together is left out and the unit marked damaged.
Interleaved packetisation (H.264 mode 2, H.265 with DON fields) is not used by cameras and not read.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from .base import NotSupported
from .parameter_sets import set_number
from .rtp import DOLLAR, OnvifStamp, RtpPacket, SequenceWatch

START_CODE = b"\0\0\0\1"
_START_CODES = re.compile(rb"\0+\0\x01")
MAX_UNIT_BYTES = 8 * 1024 * 1024
_MAX_PARAMETER_SET_BYTES = 4096
_MOST_NALS, _MOST_PIECES = 4096, 32_768
"""Of a picture, and of a split NAL unit: many tiny ones take far more memory than their bytes."""
_MEANINGLESS = (0, 30, 31)
"""Of H.264, in RTP: reserved, so that no player sees a picture in them. Some cameras put notes of their own there."""
_PLAIN_RTP = 0x80  # version 2 without padding, extension and sources
_MARKER = 0x80
_MOST_ROWS = 64
_RAMP = bytes(range(256))


class AccessUnit(NamedTuple):
    """One coded picture. `stamp` is its ONVIF time, where the device sends one; `size` is that of `data`.

    `units` are its NAL units, each in the pieces in which it came: most are copied once, where they are written.
    """

    rtp_time: int
    stamp: OnvifStamp | None
    is_key: bool
    units: tuple[Sequence[bytes], ...]
    is_damaged: bool
    is_terminal: bool
    size: int

    @property
    def nals(self) -> tuple[bytes, ...]:
        """The NAL units. Made anew at each asking, as `data`."""
        return tuple([b"".join(unit) for unit in self.units])

    @property
    def data(self) -> bytes:
        """The NAL units in Annex B form."""
        return b"".join([piece for unit in self.units for piece in (START_CODE, *unit)])


class Depacketiser(ABC):
    """Collects the NAL units of one video stream. `push` gives the access units that are complete."""

    codec = ""
    parameter_types: frozenset[int] = frozenset()
    picture_types = range(0)
    """The NAL units that are part of a picture; others belong to the picture behind them."""
    filler_type = -1
    """Of NAL units that say nothing and can be long."""
    fragment_head = 0
    """Bytes before a piece of a split NAL unit; the last of them says whether it is the first or last."""
    fragment_kind = slice_head = 0
    """Its type, and the bytes before a slice, whose first bit says that it begins a picture."""
    fragment_mask = fragment_mark = 0
    """How its first byte is known."""
    fragment_struct = struct.Struct(">HHHHI4xBB")
    """Interleaved head, RTP head, and the first and the telling byte of the piece."""

    def __init__(self, fmtp: Mapping[str, str]) -> None:
        self.sequence = SequenceWatch()
        self._sets: dict[tuple[int, int], bytes] = {}
        self.finished: list[AccessUnit] = []
        """The access units that the short way has ended (`take_pieces`); who takes them empties it."""
        self._nals: list[Sequence[bytes]] = []
        self._kinds: set[int] = set()
        self._size = 0
        self._has_picture = False
        self._is_marked = False
        self._marker_ends: bool | None = None  # whether it ends a picture, or each of its slices
        self._fragment: list[bytes] | None = None
        self._fragment_size = 0
        self._rtp_time: int | None = None
        self._stamp: OnvifStamp | None = None
        self._terminal = False
        self._damaged = False
        for value in self._parameter_values(fmtp):
            for text in value.split(","):
                for nal in _apart(_from_base64(text)):
                    self._keep_parameter_set(nal.rstrip(b"\0"))

    @property
    def parameter_sets(self) -> bytes:
        """The newest parameter sets of each number, in Annex B form, for a decoder that starts here."""
        return b"".join(START_CODE + self._sets[key] for key in sorted(self._sets))

    def push(self, packet: RtpPacket) -> Sequence[AccessUnit]:
        has_hole = self.sequence.see(packet.sequence)
        done: list[AccessUnit] = []
        if self._is_marked and self._marker_ends is None:
            is_same = packet.timestamp == self._rtp_time
            self._marker_ends = not (is_same and self._goes_on(packet.payload))
            done += self._finish() if self._marker_ends else ()
        if has_hole:
            self._fragment = None
            self._damaged = self._damaged or bool(self._nals)
        if packet.timestamp != self._rtp_time:
            done += () if self._waits_for_picture else self._finish()
            self._rtp_time, self._stamp = packet.timestamp, None
        if packet.stamp is not None:
            self._stamp = self._stamp or packet.stamp
            self._terminal = self._terminal or packet.stamp.terminal
        self._take(packet.payload)
        if packet.marker and not self._waits_for_picture:
            self._is_marked = True
            if self._marker_ends or self._terminal:
                done += self._finish()
        return done

    def _goes_on(self, payload: bytes) -> bool:
        """Whether a packet begins a further slice of the picture before it."""
        at = self.slice_head
        if len(payload) <= at + 1:
            return False
        kind = self._kind(payload)
        if kind == self.fragment_kind:
            at = self.fragment_head
            kind = payload[at - 1] & (0x1F if self.slice_head == 1 else 0x3F)
            if not payload[at - 1] & 0x80:
                return False
        return kind in self.picture_types and not payload[at] & 0x80

    @property
    def _waits_for_picture(self) -> bool:
        """Some devices end each parameter set as if it were a picture, or give it a time of its own."""
        is_whole = self._fragment is None and not self._damaged and not self._terminal
        return bool(self._nals) and not self._has_picture and is_whole

    def take_pieces(
        self, buffer: bytearray, at: int, end: int, channel: int, payload_type: int
    ) -> int:
        """Takes the packets from `at` on that are plain pieces of split NAL units; returns where they end.

        Nine of ten packets of a camera are such pieces, and nearly all of a unit's are of one length. So they
        go a short way: as many as look like the one before are compared column by column and cut out in
        one go. Anything unusual, and the first packet of a picture, is left to `push`. It goes no further than
        to the end of a picture.
        """
        if self._is_marked and self._marker_ends is None:
            return at
        unpack, mask, mark = (
            self.fragment_struct.unpack_from,
            self.fragment_mask,
            self.fragment_mark,
        )
        lead, plain = DOLLAR << 8 | channel, _PLAIN_RTP << 8 | payload_type
        skip = 16 + self.fragment_head
        latest = end - self.fragment_struct.size
        due, time, taken = self.sequence.expected, self._rtp_time, 0
        while at <= latest:
            told, length, kind, number, when, first, flags = unpack(buffer, at)
            if told != lead or number != due or when != time or first & mask != mark:
                break
            is_end = kind == plain | _MARKER
            if kind != plain and not (is_end and flags & 0x40 and self._marker_ends):
                break
            stride = 4 + length
            if stride <= skip:
                break
            rows = (self._take_edge if flags & 0xC0 else self._take_middles)(
                buffer, at, end, stride, number & 0xFF
            )
            if not rows:
                break
            taken += rows
            due = (due + rows) & 0xFFFF
            at += rows * stride
            if is_end and not self._waits_for_picture:
                self.finished += self._finish()
                break
        self.sequence.take(taken)
        return at

    def _take_edge(self, buffer: bytearray, at: int, end: int, stride: int, _number: int) -> int:
        """Takes the first or the last piece of a unit, where it is there whole; returns how many."""
        if at + stride > end:
            return 0
        skip = 16 + self.fragment_head
        flags = buffer[at + skip - 1]
        (piece,) = _cutter(skip, stride - skip, 1).unpack_from(buffer, at)
        head = self._split_head(buffer, at + 16) if flags & 0x80 else b""
        self._add_fragment(head, flags & 0x80 > 0, flags & 0x40 > 0, piece)
        return 1

    def _take_middles(self, buffer: bytearray, at: int, end: int, stride: int, number: int) -> int:
        """Takes equal middle pieces, `number` being the first one's lower byte; returns how many."""
        if self._fragment is None:
            return 0
        skip = 16 + self.fragment_head
        room = MAX_UNIT_BYTES - self._size - self._fragment_size
        pieces = min(_MOST_ROWS, _MOST_PIECES - len(self._fragment))
        most = min((end - at) // stride, room // stride, pieces, 256 - number)
        if most < 1:
            return 0
        rows = _equal_rows(buffer, at, stride, most, skip, number)
        self._fragment.extend(_cutter(skip, stride - skip, rows).unpack_from(buffer, at))
        self._fragment_size += rows * (stride - skip)
        return rows

    def flush(self) -> list[AccessUnit]:
        """What is left when the stream has ended."""
        return self._finish()

    def complete(self) -> list[AccessUnit]:
        """The first picture, where it is whole and only the second would tell so."""
        return self.flush() if self._is_marked and self._marker_ends is None else []

    def _finish(self) -> list[AccessUnit]:
        units = []
        if self._nals and self._rtp_time is not None:
            unit = AccessUnit(
                self._rtp_time,
                self._stamp,
                self._is_key(self._kinds),
                tuple(self._nals),
                self._damaged or self._fragment is not None,
                self._terminal,
                self._size + len(START_CODE) * len(self._nals),
            )
            units.append(unit)
        self._nals, self._kinds = [], set()
        self._size = 0
        self._has_picture = self._is_marked = False
        self._fragment = None
        self._stamp = None
        self._terminal = False
        self._damaged = False
        return units

    def _add(self, nal: bytes) -> None:
        """Takes a NAL unit, or several with start codes between them, as some cameras pack a key picture."""
        starts_picture = nal[:2] != b"\0\0" and nal and self._kind(nal) in self.picture_types
        for unit in (nal,) if starts_picture or b"\0\0\1" not in nal else _apart(nal):
            self._add_one(unit)

    def _add_one(self, nal: bytes) -> None:
        if self._keep(self._kind(nal) if nal else -1, (nal,), len(nal)):
            self._keep_parameter_set(nal)

    def _add_pieces(self, pieces: Sequence[bytes], size: int) -> None:
        """Takes a NAL unit that was split; the first piece is its head."""
        kind = self._kind(pieces[0])
        if kind == self.filler_type or (kind in self.picture_types and pieces[0] != b"\0\0"):
            self._keep(kind, pieces, size)
        else:
            self._add(b"".join(pieces))

    def _keep(self, kind: int, pieces: Sequence[bytes], size: int) -> bool:
        if not size or self._size + size > MAX_UNIT_BYTES or len(self._nals) >= _MOST_NALS:
            self._damaged = True
            return False
        self._size += size
        self._has_picture = self._has_picture or kind in self.picture_types
        self._kinds.add(kind)
        self._nals.append(pieces)
        return True

    def _add_aggregate(self, payload: bytes, offset: int) -> None:
        while offset + 2 <= len(payload):
            size = int.from_bytes(payload[offset : offset + 2], "big")
            if offset + 2 + size > len(payload):
                self._damaged = True
                return
            self._add(payload[offset + 2 : offset + 2 + size])
            offset += 2 + size

    def _add_fragment(self, head: bytes, first: bool, last: bool, part: bytes) -> None:
        if first:
            self._fragment, self._fragment_size = [head], len(head)
        if self._fragment is None:
            self._damaged = True
            return
        self._fragment.append(part)
        self._fragment_size += len(part)
        is_over = len(self._fragment) > _MOST_PIECES
        if is_over or self._size + self._fragment_size > MAX_UNIT_BYTES:
            self._fragment = None
            self._damaged = True
        elif last:
            pieces, self._fragment = self._fragment, None
            self._add_pieces(pieces, self._fragment_size)

    def _pass_over(self, payload: bytes) -> None:
        """A packet of a kind that is not read; a part of the picture may have been in it."""
        self._damaged = self._damaged or bool(payload)

    def _keep_parameter_set(self, nal: bytes) -> None:
        if nal and len(nal) <= _MAX_PARAMETER_SET_BYTES:
            kind = self._kind(nal)
            if kind in self.parameter_types:
                self._sets[kind, set_number(self.codec, nal)] = nal

    @abstractmethod
    def _parameter_values(self, fmtp: Mapping[str, str]) -> list[str]:
        """The base64 parameter sets of the session description."""

    @abstractmethod
    def _kind(self, nal: bytes) -> int:
        """The type of a NAL unit."""

    @abstractmethod
    def _is_key(self, kinds: set[int]) -> bool:
        """Whether decoding can start at a picture made of NAL units of these types."""

    @abstractmethod
    def _split_head(self, data: bytes | bytearray, at: int) -> bytes:
        """The head of a split NAL unit, from the head of the piece that stands at `at`."""

    @abstractmethod
    def _take(self, payload: bytes) -> None:
        """Take apart one RTP payload."""


class H264Depacketiser(Depacketiser):
    codec = "h264"
    parameter_types = frozenset({7, 8})
    picture_types = range(1, 6)
    filler_type = 12
    fragment_head, fragment_mask, fragment_mark = 2, 0x1F, 28
    fragment_kind, slice_head = 28, 1

    def _parameter_values(self, fmtp: Mapping[str, str]) -> list[str]:
        return [fmtp.get("sprop-parameter-sets", "")]

    def _kind(self, nal: bytes) -> int:
        return nal[0] & 0x1F

    def _is_key(self, kinds: set[int]) -> bool:
        # Some encoders send open groups: an intra picture behind its parameter sets, never an IDR.
        return 5 in kinds or (7 in kinds and 1 in kinds)

    def _split_head(self, data: bytes | bytearray, at: int) -> bytes:
        return bytes((data[at] & 0xE0 | data[at + 1] & 0x1F,))

    def _take(self, payload: bytes) -> None:
        kind = payload[0] & 0x1F if payload else 0
        if 1 <= kind <= 23 or (kind == 0 and b"\0\0\1" in payload[:4]):
            self._add(payload)
        elif kind == 24:
            self._add_aggregate(payload, 1)
        elif kind in _MEANINGLESS:
            return
        elif kind == 28 and len(payload) > 2:
            first, last = bool(payload[1] & 0x80), bool(payload[1] & 0x40)
            self._add_fragment(self._split_head(payload, 0), first, last, payload[2:])
        else:
            self._pass_over(payload)


class H265Depacketiser(Depacketiser):
    codec = "hevc"
    parameter_types = frozenset({32, 33, 34})
    picture_types = range(32)
    filler_type = 38
    fragment_head, fragment_mask, fragment_mark = 3, 0x7E, 49 << 1
    fragment_kind, slice_head = 49, 2
    fragment_struct = struct.Struct(">HHHHI4xBxB")

    def __init__(self, fmtp: Mapping[str, str]) -> None:
        if fmtp.get("sprop-max-don-diff", "0") not in ("", "0"):
            raise NotSupported("The stream interleaves its H.265 units.")
        super().__init__(fmtp)

    def _parameter_values(self, fmtp: Mapping[str, str]) -> list[str]:
        return [fmtp.get(name, "") for name in ("sprop-vps", "sprop-sps", "sprop-pps")]

    def _kind(self, nal: bytes) -> int:
        return (nal[0] >> 1) & 0x3F

    def _is_key(self, kinds: set[int]) -> bool:
        return any(16 <= kind <= 21 for kind in kinds)

    def _split_head(self, data: bytes | bytearray, at: int) -> bytes:
        return bytes((data[at] & 0x81 | (data[at + 2] & 0x3F) << 1, data[at + 1]))

    def _take(self, payload: bytes) -> None:
        kind = (payload[0] >> 1) & 0x3F if len(payload) > 2 else 63
        if kind < 48:
            self._add(payload)
        elif kind == 48:
            self._add_aggregate(payload, 2)
        elif kind == 49 and len(payload) > 3:
            first, last = bool(payload[2] & 0x80), bool(payload[2] & 0x40)
            self._add_fragment(self._split_head(payload, 0), first, last, payload[3:])
        else:
            self._pass_over(payload)


def _equal_rows(buffer: bytearray, at: int, stride: int, most: int, head: int, number: int) -> int:
    """How many packets of one length, from `at` on, have the first one's head and follow each other.

    `number` is the lower byte of the first one's sequence number; `most` does not reach beyond 255.
    """
    rows = most
    # Bytes 12 to 15 name the sender, which is the same in all packets of a track and is not looked at.
    for column in (*range(12), *range(16, head)):
        values = buffer[at + column : at + rows * stride : stride]
        if column == 7:
            if values != _RAMP[number : number + rows]:
                rows = next(n for n in range(rows) if values[n] != number + n)
        elif values.count(values[0]) != rows:
            rows -= len(values.lstrip(values[:1]))
    return rows


@lru_cache(maxsize=1024)
def _cutter(skip: int, size: int, rows: int) -> struct.Struct:
    """Cuts the payloads out of so many packets of one length."""
    return struct.Struct(f"{skip}x{size}s" * rows)


def _apart(data: bytes) -> Iterator[bytes]:
    """The NAL units between start codes, which never stand inside one."""
    return (nal for nal in _START_CODES.split(data) if nal)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip() + "==")
    except (binascii.Error, ValueError):
        return b""


DEPACKETISERS: Mapping[str, type[Depacketiser]] = {
    "H264": H264Depacketiser,
    "H265": H265Depacketiser,
    "HEVC": H265Depacketiser,
}
