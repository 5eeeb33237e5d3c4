"""Which runs there are to be, and that each is made once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

import vault
from cameras.models import DeviceCheck, DeviceCondition, Finding, Run
from cameras.night import finishing, nights, plans
from cameras.night.watch import NightWord, night_state
from core.secret import Secret
from core.tsi import TSI
from tests.cameras.campus import Scripted, last_night, whole, yesterday

NOON = datetime(2026, 3, 10, 12, tzinfo=TSI)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def test_two_schedulers_make_one_run(campus):
    """E7."""
    first = nights.plan_night(date(2026, 3, 1))
    second = nights.plan_night(date(2026, 3, 1))

    assert first.pk == second.pk
    assert nights.start(first) is True
    assert nights.start(second) is False


def test_the_night_begins_at_one_and_asks_about_the_day_before(campus, settings):
    settings.NIGHT_AT = (1, 0)

    assert nights.last_due_day(datetime(2026, 3, 10, 0, 59, tzinfo=TSI)) == date(2026, 3, 8)
    assert nights.last_due_day(datetime(2026, 3, 10, 1, 0, tzinfo=TSI)) == date(2026, 3, 9)


def test_missed_nights_are_caught_up_oldest_first(campus):
    """The machine was off for three nights."""
    run = nights.plan_night(date(2026, 3, 5))
    nights.start(run, now=NOON - timedelta(days=4))
    finishing.finish_runs(NOON - timedelta(days=4))

    runs = nights.plan_due_nights(NOON)

    assert [run.day.day for run in runs] == [6, 7, 8, 9]
    assert {run.kind for run in runs} == {Run.Kind.CATCH_UP}
    assert nights.plan_due_nights(NOON) == []


def test_the_first_night_ever_asks_only_about_yesterday(campus):
    assert [run.day for run in nights.plan_due_nights(NOON)] == [date(2026, 3, 9)]


def test_a_sweep_longer_than_its_interval_is_skipped_counted_and_caught_up(campus):
    """E8."""
    campus.camera()
    long = nights.plan_night(date(2026, 3, 7), now=NOON - timedelta(days=2))
    nights.start(long, now=NOON - timedelta(days=2))

    nights.plan_due_nights(NOON - timedelta(days=1))
    nights.plan_due_nights(NOON - timedelta(days=1))
    assert Run.objects.filter(status="SKIPPED").count() == 1
    nights.plan_due_nights(NOON)

    assert Run.objects.filter(status="SKIPPED").count() == 2
    assert Finding.objects.get(kind="SWEEP_SKIPPED").count == 2
    DeviceCheck.objects.update(status="DONE")
    finishing.finish_runs(NOON)
    assert [run.day.day for run in nights.plan_due_nights(NOON)] == [8, 9]


def test_a_first_start_asks_each_past_day_once(campus):
    days = [date(2026, 3, n) for n in range(1, 8)]

    first, second = nights.plan_backfill(days), nights.plan_backfill(days)

    assert [run.pk for run in first] == [run.pk for run in second]
    assert len(first) == 7


def test_a_camera_is_checked_now_with_its_channel_only(campus):
    script = Scripted(recorded={1: whole(yesterday()), 2: whole(yesterday())})
    recorder = campus.recorder(script)
    channel = recorder.channels.get(number=2)
    camera = channel.assignments.get().position.installations.get().device

    run = nights.check_now(by="test", devices=[camera])

    rows = {check.device_id: check.channels for check in run.checks.all()}
    assert rows == {camera.pk: None, recorder.pk: [channel.pk]}


def test_a_cancelled_run_asks_nobody_else(campus):
    for _n in range(3):
        campus.camera()
    run = nights.check_now(by="test")

    run.cancel(by="test")

    assert campus.work(run).visited == 0
    assert run.is_over
    assert run.progress == (0, 0)


def test_after_an_outage_the_device_is_checked_again(campus):
    """REC-17: about ten minutes after it came back."""
    camera = campus.camera()
    DeviceCondition.objects.create(device=camera, silent_since=timezone.now() - timedelta(hours=2))
    campus.work(nights.check_now(by="test"))

    run = Run.objects.get(kind="RECHECK")

    assert run.devices == [camera.pk]
    wait = run.start_at - timezone.now()
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)


def test_jitter_spreads_the_first_visits(campus, settings):
    """E12."""
    settings.NIGHT_JITTER_SECONDS = 600
    for _n in range(10):
        campus.camera()
    run = last_night()
    nights.start(run)

    due = sorted(run.checks.values_list("due_at", flat=True))

    assert due[-1] - due[0] > timedelta(seconds=60)


def test_a_night_that_did_not_run_is_said_by_six(campus, settings):
    """NGT-5: computed when shown, from rows alone."""
    settings.WATCH_AT = (6, 0)
    early = datetime(2026, 3, 10, 5, 59, tzinfo=TSI)

    assert night_state(early).word is NightWord.NOT_YET
    assert night_state(early + timedelta(minutes=1)).word is NightWord.DID_NOT_RUN


def test_a_night_still_running_at_six_did_not_run(campus):
    """NGT-5: running is not having run."""
    campus.camera()
    run = nights.plan_night(date(2026, 3, 9), now=NOON)
    nights.start(run, now=NOON)

    assert night_state(datetime(2026, 3, 10, 3, tzinfo=TSI)).word is NightWord.RUNNING
    assert night_state(NOON).is_alarm


def test_a_finished_night_tells_its_age(campus, night):
    campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    night()

    state = night_state(datetime.now(UTC))

    assert state.word is NightWord.FINISHED
    assert state.age is not None
    assert state.age < timedelta(minutes=5)


def test_a_login_that_is_entered_again_may_be_tried_at_whatever_asks(campus):
    """D18: the realm in which a device was let in binds its login until a person enters one."""
    device = campus.camera()
    let_in = timezone.now()
    learnt = {"protocol": "dahua", "auth": "digest-md5", "realm": "Login to 6J0A"}
    condition = DeviceCondition(device=device, manner=learnt, answered_at=let_in)

    before = plans.manner_of(device, condition, {device.pk: let_in - timedelta(days=1)})
    after = plans.manner_of(device, condition, {device.pk: let_in + timedelta(minutes=1)})

    assert (before.realm, after.realm) == ("Login to 6J0A", "")


def test_whoever_asks_for_one_manner_hears_of_a_login_entered_since(campus):
    """Exports and holds ask for one device: the login that a person has just entered may be tried there too."""
    recorder = campus.recorder(Scripted(recorded={1: []}))
    vault.store(recorder, "operator", Secret("new"), by="test", because="changed on the device")
    condition = DeviceCondition(device=recorder, manner={"protocol": "isapi", "realm": "DS-7732"})

    condition.answered_at = timezone.now() - timedelta(days=1)
    before = plans.manner_of(recorder, condition)
    condition.answered_at = timezone.now() + timedelta(minutes=1)
    after = plans.manner_of(recorder, condition)

    assert (before.realm, after.realm) == ("", "DS-7732")
