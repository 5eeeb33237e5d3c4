"""Calls workers. A broker that is away costs one interval: every message only wakes a sweep over rows."""

from __future__ import annotations

import logging
from typing import Any

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


def wake(task: Any, *arguments: int) -> None:
    """Sends one message. Never raises because of the broker: the next sweep finds the rows without it."""
    try:
        task.apply_async(arguments, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("The broker could not be told of work (%s): %s", task.name, error)
