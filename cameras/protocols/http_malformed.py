"""HTTP of devices that get it wrong: one request on a connection of its own, read as far as it can be.

Lengths told twice, lines that are no headers, bytes behind the end: browsers never minded, and firmware is
made for them. What bounds an answer stays as strict as ever: its size, its end, and whose certificate it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

from multidict import CIMultiDict
from yarl import URL

from cameras.protocols.base import Busy, Reason, TooLarge, Unreachable, Untrusted
from cameras.protocols.http_answers import UNAUTHORIZED
from cameras.protocols.http_faults import NotHttp, as_device_error

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?\s*(\d{3})(?!\d)", re.IGNORECASE)
_LENGTH = re.compile(r"(\d{1,12})\b")
_CHUNK = re.compile(rb"([0-9a-f]{1,8})\b", re.IGNORECASE)
_LINE_LIMIT = 8190
_LINES_LIMIT = 100
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Asking:
    """What goes out, and what is asked of the connection. `pin` is the SHA-256 of the known certificate."""

    url: URL
    method: str
    headers: Mapping[str, str]
    body: bytes
    limit: int
    connect_timeout: float
    tls: ssl.SSLContext | None
    pin: bytes | None


@dataclass(frozen=True)
class PlainAnswer:
    status: int
    headers: CIMultiDict[str]
    body: bytes
    arrived: float  # of time.perf_counter, when the headers were there
    certificate: bytes | None


async def ask_forgivingly(asking: Asking) -> PlainAnswer:
    """Raises NotHttp where even this cannot be read, and else what the usual way raises."""
    reader, writer = await _connected(asking)
    try:
        certificate = _certificate_of(writer, asking.pin)
        writer.write(_request(asking))
        wire = _Wire(reader)
        status, headers = await _head(wire)
        arrived = time.perf_counter()
        body = await _body_or_none(wire, status, headers, asking.limit)
    except (OSError, ssl.SSLError) as error:
        raise as_device_error(error, tls=asking.tls is not None) from None
    finally:
        writer.transport.abort()
    return PlainAnswer(status, headers, body, arrived, certificate)


async def _connected(asking: Asking) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        async with asyncio.timeout(asking.connect_timeout):
            return await asyncio.open_connection(asking.url.host, asking.url.port, ssl=asking.tls)
    except TimeoutError:
        raise Unreachable("no answer to the connection") from None
    except OSError as error:
        raise as_device_error(error, tls=asking.tls is not None) from None


def _certificate_of(writer: asyncio.StreamWriter, pin: bytes | None) -> bytes | None:
    tls = writer.get_extra_info("ssl_object")
    shown: bytes | None = tls.getpeercert(binary_form=True) if tls else None
    if pin is not None and hashlib.sha256(shown or b"").digest() != pin:
        raise Untrusted("another certificate than the one known", reason=Reason.TLS_FAULT)
    return shown


def _request(asking: Asking) -> bytes:
    host = asking.url.host or ""
    named = f"[{host}]" if ":" in host else host
    if not asking.url.is_default_port():
        named += f":{asking.url.port}"
    lines = [
        f"{asking.method} {asking.url.raw_path_qs} HTTP/1.1",
        f"Host: {named}",
        "Accept: */*",
        "Connection: close",
        *(f"{name}: {value}" for name, value in asking.headers.items()),
    ]
    if asking.body:
        lines.append(f"Content-Length: {len(asking.body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + asking.body


class _Wire:
    """Cuts lines and bytes out of what comes."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._data = bytearray()

    async def line(self) -> bytes:
        """A line without its end; NotHttp where there is none, Busy where nothing came at all."""
        while (end := self._data.find(b"\n")) < 0:
            if len(self._data) > _LINE_LIMIT:
                raise TooLarge("a header line is too long")
            if not await self._more():
                raise NotHttp() if self._data else Busy("the device closed the connection")
        taken = bytes(self._data[:end])
        del self._data[: end + 1]
        return taken.rstrip()

    async def take(self, count: int) -> bytes:
        while len(self._data) < count:
            if not await self._more():
                raise Busy("the answer is cut off")
        taken = bytes(self._data[:count])
        del self._data[:count]
        return taken

    async def rest(self, limit: int) -> bytes:
        while len(self._data) <= limit:
            if not await self._more():
                return bytes(self._data)
        raise TooLarge(f"more than {limit} bytes")

    async def _more(self) -> bool:
        piece = await self._reader.read(_PIECE)
        self._data += piece
        return bool(piece)


async def _head(wire: _Wire) -> tuple[int, CIMultiDict[str]]:
    """Status and headers; an interim answer (100 Continue) is passed over."""
    for _ in range(_LINES_LIMIT):
        line = await wire.line()
        if not line:
            continue
        found = _STATUS.match(line)
        if found is None:
            raise NotHttp()
        headers = await _headers(wire)
        if int(found[1]) >= 200:
            return int(found[1]), headers
    raise NotHttp()


async def _headers(wire: _Wire) -> CIMultiDict[str]:
    """The lines that are headers; others are left out."""
    rows: list[list[str]] = []
    for _ in range(_LINES_LIMIT):
        line = await wire.line()
        if not line:
            return CIMultiDict((name, value) for name, value in rows)
        text = line.decode("utf-8", "surrogateescape")
        name, colon, value = text.partition(":")
        if text[:1] in " \t" and rows:
            rows[-1][1] += " " + text.strip()
        elif colon and name.strip():
            rows.append([name.strip(), value.strip()])
    raise NotHttp()


async def _body_or_none(wire: _Wire, status: int, headers: CIMultiDict[str], limit: int) -> bytes:
    """The body; nothing for a page that asks for a login and is cut off."""
    try:
        return await _body(wire, status, headers, limit)
    except Busy:
        if status == UNAUTHORIZED:
            return b""
        raise


async def _body(wire: _Wire, status: int, headers: CIMultiDict[str], limit: int) -> bytes:
    if status in (204, 304):
        return b""
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        return await _chunks(wire, limit)
    told = {value.strip() for value in headers.getall("Content-Length", [])}
    if len(told) > 1:
        raise NotHttp()
    length = _LENGTH.match(next(iter(told), ""))
    if length is None:
        return await wire.rest(limit)
    if int(length[1]) > limit:
        raise TooLarge(f"more than {limit} bytes")
    return await wire.take(int(length[1]))


async def _chunks(wire: _Wire, limit: int) -> bytes:
    body = bytearray()
    while True:
        size = _CHUNK.match(await wire.line())
        if size is None:
            raise NotHttp()
        count = int(size[1], 16)
        if count == 0:
            return bytes(body)
        if len(body) + count > limit:
            raise TooLarge(f"more than {limit} bytes")
        body += await wire.take(count)
        await wire.line()
