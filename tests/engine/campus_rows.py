"""What the tests of the engine ask of a run: is it whole, and was everything answered once?"""

from __future__ import annotations

from django.db.models import Count

from audit.models import Entry
from cameras.models import CheckResult, CoverageDay, DeviceCheck, PositionDay, Run
from cameras.night import nights
from simulator.world import Campus
from tests.cameras.campus import yesterday
from tests.cameras.simulated import enter
from tests.engine.engine import Engine, wait_for


def night_over(campus: Campus) -> Run:
    """Inventory rows of a campus, and last night's run with its queue written.

    Planned for its own hour, so that at any hour of the day it is a night and not one that was missed.
    """
    enter(campus.devices)
    run = nights.plan_night(yesterday(), now=nights.night_begins(yesterday()))
    nights.start(run)
    return run


def done(run: Run) -> int:
    return DeviceCheck.objects.filter(run=run, status=DeviceCheck.Status.DONE).count()


def claimed(run: Run) -> int:
    return DeviceCheck.objects.filter(run=run, status=DeviceCheck.Status.CLAIMED).count()


def wait_until_over(engine: Engine, run: Run) -> None:
    """Waits for the run to be finished by the engine itself."""

    def is_over() -> bool:
        run.refresh_from_db()
        return run.is_over

    try:
        wait_for(is_over, f"{run} to finish")
    except AssertionError as error:
        rows = list(DeviceCheck.objects.filter(run=run).values_list("status", "attempt"))
        raise AssertionError(f"{error}\n{rows}\n{engine.said()}") from None


def assert_whole(run: Run, campus: Campus) -> None:
    """Nothing lost, nothing twice: every device, kind, channel and position has exactly one answer."""
    assert run.status == Run.Status.FINISHED
    assert not run.is_red, run.red_because
    assert done(run) == len(campus.devices)
    answers = CheckResult.objects.filter(device_check__run=run)
    found = list(
        answers.values_list("device_check__device__kind", "kind", "answer", "reason").annotate(
            n=Count("pk")
        )
    )
    assert answers.count() == 3 * len(campus.devices), found
    assert set(answers.values_list("answer", flat=True)) == {"YES"}
    channels = sum(len(d.channels) for d in campus.devices if d.kind.value == "recorder")
    assert CoverageDay.objects.filter(day=run.day, result="RECORDED").count() == channels
    assert PositionDay.tally(run.day)["RECORDED"] == channels
    assert audit_entries(run) == {"run.start": 1, "run.finish": 1}


def audit_entries(run: Run) -> dict[str, int]:
    rows = Entry.objects.about(run).order_by()
    return dict(rows.values_list("action").annotate(n=Count("pk")))
