"""Every task delivered twice, one after the other and at once."""

from __future__ import annotations

import threading

import pytest

from audit.models import Entry
from cameras import tasks
from cameras.models import (
    CheckResult,
    ClockMeasurement,
    CoverageDay,
    CoverageRevision,
    DeviceCheck,
    Finding,
    LastPicture,
    PositionDay,
    Run,
    StateChange,
)
from cctv_ops.celery import app
from tests.cameras.simulated import enter
from tests.engine.campus_rows import assert_whole
from tests.engine.engine import connected_to

ROWS = (
    Run,
    DeviceCheck,
    CheckResult,
    CoverageDay,
    CoverageRevision,
    PositionDay,
    ClockMeasurement,
    LastPicture,
    StateChange,
)
FIRST = (tasks.start_due_runs, tasks.work_due_checks, tasks.finish_runs)


def counts() -> dict[str, int]:
    rows = {model.__name__: model.objects.count() for model in ROWS}
    return rows | {"open": Finding.objects.open().count(), "entries": Entry.objects.count()}


def at_once(engine, task, times=2):
    """Runs a task in several threads that begin together, each with a connection of its own."""
    begin = threading.Barrier(times)
    errors = []

    def run():
        with connected_to(engine.url):
            begin.wait()
            try:
                task()
            except Exception as error:  # noqa: BLE001
                errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert errors == []


def scheduled_tasks():
    """The tasks of a night in their order, then every other sweep of this application."""
    app.loader.import_default_modules()
    names = sorted(entry["task"] for entry in app.conf.beat_schedule.values())
    others = [app.tasks[name] for name in names if name.startswith("cameras.")]
    return [*FIRST, *(task for task in others if task.name not in {t.name for t in FIRST})]


@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_a_task_delivered_twice_has_one_effect(kind, request, open_engine, served, settings):
    """E9: called twice, then twice at once: the same end state, one entry."""
    settings.PROOF_SHARE, settings.NTP_SERVERS, settings.DEVICES_AT_ONCE = 0.0, [], 4
    engine = open_engine(request.getfixturevalue(kind))
    campus = served(6, 2)
    enter(campus.devices)

    for task in scheduled_tasks():
        at_once(engine, task)
        after = counts()
        task()
        task()
        assert counts() == after, task.name
    # Also the very first night must not be taken for fourteen missed ones by whoever comes second.
    run = Run.objects.get()
    assert_whole(run, campus)
