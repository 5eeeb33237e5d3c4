"""ONVIF replay plays what was recorded, says when it was, and flags what is missing."""

from __future__ import annotations

from typing import Any

from simulator.clocks import SimClock
from simulator.recording import Cause, Gap, RecordingPlan
from simulator.rtsp_rtp import Mark
from simulator.video import camera_id
from simulator.video_camera import camera_key
from simulator.world import Campus
from tests.simulator.rtsp_probe import GAP, NOW, START, base_url, probing, recorder, replay

SPAN = "clock=20261101T080001.300Z-20261101T080007.000Z"
ORDER: dict[str, Any] = {"Rate_Control": "no", "Require": "onvif-replay"}


async def test_a_span_with_a_gap_says_when_every_picture_was_taken() -> None:
    device = recorder()
    clip = await replay(device, SPAN)
    instants = clip.instants()
    assert instants == [frame.stamp_ms for frame in clip.frames]
    assert instants[0] == START + 1000
    assert instants[-1] == START + 6933
    assert not [at for at in instants if at is not None and GAP[0] <= at < GAP[1]]
    assert {strip and strip[0] for strip in clip.strips()} == {
        camera_id(camera_key(device, device.channels[0]))
    }
    assert clip.end == "bye"


async def test_the_gap_and_the_end_are_flagged() -> None:
    clip = await replay(recorder(), SPAN)
    flagged = {
        (frame.stamp_ms or 0) - START: Mark(frame.marks)
        for frame in clip.frames
        if frame.marks & ~Mark.CLEAN_POINT
    }
    assert flagged == {
        2933: Mark.END_OF_SECTION,
        5500: Mark.DISCONTINUITY | Mark.CLEAN_POINT,
        6933: Mark.END_OF_SECTION | Mark.TERMINAL,
    }


async def test_rtp_time_moves_with_the_recording() -> None:
    clip = await replay(recorder(), SPAN)
    for frame in clip.frames:
        moved = (frame.timestamp - clip.frames[0].timestamp) % 2**32 / 90
        assert moved == (frame.stamp_ms or 0) - (START + 1000)


async def test_the_reply_says_which_range_is_played() -> None:
    clip = await replay(recorder(), SPAN)
    assert clip.range == "clock=20261101T080001.000Z-20261101T080007.000Z"
    assert clip.headers["rate-control"] == "no"


async def test_without_rate_control_the_sender_reports_carry_no_times() -> None:
    clip = await replay(recorder(), SPAN)
    assert clip.reports[0][8:20] == bytes(12)


async def test_a_start_inside_a_gap_begins_behind_it() -> None:
    clip = await replay(recorder(), "clock=20261101T080004Z-20261101T080006Z")
    assert clip.frames[0].stamp_ms == GAP[1]
    assert clip.instants()[0] == GAP[1]


async def test_nothing_recorded_is_an_invalid_range() -> None:
    device = recorder()
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        await probe.set_up(url, Require="onvif-replay")
        span = "clock=20261101T080003.500Z-20261101T080005Z"
        assert (await probe.ask("PLAY", url, Range=span, **ORDER)).status == 457


async def test_the_same_span_gives_the_same_bytes_twice() -> None:
    first, second = [await replay(recorder(), SPAN) for _ in range(2)]
    assert [f.stream for f in first.frames] == [f.stream for f in second.frames]


async def test_times_are_those_of_the_recorder_s_clock() -> None:
    device = recorder(clock=SimClock(offset_ms=90_000))
    clip = await replay(device, "clock=20261101T080130Z-20261101T080140Z")
    shown = [frame.stamp_ms or 0 for frame in clip.frames]
    assert not [at for at in shown if GAP[0] <= at - 90_000 < GAP[1]]
    assert shown[0] == START + 90_000
    assert clip.instants() == shown


async def test_rate_control_paces_the_pictures() -> None:
    device = recorder()
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        await probe.set_up(url, Require="onvif-replay")
        span = "clock=20261101T080000Z-20261101T080002Z"
        order: dict[str, Any] = {
            "Require": "onvif-replay",
            "Range": span,
            "Rate_Control": "yes",
            "Scale": "16",
        }
        clip = await probe.play(url, **order)
        assert clip.headers["scale"] == "16"
        assert clip.reports[0][8:12] != bytes(4)
        assert len(clip.frames) == 30


