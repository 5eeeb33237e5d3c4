"""Schedulers that run twice, and sweeps that last longer than their interval."""

from __future__ import annotations

from cameras.models import Run
from tests.cameras.simulated import enter
from tests.engine.campus_rows import assert_whole, audit_entries, wait_until_over
from tests.engine.engine import wait_for


def test_two_schedulers_make_one_run_and_one_of_everything(engine, served):
    """E7, E9, NGT-3: each sweep comes from two schedulers to two processes; there is one night."""
    campus = served(8, 1, latency_ms=20)
    enter(campus.devices)
    engine.beat()
    engine.beat()
    engine.worker()

    wait_for(Run.objects.exists, "the night to be planned")
    run = Run.objects.get()
    wait_until_over(engine, run)
    # Whatever is still queued is delivered as well, to work that is already done.
    engine.send("start_due_runs", times=2)
    engine.send("work_due_checks", times=2)
    engine.send("finish_runs", times=2)
    wait_for(lambda: engine.queued() == 0, "the queue to empty")

    assert Run.objects.count() == 1
    assert_whole(run, campus)
    assert audit_entries(run) == {"run.start": 1, "run.finish": 1}
