"""RTSP as some devices speak it: other line ends, missing headers, new nonces, new RTP sources."""

from __future__ import annotations

import pytest

from cameras.protocols.base import BadAnswer, Login, NotSupported, StreamTarget, Untrusted
from cameras.protocols.playback import EndedBy, Playback, open_playback
from cameras.protocols.rtp import RtpPacket
from cameras.protocols.rtp_clock import StampSource
from cameras.protocols.rtp_video import H264Depacketiser, H265Depacketiser
from cameras.protocols.sdp import read_sdp, told_range
from core.secret import Secret
from tests.protocols.patience import PATIENT
from tests.protocols.rtsp_server import (
    FRAME_MS,
    PASSWORD,
    START_MS,
    USERNAME,
    RtspServer,
    Script,
    rtsp_server,
)

REPLAY = StreamTarget("rtsp://x/r1", start_ms=START_MS, end_ms=START_MS + 2000, replay="onvif")
LOGIN = Login(USERNAME, Secret(PASSWORD))


async def play(server: RtspServer, login: Login | None = None) -> tuple[list[int], Playback]:
    async with open_playback(server.endpoint, login, REPLAY, PATIENT) as playback:
        return [frame.stamp_ms async for frame in playback.frames()], playback


@pytest.mark.parametrize(
    "script",
    [
        Script(newline="\n"),
        Script(folded=True),
        Script(newline="\n", folded=True),
        Script(transport=""),
        Script(transport="RTP/AVP/TCP;unicast"),
        Script(transport="RTP/AVP;unicast;interleaved=0-1;ssrc=63"),
        Script(transport='RTP/AVP/TCP;unicast;interleaved=0;mode="PLAY"'),
    ],
)
async def test_a_reply_that_says_enough_is_understood(script: Script) -> None:
    async with rtsp_server(script) as server:
        stamps, _ = await play(server)
    assert len(stamps) == 50


async def test_a_reply_that_names_another_transport_is_not() -> None:
    async with rtsp_server(Script(transport="RTP/AVP/UDP;unicast;client_port=1-2")) as server:
        with pytest.raises(NotSupported):
            await play(server)


async def test_a_control_address_that_is_none_is_refused() -> None:
    async with rtsp_server(Script(control="rtsp://[10.0.0.1/track")) as server:
        with pytest.raises(Untrusted):
            await play(server)


async def test_every_method_may_want_a_nonce_of_its_own() -> None:
    async with rtsp_server(Script(nonce_per_method=True, challenges=("x",))) as server:
        stamps, _ = await play(server, login=LOGIN)
    assert len(stamps) == 50


async def test_a_keep_alive_with_a_nonce_that_ran_out_is_sent_again() -> None:
    """The session would be dropped in the middle of a long recording."""
    script = Script(
        nonce_per_method=True, challenges=("x",), keep_alive=";timeout=2", trickle_s=0.02
    )
    async with rtsp_server(script) as server:
        await play(server, login=LOGIN)
        alive = server.sent("GET_PARAMETER")
    assert 'nonce="PLAY"' in alive[0].headers["Authorization"]
    assert 'nonce="GET_PARAMETER"' in alive[1].headers["Authorization"]


async def test_a_new_source_ends_what_only_rtp_times_place() -> None:
    """Its times begin elsewhere: counted on, a picture would claim another time than its own."""
    script = Script(has_extension=False, new_source_at=30)
    async with rtsp_server(script) as server:
        stamps, playback = await play(server)
    assert playback.stamp_source is StampSource.RANGE
    assert stamps == [START_MS + number * FRAME_MS for number in range(30)]
    assert playback.ended_by is EndedBy.RENUMBERED


async def test_a_new_source_does_not_matter_where_each_picture_tells_its_time() -> None:
    async with rtsp_server(Script(new_source_at=30)) as server:
        stamps, playback = await play(server)
    assert stamps == [START_MS + number * FRAME_MS for number in range(50)]
    assert playback.ended_by is EndedBy.BYE


