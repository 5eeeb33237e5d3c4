"""WS-Discovery (2005/04, as ONVIF uses it): which devices are on our networks.

Multicast finds what is on the same subnet, and switches often lose it, so that the probe goes out
on every interface several times; a unicast probe asks given addresses one by one. Answers are
hostile: size and time are bounded, no DTD, and the address of a device is the sender of the
packet, whatever the packet claims.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import ipaddress
import socket
import struct
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote, urlsplit

from cameras.protocols.addresses import WEB_SCHEMES, is_allowed_port
from cameras.protocols.base import DeviceError
from cameras.protocols.xml import descendants, parse, text

GROUP, PORT = "239.255.255.250", 3702
_LARGEST_PACKET = 65_535
_MOST_FOUND = 20_000
_MOST_WORDS = 64
# Dozens of scopes stand in one element: cut short, the last one would say something else.
_LONGEST_LIST = 32 * 1024
_SIOCGIFADDR = 0x8915
_IP_RECVERR = 11  # of Linux: that nobody listens is told to a socket that is not connected as well
_PROBE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>'
    "<w:MessageID>uuid:%s</w:MessageID>"
    "<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>"
    "<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>"
    "</e:Header><e:Body><d:Probe>%s</d:Probe></e:Body></e:Envelope>"
)
_TRANSMITTER = "<d:Types>dn:NetworkVideoTransmitter</d:Types>"
_DEVICE = '<d:Types xmlns:t="http://www.onvif.org/ver10/device/wsdl">t:Device</d:Types>'
# Some devices answer the one type only, or the other, and some only a probe that names a type.
_ONE_BY_ONE = (_TRANSMITTER, _DEVICE)
_TO_ALL = (_TRANSMITTER, _DEVICE, "")


@dataclass(frozen=True)
class Found:
    """A device that answered. Texts are as told; only `address` is proven."""

    address: str  # the sender of the answer
    port: int  # of the first web XAddr, else 80
    tls: bool = False
    path: str = ""  # of the device service
    xaddrs: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    name: str = ""
    hardware: str = ""
    endpoint_reference: str = ""
    notes: tuple[str, ...] = ()  # "xaddr-of-another-host"


def probe_message(types: str = _TRANSMITTER) -> bytes:
    """A probe with a new message id; without `types` it also reaches devices that name no ONVIF type."""
    return (_PROBE % (uuid.uuid4(), types)).encode()


def read_answer(packet: bytes, sender: str) -> list[Found]:
    """The ProbeMatches in one packet; empty for whatever else comes."""
    try:
        root = parse(packet)
    except DeviceError:
        return []
    return [
        _found(
            sender,
            xaddrs=_words(text(match, "XAddrs", limit=_LONGEST_LIST)),
            scopes=_words(text(match, "Scopes", limit=_LONGEST_LIST)),
            types=_words(text(match, "Types")),
            reference=text(match, "EndpointReference/Address"),
        )
        for match in islice(descendants(root, "ProbeMatch"), 16)
    ]


def _words(told: str) -> tuple[str, ...]:
    return tuple(told.split()[:_MOST_WORDS])


def _found(
    sender: str,
    *,
    xaddrs: tuple[str, ...],
    scopes: tuple[str, ...],
    types: tuple[str, ...],
    reference: str,
) -> Found:
    port, tls, path, notes = 80, False, "", []
    nobodys: tuple[int, bool, str] | None = None
    for xaddr in xaddrs:
        with contextlib.suppress(ValueError):
            parts = urlsplit(xaddr)
            is_elsewhere = parts.hostname not in (None, sender)
            if is_elsewhere:
                # A device has addresses on several networks: its own one is the better XAddr.
                notes.append("xaddr-of-another-host")
            if path or parts.scheme not in WEB_SCHEMES:
                continue
            told = parts.port or WEB_SCHEMES[parts.scheme]
            place = told, parts.scheme == "https", parts.path
            if is_allowed_port(told) and not is_elsewhere:
                port, tls, path = place
            elif is_allowed_port(told) and _names_no_other_host(parts.hostname or ""):
                nobodys = nobodys or place
    if not path and nobodys is not None:
        port, tls, path = nobodys
    return Found(
        address=sender,
        port=port,
        tls=tls,
        path=path,
        xaddrs=xaddrs,
        scopes=scopes,
        types=types,
        name=_scope(scopes, "name"),
        hardware=_scope(scopes, "hardware"),
        endpoint_reference=reference,
        notes=tuple(dict.fromkeys(notes)),
    )


def _names_no_other_host(host: str) -> bool:
    """Whether an XAddr has to be the sender's own: by a name, of its link, or of nowhere."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    return address.is_link_local or address.is_loopback or address.is_unspecified


def _scope(scopes: Sequence[str], kind: str) -> str:
    prefix = f"onvif://www.onvif.org/{kind}/"
    values = (unquote(s[len(prefix) :]).strip() for s in scopes if s.lower().startswith(prefix))
    return next((value[:200] for value in values if value), "")


