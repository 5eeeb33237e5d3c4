"""Recorders whose clock is on a wrong date, leaps, or was set: no green and no red out of nonsense."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from cameras.clocks.history import KnownOffset, OffsetHistory
from cameras.models import ClockMeasurement, CoverageDay, Finding, PositionDay
from cameras.night import finishing, nights
from core.tsi import day_bounds_ms, to_ms
from inventory.models import Device
from tests.cameras.campus import Scripted, hours, whole, yesterday

YEARS_BACK = -56 * 365 * 86_400_000
HOUR = 3_600_000


def measured(device: Device, ago: timedelta, offset_ms: int, method: str = "EDGE") -> None:
    """A reading of earlier nights."""
    ClockMeasurement.objects.create(
        device=device,
        measured_at=timezone.now() - ago,
        offset_ms=offset_ms,
        utc_offset_ms=offset_ms,
        uncertainty_ms=100,
        method=method,
        verdict="OK",
    )


def test_a_recorder_seen_for_the_first_time_on_a_wrong_date_is_not_judged(campus, night):
    """D11, REC-18: whether its clock was as wrong during the day is not known."""
    campus.recorder(Scripted(recorded={1: whole(yesterday())}, offset_ms=YEARS_BACK))

    night()

    row = CoverageDay.objects.get(day=yesterday())
    assert (row.result, row.reason, row.recorded_ms) == ("UNKNOWN", "CLOCK_UNKNOWN", 0)
    assert Finding.objects.get(kind="CLOCK").reason == "RESET"


def test_a_clock_that_stays_on_its_wrong_date_can_be_used(campus, night):
    """D11, CLK-2: measured before and after the day with one result, 1970 is as good as any offset."""
    recorder = campus.recorder(
        Scripted(recorded={1: hours(yesterday(), (0, 10), (11, 24))}, offset_ms=YEARS_BACK)
    )
    measured(recorder, timedelta(days=3), YEARS_BACK)

    night()

    row = CoverageDay.objects.get(day=yesterday())
    assert row.result == "PARTLY"
    assert abs(row.longest_gap_ms - HOUR) < 100
    assert abs((row.offset_ms or 0) - YEARS_BACK) < 1_000
    assert row.offset_method == "INTERPOLATED"


def test_a_recorder_that_fell_back_to_1970_during_the_day_is_not_judged(campus, night):
    """D11: before and after the power cut its recordings lie 56 years apart."""
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}, offset_ms=YEARS_BACK))
    measured(recorder, timedelta(days=3), 0)

    night()

    assert CoverageDay.objects.get(day=yesterday()).reason == "CLOCK_UNKNOWN"
    assert PositionDay.objects.get(day=yesterday()).result == "UNKNOWN"


def test_a_leaping_clock_gives_no_answer_about_recordings(campus, night):
    """D11: +-30 s from call to call: its offset is an outlier and not evidence."""
    campus.recorder(Scripted(recorded={1: whole(yesterday())}, leaps_ms=30_000))

    night()
    assert CoverageDay.objects.get(day=yesterday()).reason == "CLOCK_UNKNOWN"
    assert Finding.objects.get(kind="CLOCK").reason == "UNSTABLE"
    row = ClockMeasurement.objects.get()
    assert (row.method, row.verdict) == ("UNKNOWN", "UNSTABLE")


def test_readings_of_a_leaping_clock_are_not_believed_later_either(campus, night):
    """D11: the next night's steady reading stands alone."""
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}, offset_ms=2_000))
    measured(recorder, timedelta(days=2), -400_000, method="UNKNOWN")

    night()

    row = CoverageDay.objects.get(day=yesterday())
    assert row.result == "RECORDED"
    assert abs((row.offset_ms or 0) - 2_000) < 1_000


def test_a_leaping_clock_leaves_days_before_its_last_steady_reading_alone():
    known = [KnownOffset(0, 0, 100), KnownOffset(48 * HOUR, 500, 100)]
    history = OffsetHistory(known, is_leaping=True)

    assert history.is_trustworthy(0, 24 * HOUR)
    assert not history.is_trustworthy(24 * HOUR, 49 * HOUR)


def test_past_days_keep_the_offset_of_their_time_after_a_correction(campus):
    """CLK-2, CLK-4: the clock was an hour fast until it was set; days before are read an hour fast."""
    day = yesterday() - timedelta(days=4)
    script = Scripted(recorded={1: hours(day, (0, 10), (11, 24))}, offset_ms=HOUR)
    recorder = campus.recorder(script)
    before = (to_ms(timezone.now()) - day_bounds_ms(day)[0]) // 86_400_000
    measured(recorder, timedelta(days=before + 2), HOUR)
    measured(recorder, timedelta(days=before - 2), HOUR)
    measured(recorder, timedelta(days=before - 2, minutes=-5), 0)
    script.clock_now_ms = 0

    for run in nights.plan_backfill([day]):
        nights.start(run)
        campus.work(run)
    finishing.finish_runs()

    row = CoverageDay.objects.get(day=day)
    gap_start, gap_end, _cause = row.gaps[0]
    start = day_bounds_ms(day)[0]
    assert row.offset_ms is not None
    assert abs(row.offset_ms - HOUR) < 1_000
    assert abs(gap_start - start - 10 * HOUR) < 2_000
    assert abs(gap_end - start - 11 * HOUR) < 2_000
