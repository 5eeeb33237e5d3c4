"""A picture of another time never passes silently: what proves the time of a past span."""

from pathlib import Path

import pytest

from cameras.protocols.base import BadAnswer, DeviceError, Reason, StreamTarget, TimeBase
from cameras.protocols.clips import ClipReport, fetch_clip
from cameras.protocols.rtp_clock import StampSource
from tests.protocols.patience import PATIENT
from tests.protocols.rtsp_server import START_MS, Script, rtsp_server

HOUR_MS = 3_600_000
ONVIF = StreamTarget("rtsp://h/r", start_ms=START_MS, end_ms=START_MS + 2000, replay="onvif")
WALL = "rtsp://h/tracks/101?starttime=20261101T130000Z&endtime=20261101T130002Z"
URL = StreamTarget(WALL, TimeBase.DEVICE_LOCAL, START_MS, START_MS + 2000, "url")


async def fetch(
    script: Script, target: StreamTarget, folder: Path, ahead_ms: int = 0
) -> ClipReport:
    async with rtsp_server(script) as server:
        return await fetch_clip(
            server.endpoint,
            None,
            target,
            folder / "clip.mp4",
            limits=PATIENT,
            local_ahead_ms=ahead_ms,
        )


async def refused(script: Script, target: StreamTarget, folder: Path) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        await fetch(script, target, folder)
    assert list(folder.iterdir()) == []
    return caught.value


async def test_the_recordings_own_time_is_the_best_proof(tmp_path):
    report = await fetch(Script(), ONVIF, tmp_path)
    assert report.stamp_source is StampSource.ONVIF_NTP
    assert (report.delivered_start_ms, report.delivered_end_ms) == (START_MS, START_MS + 2000)


@pytest.mark.parametrize("reply", ["", "npt=0.000-", "clock=19990101T000000Z-19990101T000002Z"])
async def test_stamped_pictures_outweigh_a_wrong_range_in_the_reply(tmp_path, reply):
    report = await fetch(Script(range_reply=reply), ONVIF, tmp_path)
    assert (report.stamp_source, report.range_reply) == (StampSource.ONVIF_NTP, reply)


@pytest.mark.parametrize(
    ("reply", "target", "reason"),
    [
        ("", ONVIF, Reason.TIME_NOT_PROVEN),
        ("npt=0.000-", ONVIF, Reason.WRONG_RANGE),
        ("clock=19990101T000000Z-19990101T000002Z", ONVIF, Reason.WRONG_RANGE),
        ("", URL, Reason.TIME_NOT_PROVEN),
        ("npt=0.000-", URL, Reason.TIME_NOT_PROVEN),
        ("clock=19990101T000000Z-19990101T000002Z", URL, Reason.WRONG_RANGE),
    ],
)
async def test_without_stamps_a_reply_that_does_not_confirm_is_refused(
    tmp_path, reply, target, reason
):
    """REC-18: no word about the time is no lie about it: Hikvision's recorders answer so."""
    error = await refused(Script(range_reply=reply, has_extension=False), target, tmp_path)
    assert (type(error), error.reason) == (BadAnswer, reason)


@pytest.mark.parametrize("away_ms", [-HOUR_MS, -31_000, 2000, HOUR_MS, 27 * 365 * 24 * HOUR_MS])
async def test_pictures_of_another_time_are_refused_whatever_the_reply_says(tmp_path, away_ms):
    error = await refused(Script(stamps_from_ms=START_MS + away_ms), ONVIF, tmp_path)
    assert (type(error), error.reason) == (BadAnswer, Reason.WRONG_RANGE)


async def test_a_confirmed_range_places_pictures_without_stamps(tmp_path):
    report = await fetch(Script(has_extension=False), ONVIF, tmp_path)
    assert report.stamp_source is StampSource.RANGE
    assert report.delivered_start_ms == START_MS


async def test_a_range_that_starts_later_is_a_gap_at_the_start(tmp_path):
    later = START_MS + 1500
    script = Script(
        has_extension=False,
        plays_from_ms=later,
        range_reply="clock=20261101T100001.5Z-20261101T100004Z",
    )
    target = StreamTarget("rtsp://h/r", start_ms=START_MS, end_ms=START_MS + 4000, replay="onvif")
    report = await fetch(script, target, tmp_path)
    assert report.delivered_start_ms == later
    assert report.gaps == ((START_MS, later),)


async def test_a_report_inside_the_span_proves_it_where_the_reply_does_not(tmp_path):
    script = Script(has_extension=False, range_reply="npt=0.000-", report_ms=START_MS)
    report = await fetch(script, ONVIF, tmp_path)
    assert report.stamp_source is StampSource.RTCP
    assert report.delivered_start_ms == START_MS


async def test_a_later_report_moves_pictures_over_a_gap_that_rtp_time_hides(tmp_path):
    script = Script(
        has_extension=False,
        range_reply="npt=0.000-",
        report_ms=START_MS,
        reports_every=25,
        hidden_gap=(50, 7000),
    )
    target = StreamTarget("rtsp://h/r", start_ms=START_MS, end_ms=START_MS + 20_000, replay="onvif")
    report = await fetch(script, target, tmp_path)
    assert report.gaps[0] == (START_MS + 2000, START_MS + 9000)


