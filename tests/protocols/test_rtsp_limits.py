"""Every wait ends: silence, trickles and floods (D14)."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from cameras.protocols.base import DeviceError, Endpoint, Reason, StreamTarget, TooLarge, TooSlow
from cameras.protocols.playback import EndedBy, open_playback
from cameras.protocols.rtsp import StreamLimits
from tests.protocols.patience import A_MOMENT_S, HANG_S, PATIENT, patient_until_silence
from tests.protocols.rtsp_server import START_MS, RtspServer, Script, hang_up, rtsp_server

REPLAY = StreamTarget(
    "rtsp://h/replay", start_ms=START_MS, end_ms=START_MS + 60_000, replay="onvif"
)
PICTURES = 1500
# Long enough to reach PLAY on a slow machine; a trickle of a minute's pictures would take many minutes.
TOTAL_S = 2.0
NO_REPLY = replace(PATIENT, reply_s=A_MOMENT_S)
NO_PICTURE = replace(PATIENT, stall_s=A_MOMENT_S)


async def play(server: RtspServer, limits: StreamLimits) -> tuple[int, EndedBy | None]:
    async with asyncio.timeout(HANG_S):
        async with open_playback(server.endpoint, None, REPLAY, limits) as playback:
            count = len([frame async for frame in playback.frames()])
            return count, playback.ended_by


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP"])
async def test_a_device_that_answers_no_more_is_too_slow(method):
    async with rtsp_server(Script(mute_on=method)) as server:
        with pytest.raises(TooSlow) as caught:
            await play(server, NO_REPLY)
    assert caught.value.reason is Reason.NO_ANSWER


async def test_silence_after_play_ends_at_the_stall_limit():
    async with rtsp_server(Script(silent_after="PLAY")) as server:
        assert await play(server, NO_PICTURE) == (0, EndedBy.STALL)


async def test_silence_in_the_middle_keeps_what_came():
    limits, end_soon = patient_until_silence()
    async with rtsp_server(Script(silent_after="FRAME:30", when_silent=end_soon)) as server:
        assert await play(server, limits) == (30, EndedBy.STALL)


async def test_a_trickle_ends_at_the_total_deadline():
    async with rtsp_server(Script(trickle_s=0.1)) as server:
        count, ended_by = await play(server, replace(PATIENT, total_s=TOTAL_S))
        assert ended_by is EndedBy.DEADLINE
        assert count < PICTURES


async def test_a_hang_up_in_the_middle_keeps_what_came():
    async with rtsp_server(Script(close_after="FRAME:30")) as server:
        assert await play(server, PATIENT) == (30, EndedBy.EOF)


async def test_a_stream_above_the_byte_cap_is_refused():
    async with rtsp_server() as server:
        with pytest.raises(TooLarge):
            await play(server, replace(PATIENT, max_bytes=20_000))


RAW = {
    "no reply at all": b"",
    "not rtsp": b"HTTP/1.1 200 OK\r\n\r\n",
    "no status": b"RTSP/1.0\r\n\r\n",
    "endless head": b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 20_000,
    "many headers": b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    "huge length": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 2147483648\r\n\r\n",
    "bad length": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: -5\r\n\r\n",
    "foreign replies": b"RTSP/1.0 200 OK\r\nCSeq: 77\r\n\r\n" * 400,
    "packets for ever": b"$\x00\xff\xff" + bytes(65535),
    "redirect request": b"REDIRECT rtsp://x RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "zeros": bytes(100_000),
}


@pytest.mark.parametrize("name", RAW)
async def test_garbage_instead_of_a_reply_ends_in_a_device_error(name):
    callers: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        callers.append(task)
        for _ in range(300 if name == "packets for ever" else 1):
            writer.write(RAW[name])
            try:
                await writer.drain()
            except OSError:
                break
        with contextlib.suppress(OSError):
            await reader.read(1_000_000)
            await reader.read()
        await hang_up(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        target = StreamTarget(f"rtsp://h:{port}/x")
        async with asyncio.timeout(HANG_S):
            with pytest.raises(DeviceError):
                async with open_playback(Endpoint("127.0.0.1"), None, target, NO_REPLY):
                    pass
    finally:
        server.close()
        await asyncio.gather(*callers, return_exceptions=True)
