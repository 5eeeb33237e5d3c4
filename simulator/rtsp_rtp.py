"""RTP and RTCP packets, interleaved into the RTSP connection.

RFC 3550 (RTP, RTCP), RFC 6184 (H.264: single NAL unit and FU-A packets), RFC 2326 section 10.12
(interleaving), ONVIF Streaming Specification section 6.2 (replay header extension 0xABAC).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntFlag

import numpy as np

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 96
MTU = 1400

_NTP_1970 = 2_208_988_800
_HEADER = struct.Struct(">cBHBBHII")
_FU_A = 28
_FU_START = 0x80
_FU_END = 0x40


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


def split_interleaved(data: bytes) -> Iterator[bytes]:
    """The single packets of a run of interleaved ones."""
    position = 0
    while position < len(data):
        end = position + 4 + int.from_bytes(data[position + 2 : position + 4], "big")
        yield data[position:end]
        position = end


class RtpSender:
    """One RTP stream with its RTCP, on interleaved channels `channel` and `channel + 1`."""

    def __init__(self, channel: int, ssrc: int, sequence: int = 0) -> None:
        self.channel = channel
        self.ssrc = ssrc
        self.sequence = sequence & 0xFFFF
        self.packets_sent = 0
        self.octets_sent = 0

    def picture(self, nals: tuple[bytes, ...], timestamp: int, extension: bytes = b"") -> bytes:
        """All packets of one picture; the extension goes with the first, the marker with the last."""
        parts: list[bytes] = []
        timestamp &= 0xFFFFFFFF
        for number, nal in enumerate(nals):
            is_last = number == len(nals) - 1
            if len(nal) <= MTU:
                parts.append(self._packet(nal, timestamp, is_last, extension))
            else:
                parts += self._fragments(nal, timestamp, is_last, extension)
            extension = b""
        return b"".join(parts)

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
            PAYLOAD_TYPE | (0x80 if has_marker else 0),
            self.sequence,
            timestamp,
            self.ssrc,
        )
        return header + extension

    def _packet(self, payload: bytes, timestamp: int, has_marker: bool, extension: bytes) -> bytes:
        header = self._header(len(payload), timestamp, has_marker, extension)
        self._count(1, len(payload))
        return header + payload

    def _fragments(
        self, nal: bytes, timestamp: int, is_last: bool, extension: bytes
    ) -> list[bytes]:
        """FU-A: first and last packet by themselves, all equal ones between as one matrix."""
        indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
        room = MTU - 2
        middle = (len(nal) - 2) // room - 1
        first_end = 1 + room
        middle_end = first_end + middle * room
        start = bytes([indicator, kind | _FU_START]) + nal[1:first_end]
        parts = [self._packet(start, timestamp, False, extension)]
        if middle > 0:
            parts.append(
                self._equal_fragments(nal[first_end:middle_end], middle, timestamp, nal[0])
            )
        end = bytes([indicator, kind | _FU_END]) + nal[middle_end:]
        parts.append(self._packet(end, timestamp, is_last, b""))
        return parts

    def _equal_fragments(self, body: bytes, count: int, timestamp: int, nal_header: int) -> bytes:
        room = len(body) // count
        packets = np.empty((count, 18 + room), np.uint8)
        header = self._header(room + 2, timestamp, False, b"")
        packets[:, :16] = np.frombuffer(header, np.uint8)
        numbers = (np.arange(count) + self.sequence).astype(np.uint16)
        packets[:, 6], packets[:, 7] = numbers >> 8, numbers & 0xFF
        packets[:, 16] = nal_header & 0xE0 | _FU_A
        packets[:, 17] = nal_header & 0x1F
        packets[:, 18:] = np.frombuffer(body, np.uint8).reshape(count, room)
        self._count(count, count * (room + 2))
        return packets.tobytes()
