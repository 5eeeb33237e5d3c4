"""What a simulated recorder holds is computed, repeatable, and has every kind of gap."""

import datetime as dt
import itertools

from simulator.clocks import DAY_MS, HOUR_MS, Base, SimClock
from simulator.recording import (
    Cause,
    Gap,
    PlanKind,
    Recorded,
    RecordingPlan,
    merged,
    recorded,
    stamped,
    tsi_midnight,
)
from simulator.world import Campus, Dialect, Kind, SimChannel, SimDevice

NOW = int(dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC).timestamp() * 1000)
TODAY = tsi_midnight(NOW)
YESTERDAY = TODAY - DAY_MS


def day_of(plan: RecordingPlan, seed: int = 5) -> list[Recorded]:
    return recorded(plan, seed, YESTERDAY, TODAY, now_ms=NOW)


def length(files: list[Recorded]) -> int:
    spans = [(max(a, YESTERDAY), min(b, TODAY)) for a, b, _, _ in files]
    return sum(b - a for a, b in merged(spans))


def test_the_same_seed_records_the_same() -> None:
    plan = RecordingPlan(seam_ms=900)
    assert day_of(plan, 5) == day_of(plan, 5)
    assert day_of(plan, 5) != day_of(plan, 6)


def test_asking_for_an_hour_finds_the_files_of_the_whole_day() -> None:
    plan = RecordingPlan(seam_ms=900)
    whole = day_of(plan)
    noon = YESTERDAY + 12 * HOUR_MS
    part = recorded(plan, 5, noon, noon + HOUR_MS, now_ms=NOW)
    assert part == [each for each in whole if each.end_ms > noon and each.start_ms < noon + HOUR_MS]


def test_a_day_without_seams_is_whole() -> None:
    assert length(day_of(RecordingPlan())) == DAY_MS


def test_nothing_is_recorded_beyond_now() -> None:
    files = recorded(RecordingPlan(), 5, TODAY, TODAY + DAY_MS, now_ms=NOW)
    assert max(each.end_ms for each in files) == NOW


def test_the_oldest_file_moves_on_with_time() -> None:
    plan = RecordingPlan(retention_days=14)
    oldest = recorded(plan, 5, 0, NOW, now_ms=NOW)[0].start_ms
    later = recorded(plan, 5, 0, NOW, now_ms=NOW + DAY_MS)[0].start_ms
    assert NOW - 15 * DAY_MS < oldest <= NOW - 14 * DAY_MS
    assert later == oldest + DAY_MS


def test_a_locked_clip_outlives_the_retention() -> None:
    clip = NOW - 30 * DAY_MS
    plan = RecordingPlan(locked=((clip, clip + 60_000),))
    files = recorded(plan, 5, 0, NOW - 20 * DAY_MS, now_ms=NOW)
    assert [each.locked for each in files] == [True] * len(files)
    assert files[0].start_ms <= clip < files[-1].end_ms


def test_652_short_gaps_fit_into_eight_hours() -> None:
    gap = Gap(Cause.SHORT_GAPS, 9 * HOUR_MS, 17 * HOUR_MS, daily=True, count=652)
    files = day_of(RecordingPlan(gaps=(gap,)))
    spans = merged((a, b) for a, b, _, _ in files)
    holes = [b[0] - a[1] for a, b in itertools.pairwise(spans)]
    assert len(holes) == 652
    assert 2000 <= min(holes) <= max(holes) <= 15_000


def test_a_daily_hole_is_there_every_day() -> None:
    gap = Gap(Cause.CAMERA_LOST, 13 * HOUR_MS, 13 * HOUR_MS + 600_000, daily=True)
    plan = RecordingPlan(gaps=(gap,))
    for back in (1, 2, 3):
        at = TODAY - back * DAY_MS + 13 * HOUR_MS
        assert recorded(plan, 5, at, at + 600_000, now_ms=NOW) == []


def test_motion_only_records_short_clips() -> None:
    files = day_of(RecordingPlan(PlanKind.MOTION, clips_per_hour=6))
    assert {each.kind for each in files} == {"motion"}
    assert 100 < len(files) < 160
    assert length(files) < DAY_MS / 4


def test_hours_are_kept_to() -> None:
    window = [(8 * HOUR_MS, 18 * HOUR_MS)]
    plan = RecordingPlan(PlanKind.HOURS, hours=dict.fromkeys(range(7), window))
    files = day_of(plan)
    assert length(files) == 10 * HOUR_MS
    assert files[0].start_ms == YESTERDAY + 8 * HOUR_MS


def test_files_disappear_when_they_are_deleted() -> None:
    noon = YESTERDAY + 12 * HOUR_MS
    gap = Gap(Cause.VANISHED, noon, noon + HOUR_MS, after_ms=NOW)
    plan = RecordingPlan(gaps=(gap,))
    assert recorded(plan, 5, noon, noon + HOUR_MS, now_ms=NOW - 1)
    assert not recorded(plan, 5, noon, noon + HOUR_MS, now_ms=NOW)


def small_campus() -> tuple[Campus, SimDevice, SimDevice]:
    camera = SimDevice("127.64.0.2", Kind.CAMERA, Dialect.ONVIF, [SimChannel(1, "K")])
    channels = [SimChannel(1, "A", "REC001", "127.64.0.2"), SimChannel(2, "B", "REC002")]
    recorder = SimDevice("127.64.0.1", Kind.RECORDER, Dialect.ONVIF, channels)
    return Campus([recorder, camera], now_ms=lambda: NOW), recorder, camera


def test_a_recorder_without_power_records_no_channel() -> None:
    campus, recorder, _ = small_campus()
    recorder.down.append((YESTERDAY, YESTERDAY + HOUR_MS))
    for channel in recorder.channels:
        assert not campus.recorded(recorder, channel, YESTERDAY, YESTERDAY + HOUR_MS)


def test_a_camera_without_power_is_missing_from_its_channel_only() -> None:
    campus, recorder, camera = small_campus()
    campus.kill(camera)
    assert not campus.is_online(recorder.channels[0])
    assert campus.is_online(recorder.channels[1])
    camera.down = [(YESTERDAY, YESTERDAY + HOUR_MS)]
    first, second = (
        campus.recorded(recorder, each, YESTERDAY, YESTERDAY + HOUR_MS)
        for each in recorder.channels
    )
    assert first == []
    assert second


def test_the_index_shows_the_clock_of_the_time_of_recording() -> None:
    campus, recorder, _ = small_campus()
    recorder.clock = SimClock(jumps=[(YESTERDAY + 6 * HOUR_MS, 90_000)])
    shown = campus.index(recorder, recorder.channels[0], YESTERDAY, TODAY, Base.UTC)
    plain = campus.recorded(recorder, recorder.channels[0], YESTERDAY, TODAY)
    assert shown[0].start_ms == plain[0].start_ms
    assert plain[-1].start_ms + 90_000 in {each.start_ms for each in shown}


def test_a_file_is_cut_where_the_clock_jumps() -> None:
    clock = SimClock(jumps=[(1_800_000, -HOUR_MS)])
    files = stamped([Recorded(0, HOUR_MS, "continuous", False)], clock, Base.UTC)
    assert [(a, b) for a, b, _, _ in files] == [(0, 1_800_000), (-1_800_000, 0)]
