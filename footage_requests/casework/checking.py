"""Which open cases should be asked about again: cameras that were never asked, or half a day ago.

Naming cameras asks at once (`following`); this finds what a lost message or a silent recorder left.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.utils import timezone

from ..hold_tasks import ask_recorders
from ..models import FootageRequest, RequestItem

AGAIN_AFTER = dt.timedelta(hours=12)
MOST_AT_ONCE = 20


def ask_due(now: dt.datetime | None = None) -> int:
    """Has the recorders asked about cases that are due; how many cases."""
    now = now or timezone.now()
    due = RequestItem.objects.exclude(is_included=False).filter(
        Q(checked_at=None) | Q(checked_at__lt=now - AGAIN_AFTER)
    )
    rows = FootageRequest.objects.filter(
        status__in=FootageRequest.BEFORE_DECISION, pk__in=due.values("request")
    )
    found = list(rows.order_by("pk")[:MOST_AT_ONCE])
    for row in found:
        ask_recorders(row)
    return len(found)
