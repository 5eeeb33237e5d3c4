"""When a recorder that does not answer is reported (REC-9)."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from cameras.models import DeviceCondition, Finding, Run
from cameras.night import finishing, nights, unheard
from cameras.protocols.base import Unreachable
from tests.cameras.campus import Campus, Scripted, whole, yesterday


def check(campus: Campus) -> None:
    run = nights.check_now(by="test")
    for _attempt in range(3):
        run.checks.filter(status="DUE").update(due_at=run.start_at)
        campus.work(run)
    finishing.finish_runs()


def reported() -> list[str]:
    rows = Finding.objects.open().filter(kind="RECORDER_SILENT")
    return list(rows.values_list("reason", flat=True))


def test_a_recorder_is_reported_after_the_minutes_that_are_set(campus, settings):
    """REC-9: it is asked again when they are over, and not before the next night."""
    settings.RECORDER_SILENT_MINUTES = 15
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}, error=Unreachable()))

    check(campus)

    assert reported() == []
    again = Run.objects.get(kind="RECHECK")
    assert again.devices == [recorder.pk]
    assert timedelta(minutes=14) < again.start_at - timezone.now() <= timedelta(minutes=15)

    DeviceCondition.objects.update(silent_since=timezone.now() - timedelta(minutes=16))
    check(campus)
    assert reported() == ["NO_ANSWER"]


def test_a_recorder_that_answers_again_in_time_is_not_reported(campus, settings):
    settings.RECORDER_SILENT_MINUTES = 15
    script = Scripted(recorded={1: whole(yesterday())}, error=Unreachable())
    recorder = campus.recorder(script)
    check(campus)
    script.error = None

    check(campus)

    assert reported() == []
    assert DeviceCondition.objects.get(device=recorder).silent_since is None


def test_a_recorder_unheard_for_a_day_is_reported_whatever_the_reason(campus):
    """REC-9: asked every night, and its login is parked."""
    recorder = campus.recorder(Scripted(recorded={1: [], 2: []}))
    other = campus.recorder(Scripted(recorded={1: []}))
    now = timezone.now()
    for device, hours in ((recorder, 25), (other, 23)):
        DeviceCondition.objects.create(
            device=device, asked_at=now, answered_at=now - timedelta(hours=hours)
        )

    assert (unheard.tell(now), unheard.tell(now)) == (1, 0)

    finding = Finding.objects.get()
    assert (finding.subject_id, finding.reason) == (recorder.pk, "UNHEARD_FOR_A_DAY")
    assert (finding.count, len(finding.covers)) == (2, 2)


def test_what_nobody_asked_is_no_silence_of_the_recorder(campus):
    """A night that did not run is said by the watch, once; not by every recorder."""
    recorder = campus.recorder(Scripted(recorded={1: []}))
    long_ago = timezone.now() - timedelta(days=3)
    DeviceCondition.objects.create(device=recorder, asked_at=long_ago, answered_at=long_ago)

    assert unheard.tell(timezone.now()) == 0


def test_an_answer_closes_it(campus):
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    now = timezone.now()
    DeviceCondition.objects.create(
        device=recorder, asked_at=now, answered_at=now - timedelta(hours=30)
    )
    unheard.tell(now)

    check(campus)

    assert reported() == []
