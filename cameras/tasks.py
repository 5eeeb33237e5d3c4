"""Doors for Celery. Each is a sweep over rows: losing a message costs one interval, two do no harm."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from cameras import finishing, nights, work


@shared_task
def start_due_runs() -> None:
    """Plans the night that is due, missed nights, and starts planned runs."""
    nights.start_due_runs()


@shared_task
def work_due_checks() -> None:
    """Takes a batch of due checks and visits their devices."""
    work.work()


@shared_task
def finish_runs() -> None:
    """Closes runs whose checks are all done, and drops old queue rows."""
    now = timezone.now()
    if finishing.finish_runs(now):
        finishing.prune_checks(now)
