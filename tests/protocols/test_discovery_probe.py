"""WS-Discovery: who answers is found, whatever the answer claims."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest

from cameras.protocols.discovery import (
    addresses_in,
    ask_one,
    probe_addresses,
    probe_message,
    probe_networks,
    read_answer,
)
from cameras.protocols.xml import descendants, parse, text

Answers = Callable[[bytes], list[bytes]]


def match(
    xaddrs: str = "http://127.0.0.1:8080/onvif/device_service",
    reference: str = "urn:uuid:1",
    extra: str = "",
) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:d="urn:d"'
        ' xmlns:a="urn:a"><e:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference>'
        f"<a:Address>{reference}</a:Address></a:EndpointReference>"
        "<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>"
        "<d:Scopes>onvif://www.onvif.org/name/North%20Gate onvif://www.onvif.org/hardware/C1"
        f"</d:Scopes><d:XAddrs>{xaddrs}</d:XAddrs>{extra}</d:ProbeMatch></d:ProbeMatches></e:Body>"
        "</e:Envelope>"
    ).encode()


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.probes: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.probes.append(data)
        for answer in self.answers(data):
            self.transport.sendto(answer, addr)


@asynccontextmanager
async def responder(
    answers: Answers, host: str = "127.0.0.1"
) -> AsyncIterator[tuple[int, _Responder]]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: _Responder(answers), local_addr=(host, 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1], protocol
    finally:
        transport.close()


async def test_an_asked_address_that_answers_is_found() -> None:
    async with responder(lambda _: [match()]) as (port, _):
        (found,) = await probe_addresses(["127.0.0.1"], seconds=0.3, port=port)
    assert (found.address, found.port, found.path) == ("127.0.0.1", 8080, "/onvif/device_service")
    assert (found.name, found.hardware) == ("North Gate", "C1")
    assert (found.types[0], found.endpoint_reference) == (
        "dn:NetworkVideoTransmitter",
        "urn:uuid:1",
    )


async def test_repeated_answers_are_one_device() -> None:
    async with responder(lambda _: [match()] * 3) as (port, protocol):
        found = await probe_addresses(["127.0.0.1"], seconds=0.3, repeats=3, port=port)
    assert len(found) == 1
    assert len(protocol.probes) == 3


async def test_each_probe_has_an_id_of_its_own() -> None:
    async with responder(lambda _: []) as (port, protocol):
        await probe_networks(["127.0.0.1"], seconds=0.3, repeats=3, group="127.0.0.1", port=port)
    ids = {text(next(descendants(parse(probe), "MessageID"))) for probe in protocol.probes}
    assert len(ids) == 3


async def test_an_interface_of_ours_hears_the_answer() -> None:
    async with responder(lambda _: [match()]) as (port, _):
        found = await probe_networks(
            ["127.0.0.1", "203.0.113.7"], seconds=0.3, group="127.0.0.1", port=port
        )
    assert [one.address for one in found] == ["127.0.0.1"]


async def test_an_answer_of_an_address_that_was_not_asked_does_not_count() -> None:
    async with responder(lambda _: [match()]) as (port, _):
        assert await probe_addresses(["127.0.0.9"], seconds=0.3, port=port) == []


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0" * 60_000,
        b"<html></html>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a>" * 500,
        match()[:200],
        probe_message(),
    ],
)
async def test_a_hostile_answer_is_nothing(packet: bytes) -> None:
    """D6, D8."""
    assert read_answer(packet, "10.0.0.5") == []


def test_the_sender_is_the_address_whatever_the_answer_claims() -> None:
    """D5."""
    (found,) = read_answer(match("http://10.9.9.9:9000/x"), "10.0.0.5")
    assert (found.address, found.port, found.path) == ("10.0.0.5", 80, "")
    assert found.notes == ("xaddr-of-another-host",)
    assert found.xaddrs == ("http://10.9.9.9:9000/x",)


def test_the_xaddr_of_the_sender_is_chosen_among_several() -> None:
    told = (
        "http://169.254.1.1/x http://[fe80::1]/x https://10.0.0.5/onvif file:///etc/passwd http://["
    )
    (found,) = read_answer(match(told), "10.0.0.5")
    assert (found.port, found.tls, found.path) == (443, True, "/onvif")


def test_a_forbidden_port_is_not_taken() -> None:
    (found,) = read_answer(match("http://10.0.0.5:25/x"), "10.0.0.5")
    assert (found.port, found.path) == (80, "")


def test_a_packet_full_of_matches_is_capped() -> None:
    one = match().split(b"<d:ProbeMatches>")[1].split(b"</d:ProbeMatches>")[0]
    packet = match().replace(one, one * 100)
    assert len(read_answer(packet, "10.0.0.5")) == 16


def test_a_range_gives_its_hosts() -> None:
    assert list(addresses_in(["10.0.0.0/30", " 10.0.1.9 "])) == ["10.0.0.1", "10.0.0.2", "10.0.1.9"]
    assert len(list(addresses_in(["10.0.0.0/8"], most=1000))) == 1000
    with pytest.raises(ValueError, match="no-range"):
        list(addresses_in(["no-range"]))


def test_a_long_list_of_scopes_is_read_to_its_end() -> None:
    more = " ".join(f"onvif://www.onvif.org/Profile/P{number}" for number in range(60))
    packet = match().replace(b"</d:Scopes>", f" {more}</d:Scopes>".encode())
    [found] = read_answer(packet, "127.0.0.1")
    assert found.scopes[-1] == "onvif://www.onvif.org/Profile/P59"


async def test_one_address_tells_its_port_and_silence_ends_at_once() -> None:
    async with responder(lambda _: [b"junk", match("http://127.0.0.1:2020/onvif/device")]) as (
        port,
        _,
    ):
        found = await ask_one("127.0.0.1", seconds=120, port=port)
    assert found is not None
    assert (found.port, found.path) == (2020, "/onvif/device")
    assert await ask_one("127.0.0.1", seconds=30, port=port) is None


def asks_for(probe: bytes) -> str:
    return text(next(descendants(parse(probe), "Types"), None)).rpartition(":")[2]


@pytest.mark.parametrize("types", [("NetworkVideoTransmitter",), ("Device",)])
async def test_a_device_that_heeds_one_type_only_is_found(types: tuple[str, ...]) -> None:
    """Recorders that name themselves a Device say nothing to a probe for transmitters, and the other way."""
    async with responder(lambda probe: [match()] * (asks_for(probe) in types)) as (port, _):
        assert len(await probe_addresses(["127.0.0.1"], seconds=0.6, port=port)) == 1
        assert await ask_one("127.0.0.1", port=port) is not None
        mine = {"seconds": 0.6, "group": "127.0.0.1", "port": port}
        assert len(await probe_networks(["127.0.0.1"], **mine)) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["camera-7.local", "169.254.7.7", "[fe80::1]", "0.0.0.0"])
def test_an_xaddr_that_names_no_other_host_tells_port_and_path(host: str) -> None:
    (found,) = read_answer(match(f"http://{host}:8899/onvif/d http://10.9.9.9/x"), "10.0.0.5")
    assert (found.address, found.port, found.path) == ("10.0.0.5", 8899, "/onvif/d")


async def test_an_answer_from_another_port_of_the_asked_address_is_heard() -> None:
    async with responder(lambda _: []) as (elsewhere, other), responder(lambda _: []) as (port, it):
        assert elsewhere != port

        def answer(data: bytes, addr: tuple[str, int]) -> None:
            other.transport.sendto(match(), addr)

        it.datagram_received = answer  # type: ignore[method-assign]
        found = await ask_one("127.0.0.1", port=port)
    assert found is not None
    assert found.port == 8080


async def test_another_address_does_not_answer_for_the_asked_one() -> None:
    async with (
        responder(lambda _: [], host="127.0.0.2") as (_, other),
        responder(lambda _: []) as (port, it),
    ):

        def answer(data: bytes, addr: tuple[str, int]) -> None:
            other.transport.sendto(match(), addr)

        it.datagram_received = answer  # type: ignore[method-assign]
        assert await ask_one("127.0.0.1", seconds=0.4, port=port) is None
