"""RTSP with the habits of single makers: wrong numbers, keep-alives unknown, one player at once, slow playback."""

from __future__ import annotations

import pytest

from cameras.protocols.base import Busy, Login, NotSupported, Reason, StreamTarget, TimeBase
from cameras.protocols.playback import EndedBy, open_playback
from cameras.protocols.rtsp import StreamLimits
from core.secret import Secret
from tests.protocols.rtsp_server import (
    PASSWORD,
    START_MS,
    USERNAME,
    RtspServer,
    Script,
    rtsp_server,
)

LIMITS = StreamLimits(connect_s=10, reply_s=10, stall_s=10, total_s=40)
REPLAY = StreamTarget("rtsp://x/r1", start_ms=START_MS, end_ms=START_MS + 2000, replay="onvif")
LOGIN = Login(USERNAME, Secret(PASSWORD))
PAST = StreamTarget(
    "rtsp://x/Streaming/tracks/101?starttime=20261101T100000Z&endtime=20261101T100002Z",
    TimeBase.DEVICE_LOCAL,
    START_MS,
    START_MS + 2000,
    "url",
)
MD5 = ('Digest realm="cam", nonce="abc"',)


async def play(
    server: RtspServer, login: Login | None = None, target: StreamTarget = REPLAY
) -> tuple[int, EndedBy | None]:
    async with open_playback(server.endpoint, login, target, LIMITS) as playback:
        count = len([frame async for frame in playback.frames()])
        return count, playback.ended_by


@pytest.mark.parametrize(
    "script",
    [
        Script(numbers="0"),
        Script(numbers="previous"),
        Script(numbers="0", challenges=MD5),
        Script(numbers="previous in errors", challenges=MD5),
    ],
)
async def test_a_reply_with_a_wrong_number_is_taken_where_no_other_comes(script: Script) -> None:
    async with rtsp_server(script) as server:
        assert await play(server, LOGIN) == (50, EndedBy.BYE)


@pytest.mark.parametrize("status", ["400 Bad Request", "551 Option Not Supported"])
async def test_a_device_without_get_parameter_is_kept_alive_by_options(status: str) -> None:
    script = Script(keep_alive=";timeout=2", trickle_s=0.02, statuses={"GET_PARAMETER": status})
    async with rtsp_server(script) as server:
        assert await play(server) == (50, EndedBy.BYE)
        alive = server.methods[server.methods.index("PLAY") :]
    assert alive.count("GET_PARAMETER") == 1
    assert "OPTIONS" in alive


async def test_a_recorder_that_plays_to_somebody_else_is_busy() -> None:
    script = Script(statuses={"SETUP": "429 Stream Up To Limit"})
    async with rtsp_server(script) as server:
        with pytest.raises(Busy):
            await play(server)


async def test_a_makers_playback_is_not_asked_for_at_its_own_pace() -> None:
    """Recorders of Hikvision send a minute in eight seconds then; otherwise it takes the minute."""
    async with rtsp_server(Script()) as server:
        assert (await play(server, target=PAST))[0] == 50
    assert server.sent("PLAY")[0].headers["Rate-Control"] == "no"


@pytest.mark.parametrize("status", ["451 Parameter Not Understood", "455 Method Not Valid"])
async def test_a_recorder_that_refuses_the_range_is_asked_without_it(status: str) -> None:
    async with rtsp_server(Script(refuses_npt=True, npt_refusal=status)) as server:
        assert (await play(server, target=PAST))[0] == 50
    assert ["Range" in asked.headers for asked in server.sent("PLAY")] == [True, False]


async def test_a_packet_that_was_sent_by_half_costs_a_picture_and_not_the_stream() -> None:
    """Old live555, which is in many cameras, goes on with the next packet where a socket was full."""
    script = Script(torn=frozenset({7}), lose=frozenset({20}))
    async with (
        rtsp_server(script) as server,
        open_playback(server.endpoint, None, REPLAY, LIMITS) as playback,
    ):
        frames = [frame async for frame in playback.frames()]
    damaged = sum(frame.unit.is_damaged for frame in frames)
    assert playback.ended_by is EndedBy.BYE
    assert len(frames) >= 40
    assert damaged or len(frames) < 50
    assert playback.packets_lost >= 2


async def test_what_is_neither_packet_nor_message_ends_in_time() -> None:
    """D14"""
    junk = bytes(range(1, 32)) * 40_000
    limits = StreamLimits(connect_s=10, reply_s=10, stall_s=0.5, total_s=20)
    async with (
        rtsp_server(Script(junk_after_play=junk, silent_after="PLAY")) as server,
        open_playback(server.endpoint, None, REPLAY, limits) as playback,
    ):
        assert [frame async for frame in playback.frames()] == []
    assert playback.ended_by is EndedBy.STALL


async def test_a_track_that_comes_on_another_channel_than_was_agreed_is_heard() -> None:
    async with rtsp_server(Script(channel=2)) as server:
        assert (await play(server))[0] == 50


@pytest.mark.parametrize("status", ["400 Bad", "404 None", "405 Not Allowed", "454 No", "461 No"])
@pytest.mark.parametrize("end", ["endtime=20261101T100002Z", "endtime=20261101T100002Z/trackID=1"])
async def test_a_session_is_played_at_the_address_that_the_device_knows(
    end: str, status: str
) -> None:
    """Its own Content-Base ends in a slash behind the query, and then it does not know that address."""
    script = Script(takes_only={"PLAY": end, "TEARDOWN": end}, else_status=status, challenges=MD5)
    async with rtsp_server(script) as server:
        assert (await play(server, LOGIN, PAST))[0] == 50
    assert server.sent("PLAY")[-1].url.endswith(end)
    assert server.sent("TEARDOWN")[-1].url == server.sent("PLAY")[-1].url


async def test_a_track_behind_a_query_is_set_up_before_it_where_only_that_is_known() -> None:
    end = "/trackID=1?starttime=20261101T100000Z&endtime=20261101T100002Z"
    async with rtsp_server(Script(takes_only={"SETUP": end})) as server:
        assert (await play(server, target=PAST))[0] == 50
    assert len(server.sent("SETUP")) == 2


@pytest.mark.parametrize("method", ["SETUP", "PLAY"])
async def test_an_address_that_nobody_knows_is_asked_for_a_few_times_only(method: str) -> None:
    async with rtsp_server(Script(takes_only={method: "never"})) as server:
        with pytest.raises(NotSupported) as caught:
            await play(server, target=PAST)
    assert caught.value.reason is Reason.NO_SUCH_CHANNEL
    addresses = [asked.url for asked in server.sent(method)]
    assert len(set(addresses)) <= 4
