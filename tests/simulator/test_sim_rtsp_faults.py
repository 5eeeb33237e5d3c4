"""Every fault of the RTSP server does what its switch says, and no more than that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from simulator.faults import set_fault
from simulator.rtsp_rtp import Mark
from simulator.video import camera_id
from simulator.world import SimDevice
from tests.simulator.rtsp_probe import (
    PATIENCE_S,
    START,
    Answer,
    Clip,
    Probe,
    base_url,
    probing,
    recorder,
    replay,
)

SPAN = "clock=20261101T080000.000Z-20261101T080002.000Z"
QUIET_S = 0.06
REPLAY: dict[str, Any] = {"Require": "onvif-replay"}


def with_fault(name: str, value: Any = True) -> SimDevice:
    device = recorder()
    set_fault(device, name, value)
    return device


async def ask_quietly(probe: Probe, method: str, url: str, **headers: str) -> Answer | None:
    """The answer, or None when none comes."""
    try:
        async with asyncio.timeout(QUIET_S):
            return await probe.ask(method, url, **headers)
    except TimeoutError:
        return None


async def walk(probe: Probe, url: str, stages: list[str]) -> str:
    """Ask in this order; the last one quietly. The method that was not answered, or blank."""
    transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
    for method in stages:
        headers = {"Transport": transport} if method == "SETUP" else {}
        target = f"{url}/trackID=1" if method == "SETUP" else url
        if method != stages[-1]:
            assert (await probe.ask(method, target, **headers)).status == 200
        elif await ask_quietly(probe, method, target, **headers) is None:
            return method
    return ""


async def then_silence(device: SimDevice, frames: int) -> Clip:
    """Replay that gives so many pictures, and what comes in the time after them."""
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        await probe.set_up(url, **REPLAY)
        clip = await probe.play(url, frames=frames, Range=SPAN, Rate_Control="no", **REPLAY)
        await probe.collect(clip, frames + 1, QUIET_S)
        return clip


@pytest.mark.parametrize(
    "stages",
    [
        ["OPTIONS", "DESCRIBE"],
        ["OPTIONS", "DESCRIBE", "SETUP"],
        ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"],
        ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER"],
    ],
)
async def test_silence_begins_after_the_named_request(stages: list[str]) -> None:
    """D14."""
    device = with_fault("rtsp_silent_after", stages[-2])
    async with probing(device) as probe:
        assert await walk(probe, f"{base_url(device)}/replay/REC001", stages) == stages[-1]


async def test_a_silent_device_does_not_even_answer_options() -> None:
    device = with_fault("silent")
    async with probing(device) as probe:
        assert await walk(probe, base_url(device), ["OPTIONS"]) == "OPTIONS"


async def test_after_play_no_picture_comes() -> None:
    """D14."""
    clip = await replay(with_fault("rtsp_silent_after", "PLAY"), SPAN, silence_s=QUIET_S)
    assert (clip.frames, clip.end) == ([], "silence")


async def test_it_falls_silent_in_the_middle_of_the_clip() -> None:
    """D14."""
    clip = await then_silence(with_fault("rtsp_silent_after", 1000), frames=15)
    assert (len(clip.frames), clip.end) == (15, "silence")


async def test_a_trickle_sends_packets_one_by_one() -> None:
    """D14."""
    clip = await replay(with_fault("rtsp_trickle", 2), SPAN, silence_s=QUIET_S)
    assert (clip.frames, clip.end) == ([], "silence")


async def test_a_description_without_end_streams_until_the_client_leaves() -> None:
    """D14."""
    device = with_fault("rtsp_huge_sdp")
    async with probing(device) as probe:
        probe.writer.write(
            f"DESCRIBE {base_url(device)}/live/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode()
        )
        head = await probe.reader.readuntil(b"\r\n\r\n")
        assert b"Content-Length: 2147483648" in head
        async with asyncio.timeout(PATIENCE_S):
            assert len(await probe.reader.readexactly(3_000_000)) == 3_000_000


async def test_a_wrong_range_is_played_under_the_right_name() -> None:
    clip = await replay(with_fault("rtsp_wrong_range", 3_600_000), SPAN)
    assert clip.range == SPAN
    assert clip.instants()[0] == clip.frames[0].stamp_ms == START + 3_600_000


async def test_the_stamps_may_lie_too_and_only_the_picture_tells() -> None:
    device = with_fault("rtsp_wrong_range", 3_600_000)
    set_fault(device, "rtsp_lying_stamps")
    clip = await replay(device, SPAN)
    assert clip.frames[0].stamp_ms == START
    assert clip.instants()[0] == START + 3_600_000


async def first_of_replay(device: SimDevice, **headers: Any) -> Clip:
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        assert (await probe.set_up(url)).status == 200
        return await probe.play(url, frames=2, Range=SPAN, **headers)


async def test_live_pictures_come_instead_of_the_past() -> None:
    clip = await first_of_replay(with_fault("rtsp_plays_live"), **REPLAY)
    assert clip.range == "npt=now-"
    assert clip.instants()[0] == START + 86_400_000


async def test_the_range_is_ignored() -> None:
    clip = await first_of_replay(with_fault("rtsp_ignores_range"), **REPLAY)
    assert clip.range == "npt=0.000-"
    assert (clip.instants()[0] or 0) < START - 10 * 86_400_000


async def test_the_reply_leaves_out_the_zone() -> None:
    clip = await replay(with_fault("rtsp_zone_less"), SPAN)
    assert clip.range == "clock=20261101T080000.000-20261101T080002.000"


async def test_require_is_refused_and_the_range_honoured_without_it() -> None:
    device = with_fault("rtsp_no_replay", "clock")
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        refused = await probe.ask("DESCRIBE", url, **REPLAY)
        assert (refused.status, refused.headers["unsupported"]) == (551, "onvif-replay")
    clip = await first_of_replay(device)
    assert clip.range == SPAN
    assert (clip.instants()[0], clip.frames[0].stamp_ms) == (START, None)


async def test_require_is_refused_and_the_range_ignored_without_it() -> None:
    clip = await first_of_replay(with_fault("rtsp_no_replay"))
    assert clip.range == "npt=0.000-"
    assert (clip.instants()[0] or 0) < START


async def test_more_sessions_than_it_can_are_refused() -> None:
    device = with_fault("rtsp_max_sessions", 1)
    async with probing(device) as first:
        url = f"{base_url(device)}/live/1"
        assert (await first.set_up(url)).status == 200
        reader, writer = await asyncio.open_connection(device.address, device.rtsp_port)
        second = Probe(reader, writer)
        assert (await second.set_up(url)).status == 453
        await first.ask("TEARDOWN", url)
        assert (await second.set_up(url)).status == 200
        writer.close()


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [("busy", True, 453), ("rtsp_udp_only", True, 461), ("rtsp_redirect", "rtsp://10.9.9.9/", 302)],
)
async def test_it_refuses_with_a_status(name: str, value: Any, status: int) -> None:
    device = with_fault(name, value)
    async with probing(device) as probe:
        answer = await probe.set_up(f"{base_url(device)}/live/1")
        assert answer.status == status
        assert answer.headers.get("location") == (value if status == 302 else None)


@pytest.mark.parametrize("name", ["dead", "close"])
async def test_it_hangs_up(name: str) -> None:
    async with probing(with_fault(name)) as probe:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await probe.ask("OPTIONS", "*")


async def test_control_addresses_name_another_host() -> None:
    """D5."""
    device = with_fault("rtsp_other_host_control", "10.9.9.9:554")
    async with probing(device) as probe:
        answer = await probe.ask("DESCRIBE", f"{base_url(device)}/live/1")
        assert answer.headers["content-base"] == "rtsp://10.9.9.9:554/live/1/"
        assert b"a=control:rtsp://10.9.9.9:554/live/1/trackID=1" in answer.body


async def test_an_audio_track_is_offered_and_its_set_up_counted() -> None:
    device = with_fault("rtsp_audio")
    async with probing(device) as probe:
        url = f"{base_url(device)}/live/1"
        assert b"m=audio" in (await probe.ask("DESCRIBE", url)).body
        await probe.set_up(url)
        assert device.rtsp.audio == 0
        transport = "RTP/AVP/TCP;unicast;interleaved=2-3"
        await probe.ask("SETUP", f"{url}/trackID=2", Transport=transport)
        assert device.rtsp.audio == 1
        clip = await probe.play(url, frames=1)
        assert len(clip.frames) == 1


async def test_damaged_slices_cannot_pass_for_good_pictures() -> None:
    """D15."""
    good = await replay(recorder(), SPAN)
    spoilt = await replay(with_fault("rtsp_corrupt", 1.0), SPAN)
    assert len(spoilt.frames) == len(good.frames)
    assert spoilt.lost == 0
    assert all(a.stream != b.stream for a, b in zip(good.frames, spoilt.frames, strict=True))


async def test_lost_packets_leave_holes_in_the_numbers() -> None:
    device = with_fault("rtsp_lost", 0.2)
    clip = await replay(device, SPAN)
    assert clip.lost > 0
    assert clip.end == "bye"


async def test_another_camera_s_pictures_come() -> None:
    clip = await replay(with_fault("rtsp_other_channel", 2), SPAN)
    assert {strip and strip[0] for strip in clip.strips()} == {camera_id("127.64.9.1#2")}


async def test_it_stops_early_with_a_goodbye() -> None:
    clip = await replay(with_fault("rtsp_stops_early", 1000), SPAN)
    assert (len(clip.frames), clip.end) == (15, "bye")
    assert not any(frame.marks & Mark.TERMINAL for frame in clip.frames)


async def test_it_ends_without_a_word() -> None:
    clip = await then_silence(with_fault("rtsp_no_bye"), frames=30)
    assert (len(clip.frames), clip.end) == (30, "silence")
    assert not any(frame.marks & Mark.TERMINAL for frame in clip.frames)


async def test_size_and_rate_follow_the_setting() -> None:
    device = with_fault("rtsp_video", {"fps": 5, "width": 320, "height": 240})
    clip = await replay(device, SPAN)
    assert len(clip.frames) == 10
    assert clip.instants()[1] == START + 200


async def test_a_struck_device_serves_others_meanwhile() -> None:
    silent, healthy = with_fault("rtsp_silent_after", "OPTIONS"), recorder()
    healthy.address = "127.64.9.3"
    async with probing(silent) as first:
        await first.ask("OPTIONS", "*")
        assert await ask_quietly(first, "DESCRIBE", f"{base_url(silent)}/live/1") is None
        assert (await replay(healthy, SPAN)).end == "bye"
