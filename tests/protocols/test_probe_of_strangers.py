"""A probe of something that is no camera ends soon, with one plain sentence."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cameras.protocols import listener
from cameras.protocols.base import Endpoint, Reason
from cameras.protocols.http import Transport
from cameras.protocols.probing import ProbeReport, probe
from tests.protocols.patience import A_MOMENT_S, HANG_S
from tests.protocols.test_http_tls import server_context
from tests.protocols.vendor_device import LOGIN

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def web_page(status: str, *headers: str) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        lines = [f"HTTP/1.1 {status}", "Content-Length: 6", "Connection: close", *headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n<html>")
        await writer.drain()

    return talk


async def secure_shell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    await writer.drain()


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(1000):
        pass


async def rtsp_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"RTSP/1.0 400 Bad Request\r\n\r\n")
    await writer.drain()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody here answers at once but the silent one."""
    for wait in ("_ANSWER_S", "_CONNECT_S"):
        monkeypatch.setattr(listener, wait, HANG_S)


async def probed(port: int, *, tls: bool = False, deadline: float = HANG_S) -> ProbeReport:
    async with asyncio.timeout(5 * HANG_S), Transport(deadline=deadline) as transport:
        return await probe(transport, Endpoint("127.0.0.1", port, tls=tls), LOGIN)


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (secure_shell, "SSH"),
        (rtsp_only, "RTSP is spoken"),
        (web_page("200 OK"), "A web server answers"),
        (web_page("404 Not Found"), "A web server answers"),
        (web_page("405 Method Not Allowed"), "A web server answers"),
    ],
)
async def test_a_stranger_is_called_what_it_is(talk: Talk, words: str) -> None:
    async with listening(talk) as port:
        report = await probed(port)
    assert words in report.sentence
    assert report.answered
    assert not report.protocol


async def test_a_silent_port_has_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "_ANSWER_S", A_MOMENT_S)
    async with listening(silence) as port:
        report = await probed(port, deadline=A_MOMENT_S)
    assert not report.answered
    assert report.reason == Reason.TOO_SLOW
    assert "nothing answers" in report.sentence


async def test_a_closed_port_has_not_answered() -> None:
    report = await probed(1)
    assert not report.answered
    assert report.reason == Reason.CONNECTION_REFUSED


async def test_a_redirecting_page_is_not_followed_and_says_where_it_leads() -> None:
    elsewhere = web_page("302 Found", "Location: https://192.0.2.1/login")
    async with listening(elsewhere) as port:
        report = await probed(port)
    assert report.reason == Reason.REDIRECTED
    assert "TLS" in report.detail
    assert "192.0.2.1" not in str(report.as_json())


async def test_a_tls_port_asked_in_the_clear_is_called_so(tmp_path: Path) -> None:
    context, _ = server_context(tmp_path, "camera")
    async with listening(web_page("404 Not Found"), context) as port:
        report = await probed(port)
    assert "--tls" in report.sentence


async def test_a_clear_port_asked_with_tls_is_called_so() -> None:
    async with listening(web_page("404 Not Found")) as port:
        report = await probed(port, tls=True, deadline=A_MOMENT_S)  # no handshake ever comes
    assert "without --tls" in report.sentence


async def test_a_router_with_basic_login_gets_no_password() -> None:
    seen: list[bytes] = []

    async def router(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(65_536))
        writer.write(
            b'HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm="r"\r\nContent-Length: 0\r\n'
            b"Connection: close\r\n\r\n"
        )
        await writer.drain()

    async with listening(router) as port:
        report = await probed(port)
    assert "Basic" in report.detail
    assert LOGIN.password.reveal().encode() not in b"".join(seen)
    assert b"Authorization: Basic" not in b"".join(seen)


@pytest.mark.parametrize("protocol", ["isapi", "dahua"])
async def test_a_named_protocol_that_is_not_spoken_is_not_called_spoken(protocol: str) -> None:
    async with (
        listening(web_page("404 Not Found")) as port,
        Transport(deadline=HANG_S) as transport,
    ):
        report = await probe(transport, Endpoint("127.0.0.1", port), LOGIN, protocol)
    assert not report.protocol
    assert report.protocols[protocol]["answer"] == "no"
    assert {told["answer"] for told in report.capabilities.values()} == {"unknown"}
