"""An SNTP server (RFC 5905, RFC 4330) whose time is as wrong as it is told to be.

Use: `server = await serve_ntp("127.0.0.1", 0, offset_ms=250)`; `server.port`; `server.close()`.
Offset, stratum and faults may be changed while it runs. Positive offset: the server is ahead.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable
from enum import StrEnum
from typing import cast

_NTP_1970 = 2_208_988_800
_PACKET = struct.Struct(">BBbbII4sQQQQ")
_CLIENT, _SERVER = 3, 4
_UNSYNCHRONISED = 3


class NtpFault(StrEnum):
    """What is wrong with the answers."""

    NONE = ""
    SILENT = "silent"
    KISS_OF_DEATH = "kiss_of_death"  # stratum 0, code RATE
    WRONG_ORIGINATE = "wrong_originate"  # the answer belongs to another question
    UNSYNCHRONISED = "unsynchronised"  # leap indicator 3, stratum 16
    SHORT = "short"  # half a packet
    ZERO_TIME = "zero_time"  # transmit time not set


def ntp_timestamp(unix_ns: int) -> int:
    """The 64-bit NTP time stamp of nanoseconds since 1970."""
    seconds, rest = divmod(unix_ns, 1_000_000_000)
    return (seconds + _NTP_1970 & 0xFFFFFFFF) << 32 | (rest << 32) // 1_000_000_000


class NtpServer(asyncio.DatagramProtocol):
    """One listening server. `asked` counts questions; `delay_ms` holds each answer back."""

    def __init__(
        self,
        offset_ms: float = 0,
        *,
        stratum: int = 2,
        fault: NtpFault = NtpFault.NONE,
        delay_ms: int = 0,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.offset_ms = offset_ms
        self.stratum = stratum
        self.fault = fault
        self.delay_ms = delay_ms
        self.asked = 0
        self._clock_ns = clock_ns
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        """The UDP port; only while it listens."""
        assert self._transport is not None
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def close(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < _PACKET.size or data[0] & 7 != _CLIENT:
            return
        self.asked += 1
        if self.fault is not NtpFault.SILENT:
            received = self._stamp()
            loop = asyncio.get_running_loop()
            loop.call_later(self.delay_ms / 1000, self._answer, data, received, addr)

    def _stamp(self) -> int:
        return ntp_timestamp(self._clock_ns() + round(self.offset_ms * 1_000_000))

    def _answer(self, question: bytes, received: int, address: tuple[str, int]) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        fields = _PACKET.unpack_from(question)
        version, originate = fields[0] >> 3 & 7, fields[10]
        leap, stratum, reference = 0, self.stratum, b"\x7f\x7f\x01\x01"
        if self.fault is NtpFault.KISS_OF_DEATH:
            leap, stratum, reference = _UNSYNCHRONISED, 0, b"RATE"
        elif self.fault is NtpFault.UNSYNCHRONISED:
            leap, stratum, reference = _UNSYNCHRONISED, 16, b"INIT"
        elif self.fault is NtpFault.WRONG_ORIGINATE:
            originate ^= 0xFFFF
        sent = 0 if self.fault is NtpFault.ZERO_TIME else self._stamp()
        first = leap << 6 | version << 3 | _SERVER
        answer = _PACKET.pack(
            first, stratum, 4, -20, 0x100, 0x100, reference, received, originate, received, sent
        )
        if self.fault is NtpFault.SHORT:
            answer = answer[:24]
        self._transport.sendto(answer, address)


async def serve_ntp(
    host: str,
    port: int = 0,
    offset_ms: float = 0,
    *,
    stratum: int = 2,
    fault: NtpFault = NtpFault.NONE,
    delay_ms: int = 0,
    clock_ns: Callable[[], int] = time.time_ns,
) -> NtpServer:
    """Start an SNTP server; port 0 takes a free one. OSError when the port is taken."""
    loop = asyncio.get_running_loop()
    _, server = await loop.create_datagram_endpoint(
        lambda: NtpServer(
            offset_ms, stratum=stratum, fault=fault, delay_ms=delay_ms, clock_ns=clock_ns
        ),
        local_addr=(host, port),
    )
    return server
