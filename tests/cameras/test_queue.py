"""The queue: claims, leases, attempts, and what happens when a worker dies."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from cameras.models import CheckResult, CoverageDay, DeviceCheck, PositionDay, Run
from cameras.night import claims, finishing, nights, plans, saving, work
from cameras.protocols.base import Busy, CredentialRefused
from cameras.visiting.visit_data import KindAnswer, VisitOutcome
from inventory.models import RecordingSchedule
from tests.cameras.campus import Campus, Scripted, last_night, whole, yesterday


def started(campus: Campus) -> Run:
    run = last_night()
    nights.start(run)
    run.refresh_from_db()
    return run


def test_two_workers_never_take_the_same_check(campus):
    """NGT-3, E9."""
    for _n in range(6):
        campus.camera()
    started(campus)
    now = timezone.now()

    first, second = claims.claim(4, now), claims.claim(10, now)

    assert len(first) == 4
    assert not {c.pk for c in first} & {c.pk for c in second}


def test_a_device_is_visited_once_at_a_time_across_runs(campus):
    """NGT-2, E12."""
    camera = campus.camera()
    started(campus)
    nights.check_now(by="test", devices=[camera])

    assert len(claims.claim(10, timezone.now())) == 1
    assert claims.claim(10, timezone.now()) == []


def test_the_database_refuses_two_visits_to_one_device(campus):
    """NGT-2: the rule stands in the database too."""
    camera = campus.camera()
    started(campus)
    nights.check_now(by="test", devices=[camera])
    claims.claim(10, timezone.now())
    other = DeviceCheck.objects.get(device=camera, status="DUE")

    other.status, other.claim, other.lease_until = "CLAIMED", uuid.uuid4(), timezone.now()

    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()


def test_the_work_of_a_dead_worker_comes_back(campus):
    """E1, E3: the lease brings the row back."""
    campus.camera()
    run = started(campus)
    [lost] = claims.claim(1, timezone.now())  # and the worker is gone
    DeviceCheck.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    campus.work(run)

    lost.refresh_from_db()
    assert (lost.status, lost.attempt) == ("DONE", 2)


def test_a_check_that_kills_three_workers_is_given_up(campus):
    """E6: a poison device ends as "could not check", and its channels with it."""
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    run = started(campus)
    while claims.claim_next(10, timezone.now(), run=run):
        DeviceCheck.objects.filter(status="CLAIMED").update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )
        work.release_lost(timezone.now())

    check = DeviceCheck.objects.get(device=recorder)
    assert (check.status, check.attempt, check.lost) == ("DONE", 3, 3)
    assert set(check.results.values_list("answer", "reason")) == {("UNKNOWN", "INTERNAL")}
    assert PositionDay.objects.get(day=yesterday()).reason == "INTERNAL"


def test_lost_checks_are_tried_in_small_groups_and_then_alone(campus):
    """E6: whatever killed the worker takes only few with it the second time, and nobody the third."""
    for _n in range(20):
        campus.camera()
    run = started(campus)
    taken = []
    for _worker in range(5):
        taken.append([check.pk for check in claims.claim_next(20, timezone.now(), run=run)])
        DeviceCheck.objects.filter(status="CLAIMED").update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )
        work.release_lost(timezone.now())

    assert [len(group) for group in taken] == [20, 8, 8, 4, 1]


def test_a_worker_renews_what_it_holds(campus):
    """E4: a long visit is not taken for a dead worker."""
    campus.camera()
    started(campus)
    now = timezone.now()
    [check] = claims.claim_next(1, now)

    claims.renew([check], now + timedelta(seconds=50))
    work.release_lost(now + timedelta(seconds=100))

    check.refresh_from_db()
    assert (check.status, check.lost) == ("CLAIMED", 0)


def test_a_check_on_demand_goes_before_the_night_and_the_past_comes_last(campus):
    """A person waits for it."""
    camera = campus.camera()
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    for run in nights.plan_backfill([yesterday() - timedelta(days=3)]):
        nights.start(run)
    started(campus)
    nights.check_now(by="test", devices=[camera, recorder])

    kinds = [claims.claim_next(1, timezone.now())[0].run.kind for _n in range(2)]

    assert kinds == ["CHECK_NOW", "CHECK_NOW"]


def test_an_outcome_saved_twice_changes_nothing(campus):
    """E9, NGT-3: the second delivery finds its claim gone."""
    campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    run = started(campus)
    checks = claims.claim(10, timezone.now(), run=run)
    assert checks
    for check in checks:
        built = plans.build([check], timezone.now())[0]
        outcome = VisitOutcome(check.device_id, 0, answers={})
        plan = None if isinstance(built, plans.Unvisitable) else built
        assert saving.save(check, plan, outcome) is True
        assert saving.save(check, plan, outcome) is False


def test_working_an_empty_queue_again_changes_nothing(campus, night):
    """NGT-3."""
    campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    run = night()
    before = list(CoverageDay.objects.values_list("pk", "sha256", "asked_at"))

    nights.start(run)
    campus.work(run)
    finishing.finish_runs()

    assert list(CoverageDay.objects.values_list("pk", "sha256", "asked_at")) == before
    assert CheckResult.objects.values("device_check", "kind").distinct().count() == (
        CheckResult.objects.count()
    )


def test_a_busy_device_is_asked_again_and_then_could_not_be_checked(campus):
    """NGT-2: three tries, then an honest answer."""
    script = Scripted(error=Busy("come back later"))
    camera = campus.camera(script)
    run = started(campus)

    for attempt in (1, 2, 3):
        DeviceCheck.objects.filter(status="DUE").update(due_at=timezone.now())
        campus.work(run)
        check = DeviceCheck.objects.get(device=camera)
        assert (check.attempt, check.status) == (attempt, "DONE" if attempt == 3 else "DUE")

    answers = set(check.results.values_list("kind", "answer", "reason"))
    assert ("IDENTITY", "UNKNOWN", "BUSY") in answers


def test_only_what_failed_is_asked_again(campus):
    """NGT-2: answers that came stay."""
    script = Scripted(fails_on={"snapshot": Busy("later")})
    camera = campus.camera(script)
    run = started(campus)
    campus.work(run)
    script.fails_on.clear()
    DeviceCheck.objects.filter(status="DUE").update(due_at=timezone.now())
    assert DeviceCheck.objects.get(device=camera).kinds == ["PICTURE"]

    campus.work(run)

    answers = dict(CheckResult.objects.values_list("kind", "answer"))
    assert answers == {"IDENTITY": "YES", "CLOCK": "YES", "PICTURE": "YES"}


def test_a_refused_login_is_not_tried_again(campus):
    """Night after night of tries would lock the account."""
    script = Scripted(fails_on={"identity": CredentialRefused("401")})
    camera = campus.camera(script)
    run = started(campus)

    campus.work(run)

    check = DeviceCheck.objects.get(device=camera)
    assert (check.status, check.attempt, script.calls) == ("DONE", 1, ["identity"])


def test_a_recorder_is_never_asked_more_at_once_than_allowed(campus, settings):
    """NGT-2."""
    settings.CHECKS_PER_RECORDER = 2
    script = Scripted(recorded={n: whole(yesterday()) for n in range(1, 9)}, hang_s=0.002)
    campus.recorder(script)

    campus.work(started(campus))

    assert script.most_at_once == 2


def test_a_silent_device_delays_nobody(campus):
    """NGT-4, REC-18: others are visited while it is still hanging."""
    silent = campus.camera()
    quick = [campus.camera() for _n in range(5)]
    run = started(campus)
    order = []
    visit = campus.visit
    are_visited = asyncio.Event()

    async def watched(plan, decoder):
        if plan.device_id == silent.pk:
            # The bound is only there to end a hang.
            await asyncio.wait_for(are_visited.wait(), 120)
        outcome = await visit(plan, decoder)
        order.append(plan.device_id)
        if len(order) == len(quick):
            are_visited.set()
        return outcome

    work.work(run=run, visitor=watched)

    assert set(order[:5]) == {camera.pk for camera in quick}
    assert order[5:] == [silent.pk]


def test_an_outcome_that_cannot_be_saved_ends_as_could_not_check(campus):
    """E6: the batch goes on, the check comes back, and at the third time it is given up."""
    camera = campus.camera()
    run = started(campus)

    async def nonsense(plan, tools):
        outcome = VisitOutcome(plan.device_id, 0)
        outcome.answers = {"IDENTITY": KindAnswer("UNKNOWN", "")}  # refused by the database
        return outcome

    for _attempt in range(3):
        DeviceCheck.objects.filter(status="DUE").update(due_at=timezone.now())
        assert work.work(run=run, visitor=nonsense).lost == 1
    work.release_lost(timezone.now())

    check = DeviceCheck.objects.get(device=camera)
    assert (check.status, check.attempt, check.lost) == ("DONE", 3, 3)
    assert set(check.results.values_list("reason", flat=True)) == {"INTERNAL"}


def test_a_device_whose_rows_cannot_be_read_delays_nobody(campus):
    """NGT-4: a fault of our own is "could not check: INTERNAL" for that device and a log line."""
    broken = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    healthy = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    schedule = RecordingSchedule.objects.create(
        position=broken.channels.get().assignments.get().position,
        kind="HOURS",
        hours={"0": [["08:00", "18:00"]]},
        valid_from=yesterday() - timedelta(days=9),
    )
    RecordingSchedule.objects.filter(pk=schedule.pk).update(
        hours={str(n): "not spans" for n in range(7)}
    )
    run = started(campus)

    for _attempt in range(3):
        DeviceCheck.objects.filter(status="DUE").update(due_at=timezone.now())
        campus.work(run)

    rows = CheckResult.objects.filter(kind="RECORDING")
    answers = {r.device_check.device_id: (r.answer, r.reason) for r in rows}
    assert answers == {broken.pk: ("UNKNOWN", "INTERNAL"), healthy.pk: ("YES", "")}
    assert not DeviceCheck.objects.exclude(status="DONE").exists()