async def test_pause_then_play_goes_on_where_it_stopped() -> None:
    device = recorder()
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        await probe.set_up(url, Require="onvif-replay")
        order: dict[str, Any] = {"Require": "onvif-replay", "Scale": "16"}
        span = "clock=20261101T080000Z-20261101T080100Z"
        first = await probe.play(url, frames=20, Range=span, **order)
        assert (await probe.ask("PAUSE", url)).status == 200
        await probe.collect(first, 10_000, 0.05)
        rest = await probe.play(url, frames=20, **order)
        last = first.frames[-1].stamp_ms or 0
        assert rest.frames[0].stamp_ms in range(last - 999, last + 2)


async def test_immediate_replaces_what_is_being_played() -> None:
    device = recorder()
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        await probe.set_up(url, Require="onvif-replay")
        span = "clock=20261101T080000Z-20261101T080100Z"
        await probe.play(url, frames=3, Range=span, Require="onvif-replay")
        later = "clock=20261101T090000Z-20261101T090001Z"
        refused = await probe.ask("PLAY", url, Range=later, Require="onvif-replay")
        assert refused.status == 455
        clip = await probe.play(url, Range=later, Immediate="yes", **ORDER)
        assert clip.frames[-1].stamp_ms == START + 3_600_933


async def test_without_require_it_plays_from_the_oldest_recording() -> None:
    device = recorder()
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        await probe.set_up(url)
        clip = await probe.play(url, frames=1, Range=SPAN)
        assert clip.range == "npt=0.000-"
        assert clip.frames[0].stamp_ms is None
        assert (clip.instants()[0] or 0) < START - 10 * 86_400_000


async def test_a_recorder_without_profile_g_replays_nothing() -> None:
    device = recorder(profile_g=False)
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        assert (await probe.ask("DESCRIBE", url, Require="onvif-replay")).status == 551
        assert (await probe.ask("DESCRIBE", url)).status == 404


async def test_a_recorder_that_loses_power_stops_in_the_middle() -> None:
    device = recorder()
    campus = Campus([device], now_ms=lambda: NOW)
    async with probing(device, campus) as probe:
        url = f"{base_url(device)}/replay/REC001"
        await probe.set_up(url, Require="onvif-replay")
        span = "clock=20261101T080000Z-20261101T080100Z"
        clip = await probe.play(url, frames=2, Range=span, Require="onvif-replay", Scale="16")
        campus.kill(device)
        await probe.collect(clip, 10_000, 10.0)
        assert clip.end == "closed"
    assert device.rtsp.at_once == 0


async def test_a_drifting_clock_makes_no_false_gaps_between_files() -> None:
    device = recorder(clock=SimClock(drift_s_per_day=3.7))
    clip = await replay(device, "clock=20261101T140000Z-20261101T140100Z")
    assert [frame.marks for frame in clip.frames if frame.marks & Mark.DISCONTINUITY] == []
    assert len(clip.frames) == 900


async def test_cutting_the_device_s_connections_ends_its_sessions() -> None:
    device = recorder()
    async with probing(device) as probe:
        await probe.set_up(f"{base_url(device)}/replay/REC001")
        for transport in list(device.connections):
            transport.abort()
        assert await probe.reader.read() == b""
    assert (device.rtsp.at_once, device.connections) == (0, set())


async def test_a_gap_is_stepped_over_and_not_waited_for() -> None:
    device = recorder()
    device.channels[0].plan = RecordingPlan(
        gaps=(Gap(Cause.CAMERA_LOST, START + 1000, START + 3_600_000),)
    )
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        await probe.set_up(url, Require="onvif-replay")
        span = "clock=20261101T080000Z-20261101T090001Z"
        clip = await probe.play(url, Require="onvif-replay", Range=span, Scale="16")
    assert (len(clip.frames), clip.end) == (30, "bye")
