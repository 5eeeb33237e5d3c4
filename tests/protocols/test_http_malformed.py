"""HTTP that is not quite HTTP, as firmware writes it: read forgivingly, and bounded as ever."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    Endpoint,
    Login,
    Manner,
    Reason,
    TooLarge,
    Untrusted,
)
from cameras.protocols.http import MALFORMED, Transport
from core.secret import Secret
from tests.protocols.scripted_device import ScriptedDevice, Seen, reply
from tests.protocols.test_http_tls import server_context

BODY = b"<a>hello</a>"
LOGIN = Login("operator", Secret("CANARY-51"))
OK = b"HTTP/1.1 200 OK\r\n"
SIZE = b"Content-Length: 12\r\n"
CHUNKS = b"Transfer-Encoding: chunked\r\n"
ODD = {
    "bytes behind the end": OK + SIZE + b"\r\n" + BODY + b"\0rest",
    "bytes behind the end of the last": OK
    + b"Connection: close\r\n"
    + SIZE
    + b"\r\n"
    + BODY
    + b"x",
    "the length twice": OK + SIZE + SIZE + b"\r\n" + BODY,
    "length and chunks": OK + SIZE + CHUNKS + b"\r\nc\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a length with words": OK + b"Content-Length: 12; charset=utf-8\r\n\r\n" + BODY,
    "no figure as length": OK + b"Connection: close\r\nContent-Length: -1\r\n\r\n" + BODY,
    "a line that is no header": OK + b"gSOAP\r\n" + SIZE + b"\r\n" + BODY,
    "a space in a name": OK + b"Last Modified: x\r\n" + SIZE + b"\r\n" + BODY,
    "a space behind a name": OK + b"Content-Length : 12\r\n\r\n" + BODY,
    "no space before the words": b"HTTP/1.1 200OK\r\n" + SIZE + b"\r\n" + BODY,
    "small letters": b"http/1.1 200 OK\r\n" + SIZE + b"\r\n" + BODY,
    "two carriage returns": b"HTTP/1.1 200 OK\r\r\nContent-Length: 12\r\r\n\r\r\n" + BODY,
    "chunks between bare line ends": OK + CHUNKS + b"\r\nc\n" + BODY + b"\n0\n\n",
    "a word before it": b"HTTP/1.1 100 Continue\r\nX\r\n\r\n" + OK + SIZE + b"\r\n" + BODY,
}
HOSTILE = {
    "endless line": (OK + b"X" * 20_000, TooLarge),
    "endless headers": (OK + b"a\r\n" * 5_000 + b"\r\n", BadAnswer),
    "a huge length": (OK + b"x\r\nContent-Length: 99999999\r\n\r\n", TooLarge),
    "a huge chunk": (OK + b"x\r\n" + CHUNKS + b"\r\nfffffff\r\n", TooLarge),
    "two lengths": (OK + SIZE + b"Content-Length: 13\r\n\r\n" + BODY, BadAnswer),
    "no end": (OK + b"x\r\n" + CHUNKS + b"\r\nc\r\n" + BODY + b"\r\n", Busy),
    "too short": (OK + b"x\r\nContent-Length: 99\r\n\r\n" + BODY, Busy),
    "packed": (
        OK + b"x\r\nContent-Encoding: gzip\r\n" + SIZE + b"\r\n\x1f\x8b" + BODY[2:],
        BadAnswer,
    ),
    "elsewhere": (b"HTTP/1.1 302 F\r\nx\r\nLocation: http://10.0.0.1/\r\n\r\n", Untrusted),
    "no http": (b"SSH-2.0-dropbear\r\n", BadAnswer),
}


@contextlib.asynccontextmanager
async def saying(raw: Callable[[bytes], bytes]) -> AsyncIterator[tuple[Endpoint, list[bytes]]]:
    """Answers each request with these bytes and hangs up."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(raw(asked[-1]))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Endpoint("127.0.0.1", server.sockets[0].getsockname()[1]), asked
    finally:
        server.close()