def own_addresses() -> list[str]:
    """The IPv4 address of each interface of this machine, for `probe_networks` (Linux)."""
    addresses = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                reply = fcntl.ioctl(asker, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                addresses.append(socket.inet_ntoa(reply[20:24]))
    return addresses


async def probe_networks(
    interfaces: Iterable[str],
    *,
    seconds: float = 4.0,
    repeats: int = 3,
    group: str = GROUP,
    port: int = PORT,
) -> list[Found]:
    """Multicasts on each of our own IPv4 addresses, `repeats` times within `seconds`.

    An interface that does not let us send is left out. `group` and `port` serve tests.
    """
    collector = _Collector()
    transports = [await _open(collector, address) for address in interfaces]
    senders = [transport for transport in transports if transport is not None]
    try:
        for number in range(repeats):
            types = _TO_ALL[number % len(_TO_ALL)]
            for transport in senders:
                transport.sendto(probe_message(types), (group, port))
            await asyncio.sleep(seconds / max(repeats, 1))
    finally:
        for transport in senders:
            transport.close()
    return collector.found


async def probe_addresses(
    addresses: Iterable[str],
    *,
    seconds: float = 3.0,
    at_once: int = 256,
    repeats: int = 2,
    port: int = PORT,
) -> list[Found]:
    """Asks addresses one by one, `at_once` in a wave, each wave heard for `seconds`.

    Only answers of asked addresses count.
    """
    collector = _Collector(only=set())
    transport = await _open(collector, "0.0.0.0")  # noqa: S104 - a client socket on any interface
    if transport is None:
        return []
    try:
        for wave in _waves(addresses, at_once):
            collector.only = (collector.only or set()) | set(wave)
            for number in range(repeats):
                types = _ONE_BY_ONE[number % len(_ONE_BY_ONE)]
                for address in wave:
                    transport.sendto(probe_message(types), (address, port))
                await asyncio.sleep(seconds / repeats)
    finally:
        transport.close()
    return collector.found


async def ask_one(address: str, *, seconds: float = 1.0, port: int = PORT) -> Found | None:
    """What one IPv4 address answers; None as soon as it is known that nobody listens there."""
    answer: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
    transport = await _open(_OneAnswer(answer, address), "0.0.0.0")  # noqa: S104 - a client socket
    if transport is None:
        return None
    # Some answer from another port than the one that was asked, which a connected socket would not hear.
    transport.get_extra_info("socket").setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
    try:
        for types in _ONE_BY_ONE:
            transport.sendto(probe_message(types), (address, port))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds / 2):
                    return await asyncio.shield(answer)
        return None
    finally:
        transport.close()


def addresses_in(ranges: Iterable[str], most: int = 65_536) -> Iterator[str]:
    """The host addresses of networks (`10.1.0.0/24`) and single addresses, at most `most`.

    Raises ValueError for what is neither.
    """
    networks = [ipaddress.ip_network(one.strip(), strict=False) for one in ranges]
    hosts = (str(host) for network in networks for host in network.hosts())
    return islice(hosts, most)


def _waves(addresses: Iterable[str], size: int) -> Iterator[list[str]]:
    remaining = iter(addresses)
    while wave := list(islice(remaining, size)):
        yield wave


class _OneAnswer(asyncio.DatagramProtocol):
    """Takes the first readable answer of the one address; others are not heard."""

    def __init__(self, answer: asyncio.Future[Found | None], address: str) -> None:
        self._answer = answer
        self._address = address

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        for found in read_answer(data, self._address) if addr[0] == self._address else ():
            self._end(found)

    def error_received(self, exc: Exception) -> None:
        self._end(None)

    def _end(self, found: Found | None) -> None:
        if not self._answer.done():
            self._answer.set_result(found)


class _Collector(asyncio.DatagramProtocol):
    """Keeps the first answer of each device and sender; `only` = the addresses that may answer."""

    def __init__(self, only: set[str] | None = None) -> None:
        self.only = only
        self._found: dict[tuple[str, str], Found] = {}

    @property
    def found(self) -> list[Found]:
        return list(self._found.values())

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        sender = str(addr[0])
        if len(data) > _LARGEST_PACKET or len(self._found) >= _MOST_FOUND:
            return
        if self.only is not None and sender not in self.only:
            return
        for found in read_answer(data, sender):
            self._found.setdefault((sender, found.endpoint_reference), found)


async def _open(
    collector: asyncio.DatagramProtocol, address: str
) -> asyncio.DatagramTransport | None:
    """A UDP socket on one of our addresses; the group is not joined, answers come unicast."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("b", 1))
        if address != "0.0.0.0":  # noqa: S104 - compared, not bound
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        sock.bind((address, 0))
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: collector, sock=sock)
    except OSError:
        sock.close()
        return None
    return transport
