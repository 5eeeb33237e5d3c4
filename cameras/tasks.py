"""Doors for Celery. Each is a sweep over rows: losing a message costs one interval, two do no harm."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from cameras import adding_tasks as _adding_tasks  # noqa: F401 - registers its task
from cameras.daily_sheets import sheet_sweep
from cameras.night import finishing, nights, outlining, unheard, work

log = logging.getLogger(__name__)

MOST_WAKES = 4
CHECKS_PER_WAKE = 25
LINGER = timedelta(seconds=20)
"""A retry that is due as soon as this is waited for: no other message may come in time."""


@shared_task
def start_due_runs() -> None:
    """Plans the night that is due, missed nights, and starts planned runs."""
    nights.start_due_runs()


@shared_task
def work_due_checks() -> None:
    """Takes due checks and visits their devices. Runs that are over are closed on the way."""
    work.work(between=finishing.finish_runs, linger=LINGER)
    finishing.finish_runs()


@shared_task
def finish_runs() -> None:
    """Closes runs whose checks are all done and does what follows; tells of recorders unheard for a day."""
    now = timezone.now()
    if finishing.finish_runs(now):
        finishing.prune_checks(now)
        outlining.outline_references()
    unheard.tell(now)


def wake_workers(checks: int) -> None:
    """Calls workers to the queue once this transaction is committed, so that nobody waits for a sweep."""
    messages = min(MOST_WAKES, 1 + checks // CHECKS_PER_WAKE)
    transaction.on_commit(lambda: _send_wakes(messages), robust=True)


def _send_wakes(messages: int) -> None:
    try:
        for _message in range(messages):
            work_due_checks.apply_async(retry=False)
    except (OperationalError, RedisError, OSError) as error:
        # The rows are there: the next sweep finds them without a message.
        log.warning("The broker could not be told of due checks: %s", error)


@shared_task
def sweep_sheets() -> None:
    """Makes yesterday's sheet, opens it, counts it as not done, escalates."""
    sheet_sweep.sweep()
