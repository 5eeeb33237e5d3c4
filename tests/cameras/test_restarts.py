"""How often a recorder was started: remembered, told with its age, and a finding when it goes on (REC-12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from cameras.models import DeviceCondition, Finding, Run, StateChange
from cameras.night import finishing, nights, restarts
from cameras.visiting.visit_data import ToldStart, VisitOutcome
from cameras.wording.finding_words import sentence
from cameras.wording.restart_words import restart_facts
from core.tsi import to_ms
from inventory.models import Device
from tests.cameras.campus import Campus, Scripted, whole, yesterday

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def check(campus: Campus) -> None:
    campus.work(nights.check_now(by="test"))
    finishing.finish_runs()


def told_before(recorder: Device, ago: timedelta, *starts: timedelta) -> None:
    """As if the visit before had been so long ago, and had known of these starts."""
    now = timezone.now()
    DeviceCondition.objects.filter(device=recorder).update(
        starts_at=now - ago, starts=[(now - start).isoformat() for start in starts]
    )


def is_found() -> bool:
    return Finding.objects.open().filter(kind="RECORDER_RESTARTS").exists()


def test_a_recorder_that_starts_again_and_again_is_a_finding_until_it_is_quiet(
    campus: Campus,
) -> None:
    """REC-12: one start within a day is none yet; each new one is followed up after an hour."""
    script = Scripted(recorded={1: whole(yesterday())}, running_s=5 * DAY)
    recorder = campus.recorder(script)
    check(campus)
    assert not is_found()
    assert not Run.objects.filter(kind="RECHECK").exists()

    told_before(recorder, timedelta(hours=3), timedelta(days=5))
    script.running_s = 2 * HOUR
    check(campus)
    assert not is_found()
    again = Run.objects.get(kind="RECHECK")
    assert (again.devices, again.status) == ([recorder.pk], "PLANNED")
    assert timedelta(minutes=59) < again.start_at - timezone.now() < timedelta(minutes=61)

    told_before(recorder, timedelta(minutes=30), timedelta(days=5), timedelta(hours=2))
    script.running_s = 5 * MINUTE
    check(campus)
    finding = Finding.objects.open().get(kind="RECORDER_RESTARTS")
    assert (finding.subject_id, finding.detail["starts"]) == (recorder.pk, 2)
    assert "at least 2 times in 24 hours" in sentence(finding)
    changes = StateChange.objects.filter(subject_id=recorder.pk, what="started")
    assert changes.count() == 3

    told_before(recorder, timedelta(hours=30), timedelta(hours=33), timedelta(hours=31))
    script.running_s = 31 * HOUR
    check(campus)
    assert not is_found()


def test_so_many_starts_are_allowed_as_are_set(campus: Campus, settings: Any) -> None:
    settings.RECORDER_RESTARTS_ALLOWED = 0
    campus.recorder(Scripted(recorded={1: whole(yesterday())}, running_s=HOUR))

    check(campus)

    assert is_found()


def outcome(started: datetime, asked: datetime) -> VisitOutcome:
    start = ToldStart(to_ms(started), to_ms(asked))
    return VisitOutcome(1, started_ms=to_ms(asked), start=start)


def test_one_start_told_by_a_counter_that_runs_slow_is_counted_once() -> None:
    now = timezone.now()
    condition = DeviceCondition(device_id=1)
    started = now - timedelta(days=60)

    assert restarts.note(condition, outcome(started, now - timedelta(days=1)), now) is not None
    drifted = started + timedelta(minutes=9)
    assert restarts.note(condition, outcome(drifted, now), now) is None
    assert len(condition.starts) == 1


def test_old_starts_are_forgotten_and_the_last_one_never() -> None:
    now = timezone.now()
    condition = DeviceCondition(device_id=1)
    for days in range(500, 99, -1):
        at = now - timedelta(days=days)
        restarts.note(condition, outcome(at, at + timedelta(hours=1)), now)

    assert restarts.starts_of(condition) == [(now - timedelta(days=100)).replace(microsecond=0)]


def test_a_start_in_the_future_says_nothing() -> None:
    now = timezone.now()
    condition = DeviceCondition(device_id=1)

    assert restarts.note(condition, outcome(now + timedelta(hours=2), now), now) is None
    assert (condition.starts, condition.starts_reason) == ([], "CLOCK_UNKNOWN")


@pytest.mark.django_db
def test_a_recorder_that_does_not_tell_is_neither_restless_nor_quiet(campus: Campus) -> None:
    """REC-12: told, none, and "does not tell" are three answers."""
    script = Scripted(recorded={1: whole(yesterday())})
    recorder = campus.recorder(script)
    assert "Nobody has asked" in restart_facts(None).sentence

    check(campus)
    condition = DeviceCondition.objects.get(device=recorder)
    assert "does not tell when it was started" in restart_facts(condition).sentence

    script.running_s = 20 * DAY
    check(campus)
    condition.refresh_from_db()
    facts = restart_facts(condition)
    assert "Not started again in the last 7 days" in facts.sentence
    assert (facts.note, facts.is_restless) == ("", False)

    told_before(recorder, timedelta(days=2), timedelta(days=5))
    condition.refresh_from_db()
    facts = restart_facts(condition)
    assert "Whether it was started since then is not known" in facts.sentence
