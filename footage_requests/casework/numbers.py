"""Our own running numbers: gapless per year, never those of EBYS (which alone registers letters)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F

from core.tsi import today

from ..models import NumberSeries

REQUESTS = "T"


def next_number(prefix: str, day: dt.date | None = None) -> str:
    """The next number of a series, such as "T-2026-00042".

    Run it inside the transaction that stores the numbered row: the counter's row stays locked until the
    commit, so that two at once get different numbers and a rollback leaves no gap. Raises
    RuntimeError outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A number is given inside the transaction of its row.")
    year = (day or today()).year
    series, _made = NumberSeries.objects.get_or_create(prefix=prefix, year=year)
    # The UPDATE takes the lock, so what is read afterwards is ours alone.
    NumberSeries.objects.filter(pk=series.pk).update(last=F("last") + 1)
    series.refresh_from_db(fields=["last"])
    return f"{prefix}-{year}-{series.last:05}"
