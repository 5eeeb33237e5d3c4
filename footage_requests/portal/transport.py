"""One signed message to an address of the portal: one connection, to a judged address, within a deadline.

The host is judged by `targets`, resolved once, and the connection goes to the address that was judged. No
proxy, cookie or redirect is followed, and of the answer only the status is used: its body is not read.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.core.exceptions import ValidationError

from .targets import Address, Outcome, check_url, is_allowed

DEADLINE_S = 10.0
_LINE_LIMIT = 8190


class _NotSent(Exception):
    """Nothing was sent; the argument is the code why."""


async def send(
    url: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float = DEADLINE_S
) -> Outcome:
    """Posts the body. Never raises for what the other side does."""
    began = time.monotonic()
    status: int | None = None
    failure = ""
    try:
        async with asyncio.timeout(deadline_s):
            status = await _post(url, body, headers)
            failure = "" if 200 <= status < 300 else "REDIRECTED" if status < 400 else "REFUSED"
    except _NotSent as why:
        failure = str(why)
    except TimeoutError:
        failure = "TOO_SLOW"
    except aiohttp.ClientSSLError:
        failure = "TLS"
    except (aiohttp.ClientError, OSError, ValueError):
        failure = "UNREACHABLE"
    return Outcome(status, failure, round((time.monotonic() - began) * 1000))


async def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    try:
        check_url(url)
    except ValidationError:
        raise _NotSent("NOT_ALLOWED") from None
    parts = urlsplit(url)
    address = await _judged(parts.hostname or "", parts.port or 443)
    connector = aiohttp.TCPConnector(
        resolver=_Pinned(address), use_dns_cache=False, force_close=True, limit=1
    )
    async with (
        aiohttp.ClientSession(
            connector=connector,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=_LINE_LIMIT,
            max_field_size=_LINE_LIMIT,
            headers={"User-Agent": "cctv-ops", "Accept-Encoding": "identity"},
        ) as session,
        session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status


async def _judged(host: str, port: int) -> Address:
    """The address to connect to. One forbidden address among several forbids the name."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise _NotSent("NO_ADDRESS") from None
    addresses = [ipaddress.ip_address(info[4][0]) for info in found]
    if not addresses or not all(is_allowed(address) for address in addresses):
        raise _NotSent("FORBIDDEN_ADDRESS")
    return addresses[0]


class _Pinned(AbstractResolver):
    """Answers with the address that was judged, so that a second answer of the DNS changes nothing."""

    def __init__(self, address: Address) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        is_v4 = self._address.version == 4
        return [
            ResolveResult(
                hostname=host,
                host=str(self._address),
                port=port,
                family=socket.AF_INET if is_v4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
        ]

    async def close(self) -> None:
        return None
