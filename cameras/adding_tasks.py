"""Celery's door to surveys: a sweep over rows; losing a message costs one interval, two do no harm."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from cameras.surveys import adding

log = logging.getLogger(__name__)


@shared_task(name="cameras.tasks.work_surveys")
def work_surveys() -> None:
    """Carries out the surveys that wait."""
    while adding.work_one():
        pass


def wake() -> None:
    """Calls a worker once this transaction is committed, so that nobody waits for the sweep."""
    transaction.on_commit(_send, robust=True)


def _send() -> None:
    try:
        work_surveys.apply_async(retry=False)
    except (OperationalError, RedisError, OSError) as error:
        # The row is there: the next sweep finds it without a message.
        log.warning("The broker could not be told of a survey: %s", error)