async def test_a_report_with_the_time_of_sending_does_not_replace_a_confirmed_range(tmp_path):
    script = Script(has_extension=False, report_ms=START_MS + 50 * HOUR_MS)
    report = await fetch(script, ONVIF, tmp_path)
    assert report.stamp_source is StampSource.RANGE


async def test_a_report_outside_the_span_proves_nothing(tmp_path):
    script = Script(has_extension=False, range_reply="", report_ms=START_MS + 50 * HOUR_MS)
    assert (await refused(script, ONVIF, tmp_path)).reason is Reason.TIME_NOT_PROVEN


@pytest.mark.parametrize("extension", [True, False])
async def test_a_wall_clock_behind_a_false_z_is_understood(tmp_path, extension):
    """The recorder shows 13:00 in Türkiye for what is 10:00 UTC."""
    report = await fetch(Script(has_extension=extension), URL, tmp_path)
    assert report.time_base is TimeBase.DEVICE_LOCAL
    assert report.delivered_start_ms == START_MS
    source = StampSource.ONVIF_NTP if extension else StampSource.RANGE
    assert report.stamp_source is source


async def test_true_utc_stamps_of_a_wall_clock_recorder_are_understood(tmp_path):
    report = await fetch(Script(stamps_from_ms=START_MS), URL, tmp_path)
    assert report.delivered_start_ms == START_MS


async def test_a_known_zone_error_is_allowed_for(tmp_path):
    script = Script(stamps_from_ms=START_MS - HOUR_MS, range_reply="")
    report = await fetch(script, URL, tmp_path, ahead_ms=HOUR_MS)
    assert report.delivered_start_ms == START_MS
    assert report.stamp_source is StampSource.ONVIF_NTP


async def test_what_plays_on_after_the_end_is_cut_at_the_end(tmp_path):
    """The asked end is ignored by some recorders."""
    report = await fetch(Script(ends_with="none"), ONVIF, tmp_path)
    assert report.ended_by == "SPAN_END"
    assert report.delivered_end_ms == START_MS + 2000


async def test_only_one_group_of_pictures_before_the_start_is_kept(tmp_path):
    script = Script(plays_from_ms=START_MS - 5000)
    target = StreamTarget(
        "rtsp://h/r", start_ms=START_MS + 400, end_ms=START_MS + 2000, replay="onvif"
    )
    report = await fetch(script, target, tmp_path)
    assert report.delivered_start_ms == START_MS
    assert report.frames == 50


async def test_a_live_picture_carries_the_devices_clock_or_says_that_it_does_not(tmp_path):
    live = StreamTarget("rtsp://h/live")
    script = Script(has_extension=False, report_ms=START_MS)
    report = await fetch(script, live, tmp_path)
    assert report.stamp_source is StampSource.RTCP
    (tmp_path / "clip.mp4").unlink()
    report = await fetch(Script(has_extension=False), live, tmp_path)
    assert report.stamp_source is StampSource.ARRIVAL


SAID = "clock=20261101T130000Z-20261101T130002Z"


@pytest.mark.parametrize("reply", ["", "npt=0.000-"])
async def test_the_span_in_the_description_confirms_it_where_the_reply_is_silent(tmp_path, reply):
    """REC-18: HIK Media Server V3.4 to V4.72 describe a played-back address so."""
    script = Script(range_reply=reply, has_extension=False, described_range=SAID)
    report = await fetch(script, URL, tmp_path)
    assert (report.stamp_source, report.delivered_start_ms) == (StampSource.RANGE, START_MS)
    assert report.range_reply == SAID


@pytest.mark.parametrize(
    "described",
    [
        "clock=20261101T130000Z-20261130T130000Z",  # a whole recording that begins here
        "clock=20261101T130000Z-",
        "clock=20261102T130000Z-20261102T130002Z",
        "npt=0-",
        "clock=nonsense-",
    ],
)
async def test_a_description_of_anything_else_confirms_nothing(tmp_path, described):
    script = Script(range_reply="", has_extension=False, described_range=described)
    assert (await refused(script, URL, tmp_path)).reason is Reason.TIME_NOT_PROVEN


async def test_a_reply_of_another_time_outweighs_the_description(tmp_path):
    reply = "clock=19990101T000000Z-19990101T000002Z"
    script = Script(range_reply=reply, has_extension=False, described_range=SAID)
    assert (await refused(script, URL, tmp_path)).reason is Reason.WRONG_RANGE


async def test_what_an_onvif_replay_describes_confirms_nothing(tmp_path):
    script = Script(range_reply="", has_extension=False, described_range=SAID)
    assert (await refused(script, ONVIF, tmp_path)).reason is Reason.TIME_NOT_PROVEN


@pytest.mark.parametrize("script", [Script(needs_npt=True), Script(refuses_npt=True)])
async def test_a_span_in_the_address_is_asked_from_its_start(tmp_path, script):
    """Some recorders that get no Range play from their oldest file; others know no npt."""
    script.has_extension = False
    report = await fetch(script, URL, tmp_path)
    assert report.delivered_start_ms == START_MS
