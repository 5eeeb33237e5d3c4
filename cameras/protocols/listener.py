"""What listens at a port that did not answer as a camera or recorder: one sentence for a person.

Sends no login, follows nothing and reads a few bytes only. Nothing that the peer says is repeated.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from cameras.protocols.base import Endpoint
from cameras.protocols.device_tls import device_tls

_BANNER_S = 0.4
_ANSWER_S = 1.5
_CONNECT_S = 3.0
_FIRST_BYTES = 64
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")
_HELLO = b"GET / HTTP/1.0\r\n\r\n"
_SPEAK_FIRST = (
    (b"SSH-", "An SSH server answers at this port."),
    (b"220", "A mail or FTP server answers at this port."),
    (b"* OK", "A mail server answers at this port."),
    (b"RFB ", "A remote desktop answers at this port."),
)


@dataclass(frozen=True)
class Listener:
    """`kind` is http, https, rtsp, other, silent or closed; `sentence` says it in words."""

    kind: str
    sentence: str


async def what_listens(endpoint: Endpoint) -> Listener:
    """Looks once, in at most a few seconds. Never raises a DeviceError."""
    try:
        first = await _first_bytes(endpoint)
    except (OSError, TimeoutError):
        return Listener("closed", "Nothing accepts connections at this port.")
    for start, sentence in _SPEAK_FIRST:
        if first.startswith(start):
            return Listener("other", sentence)
    if first.startswith(b"RTSP/"):
        return Listener("rtsp", "RTSP is spoken at this port: give the port of its web page.")
    # A web server behind TLS answers plain HTTP with 400, with an alert, or by hanging up.
    is_plain = first.startswith(b"HTTP/") and b" 400" not in first[:16]
    speaks_tls = first.startswith(_TLS_RECORDS) or (not is_plain and await _shakes_hands(endpoint))
    if endpoint.tls:
        return _behind_tls(first, speaks_tls=speaks_tls)
    if speaks_tls:
        return Listener("https", "TLS is spoken at this port: ask again with --tls.")
    if first.startswith(b"HTTP/"):
        return Listener(
            "http", "A web server answers, but neither a camera nor a recorder that is known here."
        )
    if first:
        return Listener("other", "Something answers, but it is not a web server.")
    return Listener("silent", "The port is open, but nothing answers.")


def _behind_tls(first: bytes, *, speaks_tls: bool) -> Listener:
    if first.startswith(b"HTTP/") and not speaks_tls:
        return Listener("http", "TLS is not spoken at this port: ask again without --tls.")
    if speaks_tls:
        return Listener(
            "https", "TLS is spoken, but by neither a camera nor a recorder known here."
        )
    return Listener("other", "Neither TLS nor HTTP is spoken at this port.")


async def _first_bytes(endpoint: Endpoint) -> bytes:
    async with asyncio.timeout(_CONNECT_S):
        reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    try:
        greeting = await _read(reader, _BANNER_S)
        if greeting:
            return greeting
        writer.write(_HELLO)
        return await _read(reader, _ANSWER_S)
    finally:
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader, seconds: float) -> bytes:
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(seconds):
            return await reader.read(_FIRST_BYTES)
    return b""


async def _shakes_hands(endpoint: Endpoint) -> bool:
    try:
        async with asyncio.timeout(_ANSWER_S):
            _, writer = await asyncio.open_connection(
                endpoint.host, endpoint.port, ssl=device_tls()
            )
    except (OSError, TimeoutError):
        return False
    writer.transport.abort()
    return True
