"""Talking RTSP: whom we dial, what we ask for, how a login is shown, what a refusal means."""

import pytest

from cameras.protocols.base import (
    BadAnswer,
    Busy,
    CredentialRefused,
    DeviceError,
    Endpoint,
    LockedOut,
    Login,
    NotSupported,
    Reason,
    StreamTarget,
    TooLarge,
    Unreachable,
    Untrusted,
)
from cameras.protocols.playback import EndedBy, open_playback
from cameras.protocols.rtsp import StreamLimits
from core.secret import Secret
from tests.protocols.patience import PATIENT
from tests.protocols.rtsp_server import (
    PASSWORD,
    START_MS,
    USERNAME,
    RtspServer,
    Script,
    rtsp_server,
)

LOGIN = Login(USERNAME, Secret(PASSWORD))
REPLAY = StreamTarget(
    "rtsp://10.9.9.9:554/replay", start_ms=START_MS, end_ms=START_MS + 2000, replay="onvif"
)
MD5 = 'Digest realm="cam", nonce="abc", qop="auth"'
MD5_OLD = 'Digest realm="cam", nonce="abc"'
SHA = 'Digest realm="cam", nonce="def", algorithm=SHA-256, qop="auth"'
BASIC = 'Basic realm="cam"'


async def play(
    server: RtspServer,
    target: StreamTarget = REPLAY,
    login: Login | None = None,
    limits: StreamLimits = PATIENT,
    allow_basic: bool = False,
) -> tuple[int, EndedBy | None]:
    """Number of pictures and why they ended."""
    async with open_playback(
        server.endpoint, login, target, limits, allow_basic=allow_basic
    ) as playback:
        count = len([frame async for frame in playback.frames()])
        return count, playback.ended_by


async def failure(script: Script, **options: object) -> DeviceError:
    async with rtsp_server(script) as server:
        with pytest.raises(DeviceError) as caught:
            await play(server, **options)  # type: ignore[arg-type]
    return caught.value


async def test_a_recorded_span_is_asked_for_as_onvif_replay_wants():
    async with rtsp_server() as server:
        assert await play(server) == (50, EndedBy.BYE)
        asked = server.sent("PLAY")[0].headers
        assert asked["Range"] == "clock=20261101T100000.000Z-20261101T100002.000Z"
        assert asked["Require"] == "onvif-replay"
        assert asked["Rate-Control"] == "no"


async def test_only_the_video_is_set_up():
    async with rtsp_server() as server:
        await play(server)
        assert [request.url[-9:] for request in server.sent("SETUP")] == ["trackID=1"]


async def test_the_session_is_ended_when_we_are_done():
    async with rtsp_server() as server:
        await play(server)
        assert server.methods[-1] == "TEARDOWN"


@pytest.mark.parametrize(
    "url", ["rtsp://10.9.9.9/x", "rtsp://root:pw@127.0.0.9:9999/x", "rtsp://2130706433/x"]
)
async def test_the_host_in_an_address_is_never_dialled(url):
    """D5."""
    async with rtsp_server() as server, rtsp_server() as other:
        await play(server, StreamTarget(url))
        assert other.connections == 0
        assert all(
            request.url.startswith(f"rtsp://127.0.0.1:{server.port}/")
            for request in server.requests
        )


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1/x", "x", "rtsp://h:22/x"])
async def test_an_address_that_is_not_rtsp_is_refused_before_dialling(url):
    """D5."""
    with pytest.raises(Untrusted):
        async with open_playback(Endpoint("127.0.0.1"), None, StreamTarget(url), PATIENT):
            pass


async def test_an_address_cannot_smuggle_a_header_in():
    async with rtsp_server() as server:
        await play(server, StreamTarget("rtsp://h/x y\u0131?a=\x01"))
        assert server.requests[0].url.endswith("/x%20y%C4%B1?a=%01")


async def test_an_absolute_control_address_keeps_our_host():
    """D5."""
    async with rtsp_server(Script(control="rtsp://127.0.0.9:1/other/track?x=1")) as server:
        await play(server)
        assert server.sent("SETUP")[0].url == f"rtsp://127.0.0.1:{server.port}/other/track?x=1"


@pytest.mark.parametrize("challenges", [(MD5,), (MD5_OLD,), (SHA,), (BASIC, MD5), (MD5, SHA)])
async def test_a_digest_login_opens_the_stream(challenges):
    async with rtsp_server(Script(challenges=challenges)) as server:
        assert (await play(server, login=LOGIN))[0] == 50
        shown = [
            r.headers["Authorization"] for r in server.requests if "Authorization" in r.headers
        ]
        assert all(value.startswith("Digest ") for value in shown)
        assert all(("SHA-256" in value) == (SHA in challenges) for value in shown)


async def test_a_device_that_hangs_up_with_its_challenge_is_dialled_again():
    async with rtsp_server(Script(challenges=(MD5,), closes_on_401=True)) as server:
        assert (await play(server, login=LOGIN))[0] == 50
        assert server.connections == 2


@pytest.mark.parametrize("method", ["SETUP", "PLAY"])
async def test_a_nonce_that_ran_out_is_replaced(method):
    async with rtsp_server(Script(challenges=(MD5,), new_nonce_on=method)) as server:
        assert (await play(server, login=LOGIN))[0] == 50
        assert server.methods.count(method) == 2


async def test_an_announced_end_ends_the_stream():
    async with rtsp_server(Script(ends_with="announce")) as server:
        assert await play(server) == (50, EndedBy.ANNOUNCED)


