"""This server's own clock against NTP servers (SNTP of RFC 5905, client mode).

True time is the server's clock once at least two servers agree about it within `AGREE_MS`. Until then
offsets of devices are "against this server's clock, unverified" and may not be pushed to a device.

Offsets are milliseconds, this server minus true time: positive means that this server is ahead.
Nothing here raises for a bad server: a server that is silent, unsynchronised, or answers something else
than what was asked does not count, and `ServerClock.word` says how many did.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
import time
from dataclasses import dataclass

AGREE_MS = 100.0
NEEDED = 2
NTP_PORT = 123

_PACKET = struct.Struct("!BBbbII4s8s8s8s8s")
_UNIX_OF_ERA_0 = -2_208_988_800
_ERA_SECONDS = 1 << 32
_UNSYNCHRONISED = 3
_MAX_ROOT_DISTANCE_MS = 1_000.0
_TRIES = 2


@dataclass(frozen=True)
class ServerClock:
    """This server's clock against true time. `offset_ms` is None when no server answered.

    `servers` are those whose answers agree, or, when too few agree, those that answered.
    """

    verified: bool
    offset_ms: float | None
    uncertainty_ms: float | None
    servers: tuple[str, ...]
    word: str


@dataclass(frozen=True)
class NtpSample:
    """One accepted answer; `address` is where it came from, so that two names of one server count once."""

    server: str
    address: tuple[str, int]
    offset_ms: float
    uncertainty_ms: float


class RefusedPacket(Exception):
    """An answer that may not be used; the text says why."""


async def server_clock(servers: list[str], *, deadline: float = 2.0) -> ServerClock:
    """Asks all `servers` ("host" or "host:port") at once and ends within `deadline` seconds."""
    names = list(dict.fromkeys(server.strip() for server in servers if server.strip()))
    answers = await asyncio.gather(*(_ask_in_time(name, deadline) for name in names))
    by_address = {sample.address: sample for sample in answers if sample is not None}
    return _judge(list(by_address.values()), asked=len(names))


def _judge(samples: list[NtpSample], *, asked: int) -> ServerClock:
    """The majority that agrees is believed; two camps of equal size are not."""
    if not samples:
        return ServerClock(False, None, None, (), f"none of {asked} time servers answered")
    agreeing = _largest_agreeing(samples)
    best = min(agreeing, key=lambda sample: sample.uncertainty_ms)
    spread = max(abs(sample.offset_ms - best.offset_ms) for sample in agreeing)
    verified = len(agreeing) >= NEEDED and len(agreeing) * 2 > len(samples)
    if verified:
        word = f"{len(agreeing)} of {asked} time servers agree"
        named = agreeing
    elif len(samples) < NEEDED:
        word = f"only {len(samples)} of {asked} time servers answered, {NEEDED} are needed"
        named = samples
    else:
        word = f"{len(samples)} of {asked} time servers answered and do not agree"
        named = samples
    return ServerClock(
        verified,
        best.offset_ms,
        best.uncertainty_ms + spread,
        tuple(sorted(sample.server for sample in named)),
        word,
    )


def _largest_agreeing(samples: list[NtpSample]) -> list[NtpSample]:
    ordered = sorted(samples, key=lambda sample: sample.offset_ms)
    groups = [
        [s for s in ordered if first.offset_ms <= s.offset_ms <= first.offset_ms + AGREE_MS]
        for first in ordered
    ]
    return max(groups, key=lambda group: (len(group), -min(s.uncertainty_ms for s in group)))


async def _ask_in_time(server: str, deadline: float) -> NtpSample | None:
    try:
        async with asyncio.timeout(deadline):
            return await _ask(server, wait=deadline / _TRIES)
    except (OSError, ValueError, TimeoutError):
        return None


async def _ask(server: str, *, wait: float) -> NtpSample | None:
    """One question, asked again once when the first answer is lost or unusable."""
    host, port = _host_and_port(server)
    loop = asyncio.get_running_loop()
    # The socket is connected: the kernel drops datagrams that come from another address.
    transport, inbox = await loop.create_datagram_endpoint(_Inbox, remote_addr=(host, port))
    try:
        peer = transport.get_extra_info("peername")
        for _ in range(_TRIES):
            sample = await _one_round(transport, inbox, server, (peer[0], peer[1]), wait)
            if sample is not None:
                return sample
        return None
    finally:
        transport.close()


async def _one_round(
    transport: asyncio.DatagramTransport,
    inbox: _Inbox,
    server: str,
    address: tuple[str, int],
    wait: float,
) -> NtpSample | None:
    # A random stamp instead of the time of day: an answer can only be to this question.
    nonce = secrets.token_bytes(8)
    sent_wall = time.time() * 1000
    sent = time.monotonic()
    transport.sendto(_question(nonce))
    try:
        async with asyncio.timeout(wait):
            while True:
                packet, arrived = await inbox.packets.get()
                round_trip = (arrived - sent) * 1000
                try:
                    return read_answer(packet, nonce, sent_wall, round_trip, server, address)
                except RefusedPacket:
                    continue
    except TimeoutError:
        return None


def _question(nonce: bytes) -> bytes:
    return _PACKET.pack(0x23, 0, 0, 0, 0, 0, bytes(4), bytes(8), bytes(8), bytes(8), nonce)


def read_answer(
    packet: bytes,
    nonce: bytes,
    sent_ms: float,
    round_trip_ms: float,
    server: str,
    address: tuple[str, int],
) -> NtpSample:
    """The sample in an answer to `nonce`; RefusedPacket for anything that must not be believed."""
    if len(packet) < _PACKET.size:
        raise RefusedPacket("too short")
    flags, stratum, _, _, root_delay, root_dispersion, _, _, origin, received, transmitted = (
        _PACKET.unpack_from(packet)
    )
    if origin != nonce:
        raise RefusedPacket("answers another question")
    if flags & 7 != 4 or (flags >> 3) & 7 not in (3, 4):
        raise RefusedPacket("not a server's answer")
    if flags >> 6 == _UNSYNCHRONISED:
        raise RefusedPacket("not synchronised")
    if not 1 <= stratum <= 15:
        raise RefusedPacket("kiss of death" if stratum == 0 else "bad stratum")
    if received == bytes(8) or transmitted == bytes(8):
        raise RefusedPacket("no time in it")
    received_ms, transmitted_ms = _unix_ms(received), _unix_ms(transmitted)
    held_ms = transmitted_ms - received_ms
    if held_ms < 0 or held_ms > round_trip_ms + 1:
        raise RefusedPacket("times run backwards")
    distance_ms = (root_delay / 2 + root_dispersion) / 65536 * 1000
    if distance_ms > _MAX_ROOT_DISTANCE_MS:
        raise RefusedPacket("too far from its source")
    returned_ms = sent_ms + round_trip_ms
    offset_ms = ((sent_ms - received_ms) + (returned_ms - transmitted_ms)) / 2
    delay_ms = max(0.0, round_trip_ms - held_ms)
    return NtpSample(server, address, offset_ms, delay_ms / 2 + distance_ms)


def _unix_ms(stamp: bytes) -> float:
    """An NTP stamp in milliseconds since 1970; the era changes in 2036 (RFC 4330, section 3)."""
    seconds, fraction = struct.unpack("!II", stamp)
    if seconds < 1 << 31:
        seconds += _ERA_SECONDS
    return (seconds + _UNIX_OF_ERA_0) * 1000 + fraction * 1000 / _ERA_SECONDS


def _host_and_port(server: str) -> tuple[str, int]:
    """Splits "host", "host:port", "[v6]:port" and a bare IPv6 address."""
    if server.startswith("["):
        host, _, rest = server[1:].partition("]")
        return host, int(rest[1:]) if rest.startswith(":") else NTP_PORT
    if server.count(":") == 1:
        host, _, port = server.partition(":")
        return host, int(port)
    return server, NTP_PORT


class _Inbox(asyncio.DatagramProtocol):
    """Keeps arrived datagrams with the moment of arrival (monotonic seconds)."""

    def __init__(self) -> None:
        self.packets: asyncio.Queue[tuple[bytes, float]] = asyncio.Queue(maxsize=16)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.packets.full():
            self.packets.put_nowait((data, time.monotonic()))