@pytest.mark.parametrize("name", ODD)
async def test_an_answer_that_every_browser_reads_is_read(name: str) -> None:
    manner = Manner()
    async with (
        saying(lambda _: ODD[name]) as (endpoint, asked),
        Transport(deadline=10) as transport,
    ):
        conversation = transport.to(endpoint, None, manner)
        for _ in range(2):
            answer = await conversation.call("GET", "/a%20b?c=d")
            assert (answer.status, answer.body) == (200, BODY)
    assert len({first.split(b"\r\n")[0] for first in asked}) == 1
    assert len(asked) == (3 if MALFORMED in manner.quirks else 2)


@pytest.mark.parametrize("name", HOSTILE)
async def test_forgiving_is_not_boundless(name: str) -> None:
    raw, error = HOSTILE[name]
    async with saying(lambda _: raw) as (endpoint, _), Transport(deadline=10) as transport:
        conversation = transport.to(endpoint, None, Manner(quirks=[MALFORMED]))
        with pytest.raises(error):
            await conversation.call("GET", "/")


async def test_what_is_no_http_at_all_is_not_remembered_as_malformed() -> None:
    manner = Manner()
    async with (
        saying(lambda _: b"SSH-2.0-x\r\n") as (endpoint, _),
        Transport(deadline=10) as transport,
    ):
        with pytest.raises(BadAnswer):
            await transport.to(endpoint, None, manner).call("GET", "/")
    assert manner.quirks == []


async def test_a_login_is_answered_with_a_nonce_that_was_not_used_before() -> None:
    """Only the answer to the login is malformed: the same count would be refused as a replay."""
    nonces = iter("abcdef")

    def raw(asked: bytes) -> bytes:
        if b"Authorization" in asked:
            return ODD["the length twice"]
        challenge = f'Digest realm="r", nonce="{next(nonces)}", qop="auth"'
        return reply("", 401, headers=(f"WWW-Authenticate: {challenge}", "Connection: close"))

    async with saying(raw) as (endpoint, asked), Transport(deadline=10) as transport:
        answer = await transport.to(endpoint, LOGIN, Manner()).call("GET", "/")
    assert answer.body == BODY
    logins = [line for one in asked for line in one.split(b"\r\n") if b"Authorization" in line]
    assert [b'nonce="a"' in logins[0], b'nonce="b"' in logins[1]] == [True, True]
    assert b"CANARY" not in b"".join(asked)


async def test_a_malformed_page_that_asks_for_a_login_may_be_cut_off_too() -> None:
    def raw(asked: bytes) -> bytes:
        if b"Authorization" in asked:
            return ODD["the length twice"]
        challenge = b'WWW-Authenticate: Digest realm="r", nonce="n"\r\n'
        return b"HTTP/1.1 401 U\r\nno header\r\nContent-Length: 99\r\n" + challenge + b"\r\n<html>"

    async with saying(raw) as (endpoint, _), Transport(deadline=10) as transport:
        answer = await transport.to(endpoint, LOGIN, Manner()).call("GET", "/")
    assert answer.body == BODY


async def test_what_changes_something_is_not_asked_twice() -> None:
    async with (
        saying(lambda _: ODD["the length twice"]) as (endpoint, asked),
        Transport() as transport,
    ):
        with pytest.raises(BadAnswer):
            await transport.to(endpoint, None, Manner()).call("GET", "/", repeatable=False)
    assert len(asked) == 1


async def test_the_certificate_is_looked_at_before_a_byte_is_sent(tmp_path: Path) -> None:
    """D10, D18."""
    context, fingerprint = server_context(tmp_path, "camera")

    async def script(_seen: Seen, _writer: asyncio.StreamWriter) -> bytes:
        return ODD["the length twice"]

    async with ScriptedDevice(script, tls=context) as device, Transport() as transport:
        manner = Manner()
        answer = await transport.to(device.endpoint, None, manner).call("GET", "/")
        assert (answer.body, manner.certificate) == (BODY, fingerprint)
        count = len(device.seen)
        known = Manner(certificate=hashlib.sha256(b"x").hexdigest(), quirks=[MALFORMED])
        with pytest.raises(Untrusted) as caught:
            await transport.to(device.endpoint, LOGIN, known).call("GET", "/")
    assert caught.value.reason is Reason.TLS_FAULT
    assert len(device.seen) == count