async def test_basic_is_not_answered_unless_it_is_allowed():
    """C17."""
    script = Script(challenges=(BASIC,))
    assert isinstance(await failure(script, login=LOGIN), NotSupported)
    async with rtsp_server(script) as server:
        assert (await play(server, login=LOGIN, allow_basic=True))[0] == 50


async def test_a_wrong_password_is_tried_once():
    """D9."""
    async with rtsp_server(Script(challenges=(MD5,))) as server:
        with pytest.raises(CredentialRefused) as caught:
            await play(server, login=Login(USERNAME, Secret("CANARY-no")))
        assert server.methods == ["OPTIONS", "DESCRIBE", "DESCRIBE"]
        assert "CANARY" not in str(caught.value)


async def test_a_digest_that_is_stale_for_ever_ends_after_two_tries():
    """D9."""
    script = Script(challenges=(MD5 + ", stale=true",), endless_stale=True)
    async with rtsp_server(script) as server:
        with pytest.raises(CredentialRefused):
            await play(server, login=LOGIN)
        assert server.methods.count("DESCRIBE") == 2


async def test_a_device_that_wants_a_login_and_gets_none_says_so():
    error = await failure(Script(challenges=(MD5,)))
    assert (type(error), error.reason) == (CredentialRefused, Reason.NO_CREDENTIAL)


async def test_a_locked_account_is_told_apart():
    script = Script(statuses={"DESCRIBE": "401 Account locked"}, challenges=(MD5,))
    async with rtsp_server(script) as server:
        with pytest.raises(DeviceError):
            await play(server, login=LOGIN)
    script.statuses = {"DESCRIBE": f"401 Account locked\r\nWWW-Authenticate: {MD5}"}
    assert isinstance(await failure(script, login=LOGIN), LockedOut)


@pytest.mark.parametrize("method", ["DESCRIBE", "SETUP", "PLAY"])
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "305 Use Proxy"])
async def test_a_redirect_is_refused(method, status):
    """D4."""
    error = await failure(Script(statuses={method: status}))
    assert (type(error), error.reason) == (Untrusted, Reason.REDIRECTED)


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        ("403 Forbidden", NotSupported, Reason.NOT_SUPPORTED),
        ("404 Not Found", NotSupported, Reason.NO_SUCH_CHANNEL),
        ("453 Not Enough Bandwidth", Busy, Reason.BUSY),
        ("454 Session Not Found", Busy, Reason.BUSY),
        ("457 Invalid Range", BadAnswer, Reason.WRONG_RANGE),
        ("461 Unsupported Transport", NotSupported, Reason.NOT_SUPPORTED),
        ("500 Oops", BadAnswer, Reason.BAD_ANSWER),
        ("501 Not Implemented", NotSupported, Reason.NOT_SUPPORTED),
        ("503 Service Unavailable", Busy, Reason.BUSY),
        ("999 What", BadAnswer, Reason.BAD_ANSWER),
    ],
)
async def test_a_status_says_what_it_means_for_us(status, kind, reason):
    error = await failure(Script(statuses={"PLAY": status}))
    assert (type(error), error.reason) == (kind, reason)


@pytest.mark.parametrize("methods", [("SETUP",), ("PLAY",), ("SETUP", "PLAY")])
async def test_a_recorder_that_refuses_the_option_is_asked_once_without_it(methods):
    async with rtsp_server(Script(refuse_require_on=methods)) as server:
        assert (await play(server))[0] == 50
        assert len(server.sent(methods[0])) == 2
        assert "Require" not in server.sent(methods[0])[1].headers


async def test_packets_and_reports_between_the_replies_do_no_harm():
    async with rtsp_server(Script(noise=True)) as server:
        assert await play(server) == (50, EndedBy.BYE)


async def test_a_session_is_kept_alive_while_it_plays():
    script = Script(keep_alive=" ; x=1 ; timeout=2", trickle_s=0.03, live_frames=40)
    async with rtsp_server(script) as server:
        assert (await play(server, StreamTarget("rtsp://h/live")))[0] == 40
        assert "GET_PARAMETER" in server.methods


async def test_a_closed_port_is_unreachable():
    async with rtsp_server() as server:
        endpoint = server.endpoint
    with pytest.raises(Unreachable) as caught:
        async with open_playback(endpoint, None, REPLAY, PATIENT):
            pass
    assert caught.value.reason is Reason.CONNECTION_REFUSED


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP"])
async def test_a_device_that_hangs_up_is_busy(method):
    assert isinstance(await failure(Script(close_after=method)), Busy)


SDP_HEAD = b"v=0\r\nm=video 0 RTP/AVP 96\r\n"


@pytest.mark.parametrize(
    ("sdp", "kind"),
    [
        (b"", BadAnswer),
        (b"<html>login</html>", BadAnswer),
        (b"v=0\r\nm=audio 0 RTP/AVP 0\r\n", BadAnswer),
        (SDP_HEAD, NotSupported),
        (b"m=video 0 RTP/AVP 26\r\n", NotSupported),
        (SDP_HEAD + b"a=rtpmap:96 JPEG/90000\r\n", NotSupported),
        (b"m=\r\nm=video\r\na=rtpmap:\r\na=fmtp\r\n", NotSupported),
        (b"a=x\r\n" * 40_000, TooLarge),
        (b"a=x\n" * 5_000, TooLarge),
        (b"m=video 0 RTP/AVP 96\r\n" * 100, TooLarge),
        (b"\xff\x00" * 500, BadAnswer),
    ],
)
async def test_a_hostile_session_description_ends_in_words(sdp, kind):
    """D14."""
    assert type(await failure(Script(sdp=sdp))) is kind
