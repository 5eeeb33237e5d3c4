"""Live pictures show the device's clock of now, in real time, and open in ordinary players."""

from __future__ import annotations

import asyncio

import av
import pytest

from simulator.clocks import SimClock
from simulator.rtsp_targets import clock_time
from simulator.video import camera_id, read_strip
from simulator.video_camera import camera_key
from simulator.world import Campus, Dialect, Kind, SimDevice, true_now_ms
from tests.simulator.rtsp_probe import NOW, START, base_url, probing, recorder


async def test_the_picture_shows_the_device_s_clock() -> None:
    device = recorder(clock=SimClock(offset_ms=3_600_000))
    async with probing(device, Campus([device])) as probe:
        url = f"{base_url(device)}/live/REC001"
        await probe.set_up(url)
        before = true_now_ms()
        clip = await probe.play(url, frames=3)
        after = true_now_ms()
    assert clip.range == "npt=now-"
    for instant in clip.instants():
        assert before <= (instant or 0) - 3_600_000 <= after


async def test_pictures_come_in_real_time() -> None:
    device = recorder()
    async with probing(device, Campus([device])) as probe:
        url = f"{base_url(device)}/live/1"
        await probe.set_up(url)
        clip = await probe.play(url, frames=6)
        instants = clip.instants()
    assert (instants[-1] or 0) <= true_now_ms()


@pytest.mark.parametrize(
    ("dialect", "path", "camera"),
    [
        (Dialect.ONVIF, "/live/2/main", "127.64.9.1#2"),
        (Dialect.ISAPI, "/Streaming/Channels/201", "127.64.9.1#2"),
        (Dialect.DAHUA, "/cam/realmonitor?channel=1&subtype=0", "127.64.9.1"),
    ],
)
async def test_each_make_has_its_own_addresses(dialect: Dialect, path: str, camera: str) -> None:
    device = recorder(dialect)
    async with probing(device) as probe:
        url = base_url(device) + path
        assert (await probe.set_up(url)).status == 200
        clip = await probe.play(url, frames=1)
        assert clip.strips() == [(camera_id(camera), NOW)]


async def test_addresses_of_another_make_lead_nowhere() -> None:
    device = recorder(Dialect.DAHUA)
    async with probing(device) as probe:
        for path in ("/Streaming/Channels/101", "/live/9", "/", "/cam/realmonitor?channel=x"):
            assert (await probe.ask("DESCRIBE", base_url(device) + path)).status == 404


async def test_the_second_stream_is_smaller() -> None:
    device = recorder(Dialect.ISAPI)
    async with probing(device) as probe:
        url = f"{base_url(device)}/Streaming/Channels/102"
        await probe.set_up(url)
        clip = await probe.play(url, frames=1)
        decoder = av.CodecContext.create("h264", "r")
        pictures = decoder.decode(av.Packet(clip.frames[0].stream)) + decoder.decode(None)
        assert pictures[0].width == 320


async def test_a_camera_has_the_same_id_directly_and_through_its_recorder() -> None:
    camera = SimDevice(
        "127.64.9.2", Kind.CAMERA, Dialect.ONVIF, recorder().channels[:1], rtsp_port=0
    )
    device = recorder()
    device.channels[1].camera = camera.address
    campus = Campus([device, camera], now_ms=lambda: NOW)
    seen = []
    for asked, number in ((device, 2), (camera, 1)):
        async with probing(asked, campus) as probe:
            url = f"{base_url(asked)}/live/{number}"
            await probe.set_up(url)
            seen.append((await probe.play(url, frames=1)).strips()[0])
    assert seen[0] == seen[1] == (camera_id("127.64.9.2"), NOW)


async def test_a_channel_without_its_camera_has_no_picture() -> None:
    camera = SimDevice("127.64.9.2", Kind.CAMERA, Dialect.ONVIF, [], faults={"dead": True})
    device = recorder()
    device.channels[0].camera = camera.address
    async with probing(device, Campus([device, camera])) as probe:
        assert (await probe.ask("DESCRIBE", f"{base_url(device)}/live/1")).status == 404


@pytest.mark.parametrize("codec", ["h264", "h265"])
async def test_an_ordinary_player_opens_it(codec: str) -> None:
    device = recorder(faults={"rtsp_video": {"codec": codec, "fps": 10}})
    url = f"/plain/1?start={clock_time(START)}&end={clock_time(START + 1500)}"
    async with probing(device):
        strips = await asyncio.to_thread(_read_with_libav, base_url(device) + url, codec)
    first = camera_id(camera_key(device, device.channels[0]))
    assert strips == [(first, START + 100 * i) for i in range(15)]


def _read_with_libav(url: str, codec: str) -> list[tuple[int, int] | None]:
    options = {"rtsp_transport": "tcp", "analyzeduration": "100000", "probesize": "50000"}
    with av.open(url, "r", options=options, timeout=120) as container:
        assert container.streams.video[0].codec_context.name == codec.replace("h265", "hevc")
        pictures = container.decode(video=0)
        return [read_strip(picture.to_ndarray(format="gray")) for picture in pictures]


async def test_only_interleaved_transport_is_offered() -> None:
    device = recorder()
    async with probing(device) as probe:
        url = f"{base_url(device)}/live/1"
        udp = "RTP/AVP;unicast;client_port=5000-5001"
        assert (await probe.ask("SETUP", f"{url}/trackID=1", Transport=udp)).status == 461
        both = f"{udp},RTP/AVP/TCP;unicast;interleaved=4-5"
        answer = await probe.ask("SETUP", f"{url}/trackID=1", Transport=both)
        assert "interleaved=4-5" in answer.headers["transport"]


async def test_methods_and_sessions_are_checked() -> None:
    device = recorder()
    async with probing(device) as probe:
        url = f"{base_url(device)}/live/1"
        assert "TEARDOWN" in (await probe.ask("OPTIONS", url)).headers["public"]
        assert (await probe.ask("PLAY", url)).status == 454
        assert (await probe.ask("RECORD", url)).status == 405
        await probe.set_up(url)
        assert (await probe.ask("GET_PARAMETER", url)).status == 200
        probe.session = "other"
        assert (await probe.ask("TEARDOWN", url)).status == 454


async def test_sessions_at_once_are_counted() -> None:
    device = recorder()
    async with probing(device) as first:
        url = f"{base_url(device)}/live/1"
        await first.set_up(url)
        reader, writer = await asyncio.open_connection(device.address, device.rtsp_port)
        second = type(first)(reader, writer)
        await second.set_up(url)
        assert device.rtsp.at_once == 2
        await second.ask("TEARDOWN", url)
        await first.ask("TEARDOWN", url)
        writer.close()
    assert (device.rtsp.at_once, device.rtsp.max_at_once, device.rtsp.sessions) == (0, 2, 2)


async def test_a_session_without_a_sign_of_life_ends() -> None:
    device = recorder(faults={"rtsp_session_timeout": 0.05})
    async with probing(device) as probe:
        url = f"{base_url(device)}/live/1"
        await probe.set_up(url)
        assert await probe.reader.read() == b""
    assert device.rtsp.at_once == 0


async def test_what_is_no_rtsp_is_hung_up_on() -> None:
    async with probing(recorder()) as probe:
        probe.writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await probe.reader.read() == b""
