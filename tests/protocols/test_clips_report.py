"""A clip on disk and the report on it: whole, partly there, or not at all."""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import av
import pytest

from cameras.protocols.base import (
    BadAnswer,
    DeviceError,
    Login,
    NotSupported,
    Reason,
    StreamTarget,
    TooLarge,
    TooSlow,
)
from cameras.protocols.clips import ClipProgress, ClipReport, fetch_clip
from cameras.protocols.picture_hashes import hash_nal_units
from cameras.protocols.playback import EndedBy
from cameras.protocols.rtp_video import START_CODE
from cameras.protocols.rtsp import StreamLimits
from core.secret import Secret
from tests.protocols.patience import A_MOMENT_S, PATIENT, patient_until_silence
from tests.protocols.rtsp_server import PASSWORD, START_MS, USERNAME, Script, rtsp_server

NO_ANSWER = replace(PATIENT, reply_s=A_MOMENT_S, stall_s=A_MOMENT_S)


def target(seconds: int = 4) -> StreamTarget:
    end_ms = START_MS + seconds * 1000
    return StreamTarget("rtsp://h/r", start_ms=START_MS, end_ms=end_ms, replay="onvif")


async def fetch(
    script: Script, folder: Path, *, limits: StreamLimits = PATIENT, seconds: int = 4
) -> ClipReport:
    async with rtsp_server(script) as server:
        return await fetch_clip(
            server.endpoint, None, target(seconds), folder / "clip.mp4", limits=limits
        )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def stored_units(path: Path) -> list[bytes]:
    """The access units of an MP4, with start codes in place of its length fields."""
    units = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            data, unit = bytes(packet), b""
            while data:
                size = int.from_bytes(data[:4], "big")
                unit += b"\0\0\0\1" + data[4 : 4 + size]
                data = data[4 + size :]
            units += [unit] if unit else []
    return units


@pytest.mark.parametrize(("codec", "reordered"), [("h264", 0), ("h264", 2), ("hevc", 0)])
async def test_a_clip_holds_the_devices_own_bytes(tmp_path, codec, reordered):
    """B18, and B19 for a good file: codec, size and duration."""
    report = await fetch(Script(codec=codec, reordered=reordered), tmp_path)
    assert (report.codec, report.width, report.height, report.frames) == (codec, 160, 96, 100)
    digest = hashlib.sha256()
    for unit in stored_units(report.path):
        hash_nal_units(digest, unit.split(START_CODE)[1:])
    assert digest.hexdigest() == report.bitstream_sha256


async def test_every_picture_of_a_clip_can_be_shown_at_its_time(tmp_path):
    report = await fetch(Script(reordered=2), tmp_path)
    with av.open(str(report.path)) as container:
        times = [round(frame.time * 1000) for frame in container.decode(video=0)]
    assert times == list(range(0, 4000, 40))


async def test_a_whole_clip_is_reported_as_whole(tmp_path):
    report = await fetch(Script(), tmp_path)
    assert report.is_complete
    assert (report.delivered_start_ms, report.delivered_end_ms) == (START_MS, START_MS + 4000)
    assert report.sha256 == hashlib.sha256(report.path.read_bytes()).hexdigest()
    assert report.bytes == report.path.stat().st_size
    assert report.ended_by is EndedBy.BYE
    assert names(tmp_path) == ["clip.mp4"]


async def test_the_same_span_gives_the_same_bytes_again(tmp_path):
    """B20."""
    first = await fetch(Script(), tmp_path)
    first.path.rename(tmp_path / "first.mp4")
    second = await fetch(Script(), tmp_path)
    assert first.sha256 == second.sha256


async def test_a_hole_in_the_recording_is_listed_to_the_picture(tmp_path):
    """B10."""
    report = await fetch(Script(skip=(25, 75)), tmp_path)
    assert report.gaps == ((START_MS + 1000, START_MS + 3000),)
    assert (report.gap_count, report.gap_ms, report.is_complete) == (1, 2000, False)


@pytest.mark.parametrize(
    ("script", "ended_by"),
    [
        (Script(silent_after="FRAME:50"), EndedBy.STALL),
        (Script(close_after="FRAME:50"), EndedBy.EOF),
        (Script(skip=(50, 100)), EndedBy.BYE),
    ],
    ids=["stall", "hang up", "bye"],
)
async def test_what_is_missing_at_the_end_is_a_gap_too(tmp_path, script, ended_by):
    """B10, D14."""
    limits, script.when_silent = patient_until_silence()
    report = await fetch(script, tmp_path, limits=limits)
    assert report.gaps == ((START_MS + 2000, START_MS + 4000),)
    assert (report.ended_by, report.is_complete) == (ended_by, False)


async def test_the_terminal_bit_ends_the_clip(tmp_path):
    report = await fetch(Script(ends_with="tbit"), tmp_path)
    assert (report.ended_by, report.frames) == (EndedBy.TERMINAL, 100)


async def test_a_trickle_gives_what_came_until_the_deadline(tmp_path):
    """D14."""
    # Long enough for a first picture on a slow machine, and far too short for the whole trickle.
    limits = replace(PATIENT, total_s=3)
    report = await fetch(Script(trickle_s=0.05), tmp_path, limits=limits)
    assert report.ended_by is EndedBy.DEADLINE
    assert report.gaps[-1][1] == START_MS + 4000


