"""News of a job that works inside one transaction, where nobody else sees what it writes.

Its rows, and the row of the job itself, stay unseen until it ends; SQLite has one writer and lets no second
connection tell of it either. What is told and the wish to stop therefore go through the broker, which whoever
has a worker has. A broker that is away costs the figures and nothing else: the work goes on without them.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

from django.conf import settings
from django.utils import timezone
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from .jobs import Job, JobCancelled

log = logging.getLogger(__name__)

KEPT_SECONDS = 900
"""As long as a job without news is taken for alive."""
TIMEOUT_SECONDS = 0.5
_AWAY = (RedisError, OSError, ValueError, KeyError, TypeError)


class Teller:
    """The worker's side. Called with how far the work is; raises JobCancelled when somebody asked to stop."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._is_away = False

    def __call__(self, done: int, total: int, message: str) -> None:
        told = {"done": done, "total": total, "message": message, "at": timezone.now().isoformat()}
        # Not asked again once it was away: no row waits for the broker twice.
        if not self._is_away and self._told(json.dumps(told)):
            raise JobCancelled(self._job.title)
        self._job.stop_if_asked()

    def _told(self, news: str) -> bool:
        """Whether somebody wants it to stop."""
        try:
            with _broker() as broker:
                broker.set(_key(self._job, "news"), news, ex=KEPT_SECONDS)
                return bool(broker.exists(_key(self._job, "stop")))
        except _AWAY as error:
            log.warning("The broker could not be told how far %s is: %s", self._job.title, error)
            self._is_away = True
            return False


def with_news(job: Job | None) -> Job | None:
    """The job as its row tells it, and while it runs as it was told last. Writes nothing."""
    if job is None or job.status != Job.Status.RUNNING:
        return job
    try:
        with _broker() as broker:
            found: Any = broker.get(_key(job, "news"))
        if found:
            news = json.loads(found)
            told_at = dt.datetime.fromisoformat(news["at"])
            job.done, job.total = int(news["done"]), int(news["total"])
            job.message, job.moved_at = str(news["message"]), max(job.moved_at, told_at)
    except _AWAY:
        log.debug("The broker told nothing of %s", job.title)
    return job


def ask_to_stop(job: Job) -> bool:
    """Asks a job to stop, also one that works inside a transaction. False when it is over already."""
    try:
        with _broker() as broker:
            broker.set(_key(job, "stop"), "1", ex=KEPT_SECONDS)
    except _AWAY:
        log.debug("The broker could not be asked to stop %s", job.title)
    # Where there is one writer, this waits until the work has heard of it and let go.
    return job.request_cancel() or job.status == Job.Status.CANCELLED


def _broker() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _key(job: Job, what: str) -> str:
    return f"cctv-job:{job.uuid}:{what}"
