"""The sum rule: every position and device in service is accounted for, or the run is red (NGT-6)."""

from __future__ import annotations

from datetime import date, timedelta

from audit.models import Entry
from cameras.models import CheckResult, DeviceCheck, PositionDay
from cameras.night import finishing, nights
from inventory.models import RecordingSchedule
from tests.cameras.campus import Scripted, hours, last_night, whole, yesterday
from tests.inventory import rows


def test_a_night_that_accounts_for_everything_is_not_red(campus, night):
    """NGT-6: recorded + partly + not recorded + could not check + exempt = in service."""
    recorder = campus.recorder(
        Scripted(recorded={1: whole(yesterday()), 2: hours(yesterday(), (0, 5)), 3: []})
    )
    exempt = recorder.channels.get(number=3).assignments.get().position
    RecordingSchedule.objects.create(
        position=exempt,
        kind="EXEMPT",
        reason="works",
        valid_from=date(2020, 1, 1),
        valid_to=date(2100, 1, 1),
    )
    campus.camera()  # a position without a channel

    run = night()

    tally = run.counts["RECORDING"]
    assert (tally["RECORDED"], tally["PARTLY"], tally["EXEMPT"], tally["UNKNOWN"]) == (1, 1, 1, 1)
    assert tally["in_service"] == 4
    assert (run.is_red, run.red_because) == (False, "")


def test_a_position_without_channel_could_not_be_checked(campus, night):
    """INV-14, REC-18."""
    campus.camera()

    night()

    row = PositionDay.objects.get(day=yesterday())
    assert (row.result, row.reason) == ("UNKNOWN", "NO_CHANNEL")


def test_a_camera_away_for_repair_without_substitute_is_not_recorded(campus, night):
    camera = campus.camera()
    type(camera).objects.filter(pk=camera.pk).update(status="OUT_FOR_REPAIR")

    night()

    row = PositionDay.objects.get(day=yesterday())
    assert (row.result, row.reason) == ("NOT_RECORDED", "OUT_FOR_REPAIR")


def test_a_device_that_was_forgotten_makes_the_run_red(campus):
    """NGT-6: the rows are counted against the inventory, not against themselves."""
    campus.camera()
    run = last_night()
    nights.start(run)
    campus.work(run)
    CheckResult.objects.filter(kind="CLOCK").delete()
    finishing.finish_runs()

    run.refresh_from_db()
    assert run.is_red
    assert "CLOCK" in run.red_because


def test_a_recorder_that_was_never_asked_makes_the_run_red(campus):
    """NGT-6."""
    campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    run = last_night()
    nights.start(run)
    DeviceCheck.objects.filter(run=run, device__kind="RECORDER").delete()
    campus.work(run)
    finishing.finish_runs()

    run.refresh_from_db()
    assert run.is_red
    assert "never asked" in run.red_because


def test_a_channel_of_a_recorder_out_of_service_is_explained(campus, night):
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    type(recorder).objects.filter(pk=recorder.pk).update(status="REMOVED")

    run = night()

    assert PositionDay.objects.get(day=yesterday()).reason == "RECORDER_NOT_IN_SERVICE"
    assert not run.is_red


def test_a_run_leaves_one_audit_entry_with_its_root(campus, night):
    """REC-19: one entry per run, with the counts and the root over its rows."""
    campus.recorder(Scripted(recorded={1: whole(yesterday())}))

    run = night()
    finishing.finish_runs()

    entry = Entry.objects.get(action="run.finish")
    assert run.coverage_root in entry.canon
    assert '"RECORDED":1' in entry.canon


def test_a_faulty_camera_stays_in_the_sum(campus, night):
    camera = campus.camera()
    type(camera).objects.filter(pk=camera.pk).update(status="FAULTY")

    run = night()

    assert run.counts["CLOCK"]["in_service"] == 1
    assert run.counts["RECORDING"]["in_service"] == 1


def test_a_kind_that_is_asked_weekly_is_counted_as_not_due(campus, night):
    """NGT-1, REC-15: a frequency per kind, and the sum still holds."""
    from cameras.models import CheckFrequency, DeviceCondition

    CheckFrequency.objects.create(kind="CLOCK", every_days=7)
    camera = campus.camera()
    DeviceCondition.objects.create(device=camera, clock_at=rows.at(yesterday()) - timedelta(days=1))

    run = night()

    assert run.counts["CLOCK"] == {"not_due": 1, "in_service": 1}
    assert not run.is_red
