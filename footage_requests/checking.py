"""Asking the recorders in the background what they hold of a case: a row says when, a worker asks.

Losing the message costs one interval: the sweep finds items that were never asked, or long ago.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from . import availability
from .models import FootageRequest, RequestItem

log = logging.getLogger(__name__)

AGAIN_AFTER = dt.timedelta(hours=12)
MOST_AT_ONCE = 20


def ask_soon(request: FootageRequest) -> None:
    """Calls a worker to the case's cameras after the commit."""
    request_id = request.pk
    transaction.on_commit(lambda: _send(request_id), robust=True)


def _send(request_id: int) -> None:
    from .request_tasks import check_request  # the task calls this module

    try:
        check_request.apply_async(args=[request_id], retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("The broker could not be told of a case to check: %s", error)


def check(request_id: int) -> int:
    """Asks about every camera of one case that is not left out; how many were asked."""
    items = RequestItem.objects.filter(
        request=request_id, request__status__in=FootageRequest.EDITABLE
    ).exclude(is_included=False)
    return _ask(list(items.select_related("position")))


def check_due(now: dt.datetime | None = None) -> int:
    """Asks about cameras of open cases that were never asked, or half a day ago."""
    now = now or timezone.now()
    due = RequestItem.objects.filter(request__status__in=FootageRequest.BEFORE_DECISION).filter(
        Q(checked_at=None) | Q(checked_at__lt=now - AGAIN_AFTER)
    )
    rows = due.exclude(is_included=False).select_related("position")
    return _ask(list(rows.order_by("checked_at", "pk")[:MOST_AT_ONCE]))


def _ask(items: list[RequestItem]) -> int:
    for item in items:
        availability.check_item(item)
    return len(items)
