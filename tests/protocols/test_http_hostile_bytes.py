"""However a device sends its bytes, a call ends at our deadline, within our caps."""

from __future__ import annotations

import asyncio
import time
from asyncio import StreamWriter
from collections.abc import AsyncIterator

import pytest

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    Endpoint,
    Manner,
    Reason,
    TooLarge,
    TooSlow,
    Unreachable,
    Untrusted,
)
from cameras.protocols.http import Reply, Transport
from tests.protocols.patience import HANG_S
from tests.protocols.scripted_device import Script, ScriptedDevice, Seen, reply


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(deadline=HANG_S) as transport:
        yield transport


@pytest.fixture
async def hurried() -> AsyncIterator[Transport]:
    """For devices that never come to an end."""
    async with Transport(deadline=0.3) as transport:
        yield transport


async def ask(transport: Transport, script: Script | bytes, limit: int = 100_000) -> Reply:
    async with ScriptedDevice(script) as device:
        conversation = transport.to(device.endpoint, None, Manner())
        return await conversation.call("GET", "/x", limit=limit)


def trickle(first: bytes, piece: bytes) -> Script:
    async def script(_: Seen, writer: StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)

    return script


def flood(first: bytes, piece: bytes) -> Script:
    async def script(_: Seen, writer: StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(piece)
            await writer.drain()

    return script


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        pytest.param(OK + b"Content-Length: 9999\r\n\r\n", b"x", id="body"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", id="chunks"),
        pytest.param(OK, b"X: y\r\n", id="header lines"),
        pytest.param(b"", b"H", id="status line"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="endless continue"),
    ],
)
async def test_a_trickling_device_is_left_at_the_total_deadline(
    hurried: Transport, first: bytes, piece: bytes
) -> None:
    """D1: one byte a second never resets the deadline."""
    async with asyncio.timeout(HANG_S):
        with pytest.raises((TooSlow, BadAnswer, TooLarge)):
            await ask(hurried, trickle(first, piece))


async def test_a_trickled_body_is_called_too_slow(hurried: Transport) -> None:
    """D1."""
    with pytest.raises(TooSlow):
        await ask(hurried, trickle(OK + b"Content-Length: 9999\r\n\r\n", b"x"))


async def test_an_endless_chunked_body_is_refused_at_the_cap(transport: Transport) -> None:
    """D2: memory is bounded by the cap, not by the device."""
    endless = flood(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n")
    with pytest.raises(TooLarge):
        await ask(transport, endless)


async def test_an_endless_body_without_length_is_refused_at_the_cap(transport: Transport) -> None:
    """D2."""
    with pytest.raises(TooLarge):
        await ask(transport, flood(OK + b"\r\n", b"x" * 4096))


async def test_a_told_length_over_the_cap_is_refused_unread(transport: Transport) -> None:
    """D2."""
    with pytest.raises(TooLarge):
        await ask(transport, trickle(OK + b"Content-Length: 99999999\r\n\r\n", b"x"))


async def test_a_body_of_exactly_the_cap_is_accepted(transport: Transport) -> None:
    answer = await ask(transport, reply(b"x" * 1000), limit=1000)
    assert len(answer.body) == 1000


async def test_endless_header_lines_are_refused(transport: Transport) -> None:
    """D1: headers are capped in number as well as in time."""
    with pytest.raises((BadAnswer, TooLarge)):
        await ask(transport, flood(OK, b"X-Y: z\r\n" * 50))


async def test_a_huge_header_line_is_refused(transport: Transport) -> None:
    with pytest.raises(TooLarge):
        await ask(transport, OK + b"X: " + b"y" * 50_000 + b"\r\n\r\n")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP"])
async def test_a_compressed_body_is_refused_unread(transport: Transport, encoding: str) -> None:
    """D3: we ask for identity; a small body that unpacks to millions of bytes is never unpacked."""
    bomb = reply(b"\x1f\x8b", headers=(f"Content-Encoding: {encoding}",))
    with pytest.raises(BadAnswer):
        await ask(transport, bomb)


async def test_a_plain_body_that_is_called_compressed_is_read(transport: Transport) -> None:
    """D3: some firmware says so whatever it sends; nothing is unpacked."""
    plain = reply(b"\r\n<a/>", headers=("Content-Encoding: gzip",))
    assert (await ask(transport, plain)).body == b"\r\n<a/>"


async def test_we_ask_for_plain_bytes_and_send_no_cookie_back(transport: Transport) -> None:
    """D3."""
    async with ScriptedDevice(reply(b"a", headers=("Set-Cookie: a=b; Path=/",))) as device:
        conversation = transport.to(device.endpoint, None, Manner())
        for _ in range(2):
            await conversation.call("GET", "/x")
    assert [seen.headers["accept-encoding"] for seen in device.seen] == ["identity"] * 2
    assert all("cookie" not in seen.headers for seen in device.seen)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(transport: Transport, status: int) -> None:
    """D4: no packet goes where a device points."""
    async with ScriptedDevice(reply(b"secret")) as other:
        away = reply(status=status, headers=(f"Location: http://127.0.0.1:{other.port}/",))
        with pytest.raises(Untrusted) as caught:
            await ask(transport, away)
    assert caught.value.reason is Reason.REDIRECTED
    assert other.connections == 0


async def test_a_proxy_from_the_environment_is_ignored(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ScriptedDevice(reply(b"proxy")) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        answer = await ask(transport, reply(b"device"))
    assert (answer.body, proxy.connections) == (b"device", 0)


async def test_a_closed_port_is_called_refused(transport: Transport) -> None:
    async with ScriptedDevice(b"") as device:
        endpoint = device.endpoint
    with pytest.raises(Unreachable) as caught:
        await transport.to(endpoint, None, Manner()).call("GET", "/")
    assert caught.value.reason is Reason.CONNECTION_REFUSED


async def test_an_unknown_name_is_called_so(transport: Transport) -> None:
    with pytest.raises(Unreachable) as caught:
        await transport.to(Endpoint("no-such-camera.invalid"), None, Manner()).call("GET", "/")
    assert caught.value.reason is Reason.NAME_NOT_FOUND


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "127.0.0.0x1", ""])
async def test_a_number_that_hides_an_address_is_refused(transport: Transport, host: str) -> None:
    """D5: decimal and hexadecimal addresses."""
    with pytest.raises(Unreachable) as caught:
        await transport.to(Endpoint(host), None, Manner()).call("GET", "/")
    assert caught.value.reason is Reason.NAME_NOT_FOUND