@pytest.mark.parametrize("number", ["9" * 5000, "٩٦", "-1", "96x"])
def test_a_number_that_is_none_is_passed_over(number: str) -> None:
    sdp = (
        f"v=0\r\nm=video 0 RTP/AVP {number} 96\r\na=rtpmap:{number} H264/90000\r\n"
        f"a=rtpmap:96 H264/{number}\r\na=fmtp:{number} x=y\r\n"
    )
    _, track = read_sdp(sdp.encode())
    assert (track.payload_type, track.clock_rate) == (96, 90_000)


def test_a_description_without_a_usable_number_says_so() -> None:
    with pytest.raises((BadAnswer, NotSupported)):
        read_sdp(b"m=video 0 RTP/AVP " + b"9" * 9000 + b"\r\n")


@pytest.mark.parametrize(
    ("depacketiser", "key", "odd"),
    [
        (H264Depacketiser, b"\x65abc", b"\x1d\x85\0\1abc"),
        (H264Depacketiser, b"\x65abc", b"\x19\0\1\0\3abc"),
        (H265Depacketiser, b"\x26\x01abc", b"\x64\x01abc"),
    ],
    ids=["FU-B", "STAP-B", "PACI"],
)
def test_a_picture_with_a_part_that_is_not_read_is_marked(
    depacketiser: type[H264Depacketiser] | type[H265Depacketiser], key: bytes, odd: bytes
) -> None:
    reader = depacketiser({})
    assert not reader.push(RtpPacket(1, 7, 96, False, odd, None))
    reader.push(RtpPacket(2, 7, 96, True, key, None))
    [unit] = reader.complete()
    assert unit.is_damaged


@pytest.mark.parametrize(
    ("lines", "encoding"),
    [
        ("a=rtpmap:96\tH264/90000", "H264"),
        ("a=RTPMAP: 96 h264/90000", "H264"),
        ("a=rtpmap\r\na=rtpmap:\r\na=rtpmap:96 HEVC/90000", "HEVC"),
        ("a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z2QA,aO4=", "H264"),
        ("a=fmtp:96 sprop-vps=QAE=;sprop-sps=QgE=", "H265"),
    ],
)
def test_an_odd_description_of_video_is_read(lines: str, encoding: str) -> None:
    _, track = read_sdp(f"m=video 0 RTP/AVP 96\r\n{lines}\r\na=Control:v\r\n".encode())
    assert (track.encoding, track.control) == (encoding, "v")


def test_bytes_around_the_lines_of_a_description_do_not_matter() -> None:
    lines = "\ufeffm=video 0 RTP/AVP 96\n a=rtpmap:96 H264/90000 \n\ta=control:v\0\0"
    _, track = read_sdp(lines.encode())
    assert (track.encoding, track.control) == ("H264", "v")
    assert (
        told_range("\ufeffa=range:clock=20261101T100000Z-\0".encode()) == "clock=20261101T100000Z-"
    )


def test_parameters_under_another_number_belong_to_the_only_payload_type() -> None:
    told = "a=rtpmap:96 H264/90000\r\na=fmtp:97 sprop-parameter-sets=Z2QA,aO4=\r\n"
    _, track = read_sdp(f"m=video 0 RTP/AVP 96\r\n{told}".encode())
    assert track.fmtp["sprop-parameter-sets"] == "Z2QA,aO4="
    _, track = read_sdp(f"m=video 0 RTP/AVP 96 97\r\n{told}".encode())
    assert "sprop-parameter-sets" not in track.fmtp


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("RTP/AVP 26", "but JPEG."),
        ("RTP/AVP 96\r\na=rtpmap:96 VP8/90000", "but VP8."),
        ("x", "H.265."),
    ],
)
def test_video_that_is_not_read_is_called_by_its_name(lines: str, told: str) -> None:
    with pytest.raises(NotSupported, match=told):
        read_sdp(f"m=video 0 {lines}\r\n".encode())
