"""Celery's door to imports: a sweep over rows; losing a message costs one interval, two do no harm."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from .importing import jobs

log = logging.getLogger(__name__)


@shared_task
def work_imports() -> None:
    """Checks and imports the spreadsheets that wait."""
    jobs.end_lost_jobs()
    while jobs.work_one():
        pass


def wake() -> None:
    """Calls a worker once this transaction is committed, so that nobody waits for the sweep."""
    transaction.on_commit(_send, robust=True)


def _send() -> None:
    try:
        work_imports.apply_async(retry=False)
    except (OperationalError, RedisError, OSError) as error:
        # The row is there: the next sweep finds it without a message.
        log.warning("The broker could not be told of an import: %s", error)