async def test_a_device_that_hangs_up_is_busy(transport: Transport) -> None:
    async def hang_up(_: Seen, __: StreamWriter) -> None:
        return None

    with pytest.raises(Busy):
        await ask(transport, hang_up)


async def test_a_cut_off_body_is_busy(transport: Transport) -> None:
    async def cut(_: Seen, writer: StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 100\r\n\r\nhalf")

    with pytest.raises(Busy):
        await ask(transport, cut)


async def test_what_is_not_http_is_a_bad_answer(transport: Transport) -> None:
    with pytest.raises(BadAnswer):
        await ask(transport, b"SSH-2.0-dropbear\r\n\r\n")


async def test_a_kept_connection_that_drops_is_tried_once_more(transport: Transport) -> None:
    served = 0

    async def every_other(seen: Seen, _: StreamWriter) -> bytes | None:
        nonlocal served
        served += 1
        return None if served == 2 else reply(b"ok")

    async with ScriptedDevice(every_other) as device:
        conversation = transport.to(device.endpoint, None, Manner())
        await conversation.call("POST", "/x", body=b"1")
        again = await conversation.call("POST", "/x", body=b"2")
    assert (again.body, served) == (b"ok", 3)


async def test_a_message_that_changes_something_is_not_repeated(transport: Transport) -> None:
    served = 0

    async def every_other(seen: Seen, _: StreamWriter) -> bytes | None:
        nonlocal served
        served += 1
        return None if served == 2 else reply(b"ok")

    async with ScriptedDevice(every_other) as device:
        conversation = transport.to(device.endpoint, None, Manner())
        await conversation.call("POST", "/x", body=b"1")
        with pytest.raises(Busy):
            await conversation.call("POST", "/x", body=b"2", repeatable=False)
    assert served == 2


@pytest.mark.parametrize(
    ("status", "body"), [(503, b""), (429, b""), (500, b"<statusString>Device Busy</statusString>")]
)
async def test_a_busy_device_is_to_be_asked_later(
    transport: Transport, status: int, body: bytes
) -> None:
    with pytest.raises(Busy):
        await ask(transport, reply(body, status))


async def test_times_enclose_the_exchange(transport: Transport) -> None:
    before = time.time() * 1000
    answer = await ask(transport, reply(b"ok"))
    assert before <= answer.sent_ms <= answer.received_ms <= time.time() * 1000 + 5


async def test_only_so_many_calls_are_under_way() -> None:
    """D19: sockets in use stay under the cap, and waiting for a place costs no device its time."""
    running = most = 0
    are_three = asyncio.Event()

    async def count(_: Seen, __: StreamWriter) -> bytes:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            are_three.set()
        await are_three.wait()
        await asyncio.sleep(0.01)  # in which a fourth would arrive
        running -= 1
        return reply(b"ok")

    async with (
        ScriptedDevice(count) as device,
        Transport(calls_at_once=3, deadline=HANG_S) as transport,
    ):
        calls = (transport.to(device.endpoint, None, Manner()).call("GET", "/") for _ in range(12))
        await asyncio.gather(*calls)
    assert most == 3


async def test_the_end_of_the_transport_closes_every_connection() -> None:
    async with ScriptedDevice(reply(b"ok")) as device:
        async with Transport() as transport:
            for _ in range(3):
                await transport.to(device.endpoint, None, Manner()).call("GET", "/")
            assert len(transport.open) == 3
        assert not transport.open


async def test_a_page_that_the_device_counts_is_never_asked_twice(transport: Transport) -> None:
    """A kept connection that drops under a GET would otherwise be dialled again in silence."""
    asked: list[str] = []

    async def drops_the_second(seen: Seen, _writer: StreamWriter) -> bytes | None:
        asked.append(seen.target)
        return reply(b"ok") if len(asked) == 1 else None

    async with ScriptedDevice(drops_the_second) as device:
        conversation = transport.to(device.endpoint, None, Manner())
        await conversation.call("GET", "/first")
        with pytest.raises(Busy):
            await conversation.call("GET", "/page", repeatable=False)
        await conversation.close()
    assert asked == ["/first", "/page"]
