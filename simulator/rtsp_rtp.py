"""RTP and RTCP packets, interleaved into the RTSP connection.

RFC 3550 (RTP, RTCP), RFC 6184 and RFC 7798 (H.264 and H.265: single NAL units and fragments), RFC 2326 section 10.12
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
_FU_H264 = 28
_FU_H265 = 49
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

    def _fragment_header(self, nal: bytes) -> tuple[bytes, int]:
        """Payload header and FU header without its flags; both stand in for the NAL unit's header."""
        if self.is_h265:
            return bytes([nal[0] & 0x81 | _FU_H265 << 1, nal[1]]), nal[0] >> 1 & 0x3F
        return bytes([nal[0] & 0xE0 | _FU_H264]), nal[0] & 0x1F

    def _fragments(
        self, nal: bytes, timestamp: int, is_last: bool, extension: bytes
    ) -> list[bytes]:
        """First and last packet by themselves, all equal ones between as one matrix."""
        prefix, kind = self._fragment_header(nal)
        body = nal[len(prefix) :]
        room = MTU - len(prefix) - 1
        middle = (len(body) - 1) // room - 1
        middle_end = (1 + middle) * room
        start = prefix + bytes([kind | _FU_START]) + body[:room]
        parts = [self._packet(start, timestamp, False, extension)]
        if middle > 0:
            equal = body[room:middle_end]
            parts.append(self._equal_fragments(equal, middle, timestamp, prefix + bytes([kind])))
        end = prefix + bytes([kind | _FU_END]) + body[middle_end:]
        parts.append(self._packet(end, timestamp, is_last, b""))
        return parts

    def _equal_fragments(self, body: bytes, count: int, timestamp: int, prefix: bytes) -> bytes:
        room = len(body) // count
        payload = room + len(prefix)
        packets = np.empty((count, 16 + payload), np.uint8)
        header = self._header(payload, timestamp, False, b"") + prefix
        packets[:, : len(header)] = np.frombuffer(header, np.uint8)
        numbers = (np.arange(count) + self.sequence).astype(np.uint16)
        packets[:, 6], packets[:, 7] = numbers >> 8, numbers & 0xFF
        packets[:, len(header) :] = np.frombuffer(body, np.uint8).reshape(count, room)
        self._count(count, count * payload)
        return packets.tobytes()
