"""Workers, broker and database that die in the middle of a night."""

from __future__ import annotations

import os
import signal

import pytest

from cameras.models import CheckResult, DeviceCheck, Finding, PositionDay
from tests.engine.campus_rows import assert_whole, claimed, done, night_over, wait_until_over
from tests.engine.engine import reconnect, wait_for

LATENCY_MS = 60


@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_killed_pool_child_and_killed_worker_lose_nothing(kind, request, open_engine, served):
    """E1, E2, E3, NGT-3: kill -9 of the child, then of the whole worker; each device is answered once."""
    engine = open_engine(request.getfixturevalue(kind))
    campus = served(18, 3, latency_ms=LATENCY_MS)
    run = night_over(campus)
    worker = engine.worker()
    engine.beat()

    wait_for(lambda: done(run) >= 2 and claimed(run), "the first answers")
    for child in worker.children:
        os.kill(child, signal.SIGKILL)
    before = done(run)

    def is_caught_at_work() -> bool:
        worker.hold()
        if done(run) > before + 2 and claimed(run):
            return True
        worker.go_on()
        return False

    wait_for(is_caught_at_work, "the pool to go on")
    worker.kill()
    assert claimed(run), "the worker must die in the middle of its work"
    engine.worker()

    wait_until_over(engine, run)
    assert_whole(run, campus)
    assert DeviceCheck.objects.filter(run=run, attempt__gt=1).exists()


def test_a_killed_broker_loses_nothing(engine, served):
    """E5: kill -9 of the broker with work queued and under way; the worker finds its way back by itself."""
    campus = served(18, 3, latency_ms=LATENCY_MS)
    run = night_over(campus)
    engine.worker()
    engine.beat()
    wait_for(lambda: done(run) >= 2 and claimed(run), "the first answers")

    engine.broker.kill()
    engine.broker.start()

    wait_until_over(engine, run)
    assert_whole(run, campus)


def test_queued_messages_survive_a_killed_broker(engine, served):
    """E5: five messages wait on disk while no worker runs; rows would do without them, but none is lost."""
    campus = served(4, 1)
    run = night_over(campus)
    engine.send("work_due_checks", times=5)
    wait_for(lambda: engine.queued() == 5, "the messages to arrive")

    engine.broker.kill()
    engine.broker.start()

    assert engine.queued() == 5
    engine.worker(pool=1)
    engine.send("finish_runs")
    wait_until_over(engine, run)


def test_a_device_that_kills_its_worker_three_times_is_given_up(engine, served):
    """E6: the poison ends as "could not check: INTERNAL"; its neighbours are answered and the run finishes."""
    campus = served(18, 3, latency_ms=20)
    run = night_over(campus)
    poison = campus.devices[7]
    engine.worker(POISON_HOST=poison.address)
    engine.beat()

    wait_until_over(engine, run)

    check = DeviceCheck.objects.get(run=run, device__serial=poison.serial)
    assert set(check.results.values_list("answer", "reason")) == {("UNKNOWN", "INTERNAL")}
    assert check.lost == 3
    others = CheckResult.objects.filter(device_check__run=run).exclude(device_check=check)
    assert set(others.values_list("answer", flat=True)) == {"YES"}
    assert not run.is_red, run.red_because
    assert PositionDay.tally(run.day)["RECORDED"] == 18
    assert not Finding.objects.filter(kind="CAMERA_SILENT").exists()


def test_a_crashed_database_leaves_nothing_half_and_loses_nothing(engine, cluster, served):
    """E11: immediate restart in mid-run; workers wait, come back and save what they had in hand."""
    campus = served(18, 3, latency_ms=LATENCY_MS)
    run = night_over(campus)
    engine.worker()
    engine.beat()
    wait_for(lambda: done(run) >= 2 and claimed(run), "the first answers")

    cluster.stop("immediate")
    cluster.start()

    reconnect()
    wait_until_over(engine, run)
    assert_whole(run, campus)
