"""This server's clock is believed only when two independent time servers agree about it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import struct
import time
from collections.abc import AsyncIterator, Callable
from typing import cast

from cameras.protocols.ntp import AGREE_MS, ServerClock, server_clock
from tests.protocols.patience import HANG_S

UNIX_TO_NTP = 2_208_988_800
PACKET = struct.Struct("!BBbbII4s8s8s8s8s")


def stamp(unix_seconds: float) -> bytes:
    whole = int(unix_seconds)
    return struct.pack("!II", whole + UNIX_TO_NTP & 0xFFFFFFFF, int((unix_seconds - whole) * 2**32))


def answer(
    question: bytes,
    *,
    ahead: float = 0.0,
    stratum: int = 2,
    leap: int = 0,
    mode: int = 4,
    origin: bytes | None = None,
    dispersion: float = 0.001,
) -> bytes:
    now = stamp(time.time() + ahead)
    return PACKET.pack(
        leap << 6 | 4 << 3 | mode,
        stratum,
        6,
        -20,
        0,
        int(dispersion * 65536),
        b"RATE" if stratum == 0 else b"LOCL",
        now,
        question[40:48] if origin is None else origin,
        now,
        now,
    )


class Server(asyncio.DatagramProtocol):
    def __init__(self, reply: Callable[[bytes, int], list[bytes]]) -> None:
        self.reply = reply
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        for packet in self.reply(data, self.asked):
            self.transport.sendto(packet, addr)


def address_of(transport: asyncio.BaseTransport) -> str:
    host, port = transport.get_extra_info("sockname")[:2]
    return f"{host}:{port}"


@contextlib.asynccontextmanager
async def time_servers(*replies: Callable[[bytes, int], list[bytes]]) -> AsyncIterator[list[str]]:
    loop = asyncio.get_running_loop()
    transports, names = [], []
    for reply in replies:
        transport, _ = await loop.create_datagram_endpoint(
            functools.partial(Server, reply), local_addr=("127.0.0.1", 0)
        )
        transports.append(transport)
        names.append(address_of(transport))
    try:
        yield names
    finally:
        for transport in transports:
            transport.close()


def honest(ahead: float = 0.0, **changes: object) -> Callable[[bytes, int], list[bytes]]:
    return lambda question, _: [answer(question, ahead=ahead, **changes)]  # type: ignore[arg-type]


async def undisturbed(names: list[str]) -> ServerClock:
    """Asks again while this machine was held up for longer than servers may differ."""
    for _try in range(50):
        began = time.monotonic()
        clock = await server_clock(names, deadline=HANG_S)
        if time.monotonic() - began < AGREE_MS / 1000:
            break
    return clock


async def answered(names: list[str], deadline: float) -> ServerClock:
    """Asks again while this machine was too slow for an answer that came: the others take the deadline."""
    for _try in range(50):
        clock = await server_clock(names, deadline=deadline)
        if clock.servers:
            break
    return clock


async def test_two_servers_that_agree_prove_our_clock() -> None:
    """CLK-1, D12: verified by two, and the offset is ours minus true."""
    async with time_servers(honest(-3.0), honest(-3.0)) as names:
        clock = await undisturbed(names)
    assert clock.verified
    assert clock.offset_ms is not None
    assert clock.uncertainty_ms is not None
    assert clock.uncertainty_ms > 0
    assert abs(clock.offset_ms - 3000) <= clock.uncertainty_ms + 1
    assert clock.servers == tuple(sorted(names))


async def test_one_server_alone_proves_nothing() -> None:
    async with time_servers(honest()) as names:
        clock = await server_clock(names, deadline=HANG_S)
    assert not clock.verified
    assert clock.offset_ms is not None
    assert clock.servers == tuple(names)


async def test_one_server_named_twice_counts_once() -> None:
    async with time_servers(honest()) as names:
        clock = await server_clock([names[0], names[0], names[0].replace("127.0.0.1", "localhost")])
    assert not clock.verified


async def test_two_servers_that_disagree_prove_nothing() -> None:
    """D12: 250 ms apart is more than the 100 ms that we allow."""
    async with time_servers(honest(0.0), honest(0.25)) as names:
        clock = await undisturbed(names)
    assert not clock.verified
    assert "do not agree" in clock.word


async def test_a_lying_server_is_outvoted_by_two() -> None:
    async with time_servers(honest(0.0), honest(3600.0), honest(0.0)) as names:
        clock = await undisturbed(names)
    assert clock.verified
    assert names[1] not in clock.servers


async def test_two_camps_of_two_prove_nothing() -> None:
    async with time_servers(honest(0.0), honest(0.0), honest(9.0), honest(9.0)) as names:
        clock = await undisturbed(names)
    assert not clock.verified


async def test_answers_that_must_not_be_believed_do_not_count() -> None:
    bad = (
        honest(stratum=16),
        honest(stratum=0),
        honest(leap=3),
        honest(mode=3),
        honest(origin=b"12345678"),
        honest(dispersion=5.0),
        lambda question, _: [b"", b"short", question],
    )
    async with time_servers(honest(), *bad) as names:
        clock = await answered(names, deadline=0.4)
    assert not clock.verified
    assert clock.servers == (names[0],)


async def test_a_forged_answer_before_the_true_one_changes_nothing() -> None:
    def forged_first(question: bytes, _: int) -> list[bytes]:
        return [answer(question, ahead=500.0, origin=b"guessed!"), answer(question)]

    async with time_servers(forged_first, forged_first) as names:
        clock = await undisturbed(names)
    assert clock.verified
    assert clock.offset_ms is not None
    assert clock.uncertainty_ms is not None
    assert abs(clock.offset_ms) <= clock.uncertainty_ms + 1


async def test_an_answer_from_another_socket_is_not_read() -> None:
    loop = asyncio.get_running_loop()
    other, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )

    class Elsewhere(Server):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            other.sendto(answer(data, ahead=500.0), addr)

    asked, _ = await loop.create_datagram_endpoint(
        lambda: Elsewhere(honest()), local_addr=("127.0.0.1", 0)
    )
    try:
        clock = await server_clock([address_of(asked)], deadline=0.2)
    finally:
        asked.close()
        other.close()
    assert clock.offset_ms is None


async def test_a_lost_packet_is_asked_for_again() -> None:
    def second_time(question: bytes, asked: int) -> list[bytes]:
        return [answer(question)] if asked % 2 == 0 else []

    async with time_servers(second_time) as names:
        clock = await answered(names, deadline=0.6)
    assert clock.servers == tuple(names)


async def test_silent_servers_and_wrong_names_end_at_the_deadline_without_an_error() -> None:
    async with time_servers(lambda question, _: []) as names:
        clock = await server_clock([*names, "127.0.0.1:notaport", "host.invalid", ""], deadline=0.3)
    assert not clock.verified
    assert clock.offset_ms is None
    assert clock.servers == ()
