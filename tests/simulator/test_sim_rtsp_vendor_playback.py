"""Hikvision and Dahua playback: the span in the address, in the device's wall clock."""

from __future__ import annotations

import pytest

from simulator.clocks import SimClock, Zone
from simulator.world import Dialect
from tests.simulator.rtsp_probe import GAP, NOW, START, Clip, base_url, probing, recorder

HIKVISION = "/Streaming/tracks/101?starttime=20261101T110001Z&endtime=20261101T110007Z"
DAHUA = "/cam/playback?channel=1&starttime=2026_11_01_11_00_01&endtime=2026_11_01_11_00_07"


async def played(path: str, dialect: Dialect, *, frames: int = 10_000, **changes: object) -> Clip:
    device = recorder(dialect, **changes)
    async with probing(device) as probe:
        url = base_url(device) + path
        assert (await probe.set_up(url)).status == 200
        return await probe.play(url, frames=frames)


@pytest.mark.parametrize(("path", "dialect"), [(HIKVISION, "isapi"), (DAHUA, "dahua")])
async def test_the_span_is_played_at_once_without_replay_stamps(path: str, dialect: str) -> None:
    clip = await played(path, Dialect(dialect))
    instants = [instant or 0 for instant in clip.instants()]
    assert (instants[0], instants[-1]) == (START + 1000, START + 6933)
    assert not [at for at in instants if GAP[0] <= at < GAP[1]]
    assert {frame.stamp_ms for frame in clip.frames} == {None}
    assert clip.end == "bye"


async def test_rtp_time_shows_the_gap() -> None:
    clip = await played(HIKVISION, Dialect.ISAPI)
    for frame, instant in zip(clip.frames, clip.instants(), strict=True):
        moved = (frame.timestamp - clip.frames[0].timestamp) % 2**32 / 90
        assert moved == (instant or 0) - (START + 1000)


async def test_gapless_time_stamps_hide_the_gap() -> None:
    clip = await played(HIKVISION, Dialect.ISAPI, faults={"rtsp_gapless": True})
    moved = (clip.frames[-1].timestamp - clip.frames[0].timestamp) % 2**32 / 90
    assert moved < 3500


async def test_a_wrong_zone_moves_the_wall_clock_and_not_the_picture_s_utc() -> None:
    clip = await played(HIKVISION, Dialect.ISAPI, clock=SimClock(zone=Zone.GMT2))
    assert clip.instants()[0] == START + 3_600_000 + 1000


async def test_the_end_may_be_ignored() -> None:
    clip = await played(HIKVISION, Dialect.ISAPI, frames=200, faults={"rtsp_ignores_end": True})
    assert (clip.instants()[-1] or 0) > START + 7000


async def test_playback_can_be_held_to_a_multiple_of_real_time() -> None:
    device = recorder(Dialect.DAHUA, faults={"rtsp_real_time": 4})
    async with probing(device) as probe:
        url = base_url(device) + DAHUA.replace("_00_07", "_00_02")
        await probe.set_up(url)
        clip = await probe.play(url, Speed="16")
        assert clip.headers["speed"] == "16"
        assert len(clip.frames) == 15


async def test_what_was_not_recorded_is_not_found() -> None:
    device = recorder(Dialect.ISAPI)
    async with probing(device) as probe:
        span = "starttime=20251101T110000Z&endtime=20251101T110100Z"
        url = f"{base_url(device)}/Streaming/tracks/101?{span}"
        assert (await probe.ask("DESCRIBE", url)).status == 404


async def test_the_plain_address_gives_the_span_in_utc() -> None:
    path = "/plain/1?start=20261101T080000Z&end=20261101T080002Z"
    clip = await played(path, Dialect.ONVIF, faults={"rtsp_video": {"bitrate": 4_000_000}})
    assert clip.instants() == [START + i * 1000 // 15 for i in range(30)]
    assert sum(len(frame.stream) for frame in clip.frames) * 8 == pytest.approx(8e6, rel=0.01)


@pytest.mark.parametrize(
    ("path", "dialect", "ahead_ms"), [(HIKVISION, "isapi", 3 * 3_600_000), (DAHUA, "dahua", 0)]
)
async def test_rtcp_tells_the_recording_s_time(path: str, dialect: str, ahead_ms: int) -> None:
    clip = await played(path, Dialect(dialect))
    timestamp, told = reported(clip)
    moved = (timestamp - clip.frames[0].timestamp) % 2**32 // 90
    assert told == pytest.approx(START + 1000 + moved + ahead_ms, abs=1)


async def test_rtcp_may_tell_the_time_of_sending_instead() -> None:
    clip = await played(HIKVISION, Dialect.ISAPI, faults={"rtsp_reports_now": True})
    assert reported(clip)[1] == pytest.approx(NOW, abs=1)


def reported(clip: Clip) -> tuple[int, float]:
    """RTP time and milliseconds since 1970 of the first sender report."""
    report = clip.reports[0]
    assert report[1] == 200
    seconds = int.from_bytes(report[8:12], "big") - 2_208_988_800
    fraction = int.from_bytes(report[12:16], "big") / 2**32
    return int.from_bytes(report[16:20], "big"), (seconds + fraction) * 1000
