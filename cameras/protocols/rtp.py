"""RTP and RTCP packets as they come over an interleaved RTSP connection (RFC 3550).

Reads one packet at a time and trusts nothing in it: what is malformed is None, never an exception.
Knows the ONVIF replay extension (profile 0xABAC, ONVIF Streaming Specification 6.3), which carries
the recording's own NTP time with each picture. NTP times become integer milliseconds since 1970.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

DOLLAR = 0x24
"""What an interleaved packet begins with (RFC 2326 section 10.12); then come its channel and its length."""
ONVIF_PROFILE = 0xABAC
_NTP_TO_UNIX_S = 2_208_988_800
_NTP_ERA_S = 1 << 32
_SENDER_REPORT = 200
_BYE = 203
# RFC 3550 A.1: a larger jump means that the sender began to number anew, not that packets were lost.
_LARGEST_LOSS = 3000
_FLAGS = [tuple(bool(bits & mask) for mask in (8, 4, 2, 1)) for bits in range(16)]


def ntp_to_ms(seconds: int, fraction: int) -> int:
    """Milliseconds since 1970 of an NTP time stamp; figures below 2^31 s belong to the era of 2036."""
    if seconds < 1 << 31:
        seconds += _NTP_ERA_S
    return (seconds - _NTP_TO_UNIX_S) * 1000 + ((fraction * 1000 + (1 << 31)) >> 32)


class OnvifStamp(NamedTuple):
    """The ONVIF extension: when the picture was taken, and its C, E, D and T bits."""

    ms: int
    clean_point: bool
    section_end: bool
    discontinuity: bool
    terminal: bool


class RtpPacket(NamedTuple):
    """One packet. A tuple, because tens of thousands are made a second."""

    sequence: int
    timestamp: int
    payload_type: int
    marker: bool
    payload: bytes
    stamp: OnvifStamp | None
    source: int = 0  # SSRC: sequence numbers and RTP times of another source are counted anew


@dataclass(frozen=True, slots=True)
class SenderReport:
    """RTCP's pair of the sender's clock (ms since 1970) and the RTP time of the same instant."""

    ntp_ms: int
    rtp_time: int


def parse_rtp(data: bytes) -> RtpPacket | None:
    """One RTP packet, or None where the bytes are not one."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    sequence, timestamp, source = struct.unpack_from(">HII", data, 2)
    offset = 12 + 4 * (data[0] & 0x0F)
    end = len(data)
    stamp = None
    if data[0] & 0x10:
        if offset + 4 > end:
            return None
        profile, words = struct.unpack_from(">HH", data, offset)
        if offset + 4 + 4 * words > end:
            return None
        if profile == ONVIF_PROFILE and words >= 3:
            stamp = _onvif_stamp(data, offset + 4)
        offset += 4 + 4 * words
    if data[0] & 0x20:
        end -= data[-1]
    if offset > end:
        return None
    return RtpPacket(
        sequence, timestamp, data[1] & 0x7F, bool(data[1] & 0x80), data[offset:end], stamp, source
    )


def _onvif_stamp(data: bytes, offset: int) -> OnvifStamp:
    seconds, fraction, bits = struct.unpack_from(">IIB", data, offset)
    return OnvifStamp(ntp_to_ms(seconds, fraction), *_FLAGS[bits >> 4])


def parse_rtcp(data: bytes) -> tuple[SenderReport | None, bool]:
    """The sender report of a compound RTCP packet, if it has one, and whether it says BYE."""
    report: SenderReport | None = None
    bye = False
    offset = 0
    while offset + 4 <= len(data) and data[offset] >> 6 == 2:
        kind, words = struct.unpack_from(">BH", data, offset + 1)
        if kind == _SENDER_REPORT and offset + 20 <= len(data):
            seconds, fraction, rtp_time = struct.unpack_from(">III", data, offset + 8)
            if seconds:
                report = SenderReport(ntp_to_ms(seconds, fraction), rtp_time)
        elif kind == _BYE:
            bye = True
        offset += 4 * (words + 1)
    return report, bye


class SequenceWatch:
    """Counts packets and how many sequence numbers are missing between them."""

    def __init__(self) -> None:
        self.received = 0
        self.lost = 0
        self.restarts = 0
        self._expected: int | None = None

    @property
    def expected(self) -> int:
        """The next number, -1 before the first packet."""
        return -1 if self._expected is None else self._expected

    def take(self, count: int) -> None:
        """Notes packets that followed each other without a break."""
        if count and self._expected is not None:
            self._expected = (self._expected + count) & 0xFFFF
            self.received += count

    def see(self, sequence: int) -> bool:
        """Note one packet; True when something is missing just before it."""
        missing = 0 if self._expected is None else (sequence - self._expected) & 0xFFFF
        self._expected = (sequence + 1) & 0xFFFF
        self.received += 1
        if missing == 0:
            return False
        if missing <= _LARGEST_LOSS:
            self.lost += missing
        else:
            self.restarts += 1
        return True