async def test_lost_packets_are_counted_and_their_pictures_marked(tmp_path):
    report = await fetch(Script(lose=frozenset({2, 60})), tmp_path)
    assert report.packets_lost == 2
    assert not report.is_complete


@pytest.mark.parametrize(
    ("script", "limits", "kind"),
    [
        (Script(skip=(0, 100)), PATIENT, BadAnswer),
        (Script(mute_on="PLAY"), NO_ANSWER, TooSlow),
        (Script(silent_after="PLAY"), NO_ANSWER, TooSlow),
        (Script(statuses={"DESCRIBE": "404 Not Found"}), PATIENT, NotSupported),
    ],
)
async def test_without_a_picture_there_is_no_file(tmp_path, script, limits, kind):
    """B19."""
    with pytest.raises(kind):
        await fetch(script, tmp_path, limits=limits)
    assert names(tmp_path) == []


async def test_a_clip_above_the_byte_cap_leaves_no_file(tmp_path):
    with pytest.raises(TooLarge):
        await fetch(Script(), tmp_path, limits=replace(PATIENT, max_bytes=10_000))
    assert names(tmp_path) == []


async def test_pictures_that_are_no_video_leave_no_file(tmp_path):
    """D15."""
    with pytest.raises(BadAnswer) as caught:
        await fetch(Script(spoil=True), tmp_path)
    assert caught.value.reason is Reason.UNDECODABLE
    assert names(tmp_path) == []


async def test_a_cancelled_clip_leaves_no_file_and_no_process(tmp_path):
    """B8."""
    async with rtsp_server(Script(trickle_s=0.02)) as server:
        started = asyncio.Event()
        task = asyncio.create_task(
            fetch_clip(
                server.endpoint,
                None,
                target(60),
                tmp_path / "clip.mp4",
                limits=PATIENT,
                on_progress=lambda _: started.set(),
            )
        )
        await started.wait()
        assert names(tmp_path) == ["clip.mp4.part"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert names(tmp_path) == []


async def test_a_file_that_is_there_is_never_overwritten(tmp_path):
    """B20."""
    (tmp_path / "clip.mp4").write_bytes(b"evidence")
    async with rtsp_server() as server:
        with pytest.raises(FileExistsError):
            await fetch_clip(server.endpoint, None, target(), tmp_path / "clip.mp4", limits=PATIENT)
        assert server.connections == 0
    assert (tmp_path / "clip.mp4").read_bytes() == b"evidence"


async def test_what_a_killed_export_left_behind_is_written_anew(tmp_path):
    """B8."""
    (tmp_path / "clip.mp4.part").write_bytes(b"x" * 1_000_000)
    report = await fetch(Script(), tmp_path)
    assert report.bytes < 1_000_000
    assert names(tmp_path) == ["clip.mp4"]


async def test_progress_tells_time_pictures_and_bytes(tmp_path):
    seen: list[ClipProgress] = []
    async with rtsp_server() as server:
        await fetch_clip(
            server.endpoint,
            None,
            target(),
            tmp_path / "clip.mp4",
            limits=PATIENT,
            on_progress=seen.append,
        )
    # Told with each portion that brings a key picture, however the network cuts them.
    assert seen[0].stamp_ms >= START_MS
    assert seen[-1].stamp_ms >= START_MS + 3000
    assert seen[-1].frames >= 76
    for name in ("stamp_ms", "frames", "bytes"):
        figures = [getattr(one, name) for one in seen]
        assert figures == sorted(set(figures))
        assert figures[0] > 0


async def test_a_live_clip_ends_after_the_wanted_seconds(tmp_path):
    async with rtsp_server(Script(live_frames=500)) as server:
        report = await fetch_clip(
            server.endpoint,
            None,
            StreamTarget("rtsp://h/live"),
            tmp_path / "clip.mp4",
            limits=PATIENT,
            live_s=2,
        )
    assert (report.ended_by, report.frames) == (EndedBy.ENOUGH, 51)
    assert report.is_complete


async def test_no_error_and_no_report_names_the_password(tmp_path):
    """C13."""
    login = Login(USERNAME, Secret(PASSWORD))
    live = StreamTarget(f"rtsp://{USERNAME}:{PASSWORD}@h/live")
    script = Script(challenges=('Digest realm="cam", nonce="abc"',))
    async with rtsp_server(script) as server:
        path = tmp_path / "clip.mp4"
        report = await fetch_clip(server.endpoint, login, live, path, limits=PATIENT, live_s=1)
        assert PASSWORD not in repr(report)
        assert PASSWORD not in repr(server.requests)
        script.statuses = {"PLAY": f"400 {PASSWORD}"}
        with pytest.raises(DeviceError) as caught:
            await fetch_clip(server.endpoint, login, live, tmp_path / "x.mp4", limits=PATIENT)
    assert PASSWORD not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
async def test_parameter_sets_told_only_in_the_description_make_a_clip_that_plays(tmp_path, codec):
    """Axis sends none with its pictures; some encoders have several picture parameter sets."""
    report = await fetch(Script(codec=codec, sets_in_sdp=True), tmp_path)
    assert (report.width, report.height, report.frames) == (160, 96, 100)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 100


async def test_a_picture_of_slices_that_are_each_marked_stays_one_picture(tmp_path):
    report = await fetch(Script(slices=3), tmp_path)
    assert (report.frames, report.frames_damaged) == (100, 0)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 100
