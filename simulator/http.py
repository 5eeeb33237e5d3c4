"""A small HTTP/1.1 server for many devices in one event loop.

One `HttpConnection` per connection; `Handler` makes a `Reply` from a `Request` without waiting.
Delays, dripping and streaming happen here, after the handler.
"""

from __future__ import annotations

import asyncio
import email.utils
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import parse_qsl

from simulator.faults import Reply, fault, spoil
from simulator.world import Campus, SimDevice

MAX_HEAD = 32_768
MAX_BODY = 2_000_000


@dataclass(slots=True)
class Request:
    """One request; header names are lower-case."""

    method: str
    target: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    version: str = "HTTP/1.1"

    def arguments(self) -> dict[str, str]:
        """Return the decoded query."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


Handler = Callable[[Request], Reply]


class BadRequest(ValueError):
    """Bytes that are not an HTTP request."""


@lru_cache(maxsize=64)
def _http_date(seconds: int) -> str:
    return email.utils.formatdate(seconds, usegmt=True)


@lru_cache(maxsize=64)
def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def parse_head(head: bytes) -> Request:
    """Read a request line and its headers; raises BadRequest."""
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest(lines[0][:80])
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(line[:80])
        headers[name.lower()] = value.strip()
    path, _, query = parts[1].partition("?")
    return Request(parts[0], parts[1], path, query, headers, b"", parts[2])


def encode_head(device: SimDevice, campus: Campus, reply: Reply, close: bool) -> bytes:
    """Return the status line and the headers of a reply."""
    lines = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}"]
    if "no_date_header" not in device.faults:
        shown = max(0, device.clock.at(campus.now_ms())) // 1000
        lines.append(f"Date: {_http_date(shown)}")
    lines.append(f"Content-Type: {reply.content_type}")
    if reply.stream is not None:
        lines.append("Transfer-Encoding: chunked")
    else:
        length = len(reply.body) if reply.declared_length is None else reply.declared_length
        lines.append(f"Content-Length: {length}")
    lines.append(f"Connection: {'close' if close else 'keep-alive'}")
    lines += [f"{name}: {value}" for name, value in reply.headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


class HttpConnection(asyncio.Protocol):
    """One connection to one device: requests are answered in order."""

    def __init__(self, campus: Campus, device: SimDevice, handler: Handler) -> None:
        self._campus = campus
        self._device = device
        self._handler = handler
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._pending: Request | None = None
        self._answering = False
        self._task: asyncio.Task[None] | None = None
        self._resume = asyncio.Event()
        self._resume.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._device.connections.add(transport)
        self._device.max_connections = max(
            self._device.max_connections, len(self._device.connections)
        )

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._device.connections.discard(self._transport)
        if self._task is not None:
            self._task.cancel()
        if self._answering:
            self._done()
        self._resume.set()
        self._transport = None

    def pause_writing(self) -> None:
        self._resume.clear()

    def resume_writing(self) -> None:
        self._resume.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._answering:
            self._pump()

    def _pump(self) -> None:
        """Answer as many whole requests as have arrived."""
        try:
            while not self._answering and self._is_open():
                request = self._next_request()
                if request is None:
                    return
                self._serve(request)
        except BadRequest:
            self._bad_request()

    def _is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def _bad_request(self) -> None:
        if self._transport is None:
            return
        if self._buffer[:1] == b"\x16" and "tls_junk" in self._device.faults:
            self._transport.write(bytes(reversed(range(256))))
        else:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        self._transport.close()

    def _next_request(self) -> Request | None:
        if self._pending is None:
            if self._buffer[:1] == b"\x16":
                raise BadRequest("a TLS hello")
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD:
                    raise BadRequest("head too long")
                return None
            self._pending = parse_head(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
            if self._pending.headers.get("expect", "").lower() == "100-continue":
                assert self._transport is not None
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = self._body_length(self._pending)
        if len(self._buffer) < length:
            return None
        request, self._pending = self._pending, None
        request.body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return request

    @staticmethod
    def _body_length(request: Request) -> int:
        # Few devices understand a chunked request, so this one does not either.
        if "transfer-encoding" in request.headers:
            raise BadRequest("chunked request")
        text = request.headers.get("content-length", "0")
        if not text.isdigit() or int(text) > MAX_BODY:
            raise BadRequest("content length")
        return int(text)

    def _serve(self, request: Request) -> None:
        device = self._device
        device.calls += 1
        device.at_once += 1
        device.max_at_once = max(device.max_at_once, device.at_once)
        self._answering = True
        reply = self._handler(request)
        delay = device.latency_ms + reply.after_ms
        if not device.faults:
            self._later(delay, reply, request)
            return
        if fault(device, "silent", reply.operation) is not None:
            return
        if fault(device, "close", reply.operation) is not None:
            self._abort()
            return
        spoil(device, reply)
        self._later(delay + int(fault(device, "slow", reply.operation) or 0), reply, request)

    def _later(self, delay_ms: int, reply: Reply, request: Request) -> None:
        if delay_ms:
            loop = asyncio.get_running_loop()
            loop.call_later(delay_ms / 1000, self._answer_then_pump, reply, request)
        else:
            self._answer(reply, request)

    def _answer_then_pump(self, reply: Reply, request: Request) -> None:
        if self._transport is not None:
            self._answer(reply, request)
            self._pump()

    def _answer(self, reply: Reply, request: Request) -> None:
        assert self._transport is not None
        close = (
            request.headers.get("connection", "").lower() == "close"
            or request.version == "HTTP/1.0"
            or reply.declared_length is not None
        )
        if reply.raw is not None:
            self._transport.write(reply.raw)
            self._finish(True)
            return
        head = encode_head(self._device, self._campus, reply, close)
        body = b"" if request.method == "HEAD" else reply.body
        drip = fault(self._device, "drip", reply.operation)
        lines = fault(self._device, "drip_headers", reply.operation)
        if drip is None and lines is None and reply.stream is None:
            self._transport.write(head + body)
            self._finish(close)
            return
        work = self._send_slowly(head, body, reply, (drip, lines), close)
        self._task = asyncio.get_running_loop().create_task(work)

    async def _send_slowly(
        self,
        head: bytes,
        body: bytes,
        reply: Reply,
        pauses: tuple[float | None, float | None],
        close: bool,
    ) -> None:
        """Send with a pause after each byte of the body and each line of the head (seconds)."""
        drip, lines = pauses
        try:
            for piece in head.splitlines(keepends=True) if lines is not None else [head]:
                await self._write(piece, float(lines or 0))
            async for piece in _pieces(body, reply, drip is not None):
                await self._write(piece, float(drip or 0))
        except ConnectionResetError:
            return
        self._task = None
        self._finish(close)
        self._pump()

    async def _write(self, data: bytes, pause_s: float) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the caller hung up")
        transport.write(data)
        await self._resume.wait()
        # Even without a pause the loop must get a turn, or a lost connection is never noticed.
        await asyncio.sleep(pause_s)

    def _finish(self, close: bool) -> None:
        self._done()
        if close and self._transport is not None:
            self._transport.close()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _done(self) -> None:
        self._answering = False
        self._device.at_once -= 1


async def _pieces(body: bytes, reply: Reply, byte_by_byte: bool) -> AsyncIterator[bytes]:
    if reply.stream is not None:
        async for chunk in reply.stream():
            yield b"%x\r\n%s\r\n" % (len(chunk), chunk)
        yield b"0\r\n\r\n"
    elif byte_by_byte:
        for at in range(len(body)):
            yield body[at : at + 1]
    else:
        yield body
