"""RTP and RTCP packets, interleaved into the RTSP connection.

RFC 3550 (RTP, RTCP), RFC 6184 and RFC 7798 (H.264 and H.265: single NAL units and fragments), RFC 2326 section 10.12
(interleaving), ONVIF Streaming Specification section 6.2 (replay header extension 0xABAC).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from enum import IntFlag
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 96
MTU = 1400

_NTP_1970 = 2_208_988_800
_HEADER = struct.Struct(">cBHBBHII")
_FU_H264 = 28
_FU_H265 = 49
_FU_START = 0x80
_FU_END = 0x40
_HEAD_BYTES = 16  # of interleaving and of RTP
_CHANNEL_AT, _NUMBERS_AT = 1, 6
_NUMBERS = np.dtype([("sequence", ">u2"), ("timestamp", ">u4"), ("source", ">u4")])


class Mark(IntFlag):
    """Flags of the replay extension."""

    CLEAN_POINT = 0x80
    END_OF_SECTION = 0x40
    DISCONTINUITY = 0x20
    TERMINAL = 0x10


def ntp(instant_ms: int) -> tuple[int, int]:
    """NTP seconds and fraction of an instant in milliseconds since 1970."""
    seconds, milliseconds = divmod(instant_ms, 1000)
    return seconds + _NTP_1970 & 0xFFFFFFFF, (milliseconds << 32) // 1000 + 1


def replay_extension(instant_ms: int, marks: Mark, cseq: int) -> bytes:
    """The extension that says which instant a picture is from; `cseq` is that of the PLAY request."""
    return struct.pack(">HHIIBBH", 0xABAC, 3, *ntp(instant_ms), marks, cseq & 0xFF, 0)


def split_interleaved(data: bytes | memoryview) -> Iterator[bytes | memoryview]:
    """The single packets of a run of interleaved ones."""
    position = 0
    while position < len(data):
        end = position + 4 + int.from_bytes(data[position + 2 : position + 4], "big")
        yield data[position:end]
        position = end


class Coded(NamedTuple):
    """A picture to be sent. `extension` goes with its first packet; `is_repeated`: the same NAL units come again."""

    nals: tuple[bytes, ...]
    timestamp: int
    extension: bytes = b""
    is_repeated: bool = False


class _Cut(NamedTuple):
    """The packets of a picture, without what differs from one sending to the next, and where each begins."""

    packets: NDArray[np.uint8]
    starts: NDArray[np.int64]


class RtpSender:
    """One RTP stream with its RTCP, on interleaved channels `channel` and `channel + 1`."""

    def __init__(
        self, channel: int, ssrc: int, sequence: int = 0, *, is_h265: bool = False
    ) -> None:
        self.is_h265 = is_h265
        self.payload_type = PAYLOAD_TYPE
        self.channel = channel
        self.ssrc = ssrc
        self.sequence = sequence & 0xFFFF
        self.packets_sent = 0
        self.octets_sent = 0

    def pictures(self, coded: Sequence[Coded]) -> memoryview:
        """All packets of some pictures; the marker goes with the last packet of each."""
        if not coded:
            return memoryview(b"")
        cuts = [
            (_cut_again if each.is_repeated else _cut)(
                each.nals, len(each.extension), is_h265=self.is_h265
            )
            for each in coded
        ]
        packets = np.concatenate([cut.packets for cut in cuts])
        starts, counts, at = [], [], 0
        for cut, each in zip(cuts, coded, strict=True):
            if each.extension:
                begin = at + _HEAD_BYTES
                packets[begin : begin + len(each.extension)] = np.frombuffer(
                    each.extension, np.uint8
                )
            starts.append(cut.starts + at)
            counts.append(len(cut.starts))
            at += len(cut.packets)
        count = sum(counts)
        numbers = np.empty(count, _NUMBERS)
        numbers["sequence"] = np.arange(self.sequence, self.sequence + count) & 0xFFFF
        numbers["timestamp"] = np.repeat([each.timestamp & 0xFFFFFFFF for each in coded], counts)
        numbers["source"] = self.ssrc
        heads = np.concatenate(starts)
        packets[heads + _CHANNEL_AT] = self.channel
        columns = np.arange(_NUMBERS_AT, _NUMBERS_AT + _NUMBERS.itemsize)
        packets[heads[:, None] + columns] = numbers.view(np.uint8).reshape(count, -1)
        extensions = sum(len(each.extension) for each in coded)
        self._count(count, len(packets) - _HEAD_BYTES * count - extensions)
        return packets.data

    def sender_report(self, instant_ms: int | None, timestamp: int) -> bytes:
        """RTCP SR; None = both times zero, as ONVIF asks for when rate control is off."""
        if instant_ms is None:
            seconds, fraction, timestamp = 0, 0, 0
        else:
            seconds, fraction = ntp(instant_ms)
        report = struct.pack(
            ">BBHIIIIII",
            0x80,
            200,
            6,
            self.ssrc,
            seconds,
            fraction,
            timestamp & 0xFFFFFFFF,
            self.packets_sent & 0xFFFFFFFF,
            self.octets_sent & 0xFFFFFFFF,
        )
        return self._control(report)

    def bye(self) -> bytes:
        """RTCP BYE in a compound packet with an empty receiver report, as RFC 3550 asks for."""
        report = struct.pack(">BBHI", 0x80, 201, 1, self.ssrc)
        return self._control(report + struct.pack(">BBHI", 0x81, 203, 1, self.ssrc))

    def _control(self, payload: bytes) -> bytes:
        return struct.pack(">cBH", b"$", self.channel + 1, len(payload)) + payload

    def _count(self, packets: int, octets: int) -> None:
        self.sequence = (self.sequence + packets) & 0xFFFF
        self.packets_sent += packets
        self.octets_sent += octets

    def _header(self, size: int, timestamp: int, has_marker: bool, extension: bytes) -> bytes:
        header = _HEADER.pack(
            b"$",
            self.channel,
            12 + len(extension) + size,
            0x90 if extension else 0x80,
            self.payload_type | (0x80 if has_marker else 0),
            self.sequence,
            timestamp,
            self.ssrc,
        )
        return header + extension

    def _packet(self, payload: bytes, timestamp: int, has_marker: bool, extension: bytes) -> bytes:
        header = self._header(len(payload), timestamp, has_marker, extension)
        self._count(1, len(payload))
        return header + payload


def _cut(nals: tuple[bytes, ...], extension_size: int, *, is_h265: bool) -> _Cut:
    """The packets of a picture, each NAL unit in one or in fragments; room for the extension in the first."""
    rows: list[NDArray[np.uint8]] = []
    for number, nal in enumerate(nals):
        is_last = number == len(nals) - 1
        if len(nal) <= MTU:
            rows.append(_row(nal, extension_size, has_marker=is_last))
        else:
            rows += _fragments(nal, extension_size, is_last=is_last, is_h265=is_h265)
        extension_size = 0
    starts, at = [], 0
    for each in rows:
        starts.append(at + each.shape[1] * np.arange(len(each)))
        at += each.size
    return _Cut(np.concatenate([each.ravel() for each in rows]), np.concatenate(starts))


_cut_again = lru_cache(maxsize=256)(_cut)


def _head(size: int, extension_size: int, *, has_marker: bool) -> bytes:
    return _HEADER.pack(
        b"$",
        0,
        12 + extension_size + size,
        0x90 if extension_size else 0x80,
        PAYLOAD_TYPE | (0x80 if has_marker else 0),
        0,
        0,
        0,
    ) + bytes(extension_size)


def _row(payload: bytes, extension_size: int = 0, *, has_marker: bool) -> NDArray[np.uint8]:
    """One packet."""
    packet = _head(len(payload), extension_size, has_marker=has_marker) + payload
    return np.frombuffer(packet, np.uint8)[None]


def _fragment_header(nal: bytes, *, is_h265: bool) -> tuple[bytes, int]:
    """Payload header and FU header without its flags; both stand in for the NAL unit's header."""
    if is_h265:
        return bytes([nal[0] & 0x81 | _FU_H265 << 1, nal[1]]), nal[0] >> 1 & 0x3F
    return bytes([nal[0] & 0xE0 | _FU_H264]), nal[0] & 0x1F


def _fragments(
    nal: bytes, extension_size: int, *, is_last: bool, is_h265: bool
) -> list[NDArray[np.uint8]]:
    """First and last packet by themselves, all equal ones between as one matrix."""
    prefix, kind = _fragment_header(nal, is_h265=is_h265)
    body = nal[len(prefix) :]
    room = MTU - len(prefix) - 1
    middle = (len(body) - 1) // room - 1
    middle_end = (1 + middle) * room
    start = prefix + bytes([kind | _FU_START]) + body[:room]
    rows = [_row(start, extension_size, has_marker=False)]
    if middle > 0:
        head = _head(MTU, 0, has_marker=False) + prefix + bytes([kind])
        equal = np.empty((middle, len(head) + room), np.uint8)
        equal[:, : len(head)] = np.frombuffer(head, np.uint8)
        equal[:, len(head) :] = np.frombuffer(body[room:middle_end], np.uint8).reshape(middle, room)
        rows.append(equal)
    end = prefix + bytes([kind | _FU_END]) + body[middle_end:]
    rows.append(_row(end, has_marker=is_last))
    return rows
