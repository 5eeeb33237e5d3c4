"""A whole night over a small campus."""

from __future__ import annotations

from cameras.models import CheckResult, CoverageDay, PositionDay, Run
from tests.cameras.campus import Scripted, hours, whole, yesterday


def test_a_recorded_day_is_recorded_with_its_evidence(campus, night):
    """REC-3, REC-18: green comes with source and time of asking."""
    campus.recorder(Scripted(recorded={1: whole(yesterday()), 2: whole(yesterday())}))

    run = night()

    day = CoverageDay.objects.get(day=yesterday(), channel__number=1)
    assert (day.result, day.source, day.is_complete) == ("RECORDED", "ISAPI_SEARCH", True)
    assert day.asked_at is not None
    assert PositionDay.tally(yesterday())["RECORDED"] == 2
    assert run.status == Run.Status.FINISHED


def test_a_gap_is_listed_with_its_length(campus, night):
    """REC-3, REC-20: the longest gap stands beside the percentage."""
    campus.recorder(Scripted(recorded={1: hours(yesterday(), (0, 10), (10.5, 24))}))

    night()

    day = CoverageDay.objects.get(day=yesterday())
    assert (day.result, day.gap_count, day.longest_gap_ms) == ("PARTLY", 1, 1_800_000)
    assert day.percent is not None
    assert 97.9 < day.percent < 97.95


def test_a_dead_recorder_is_could_not_check_and_never_green(campus, night):
    """REC-18, A: three answers."""
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    campus.scripts.clear()

    run = nights_until_given_up(campus, night)

    assert PositionDay.tally(yesterday())["UNKNOWN"] == 1
    answer = CheckResult.objects.get(device_check__device=recorder, kind="RECORDING")
    assert (answer.answer, answer.reason) == ("UNKNOWN", "NO_ANSWER")
    assert not PositionDay.objects.filter(result="RECORDED").exists()
    assert run.counts["RECORDING"]["UNKNOWN"] == 1


def nights_until_given_up(campus, night):
    from cameras.models import DeviceCheck
    from cameras.night import finishing

    run = night()
    for _attempt in range(3):
        DeviceCheck.objects.filter(status="DUE").update(due_at=run.start_at)
        campus.work(run)
    finishing.finish_runs()
    run.refresh_from_db()
    return run
