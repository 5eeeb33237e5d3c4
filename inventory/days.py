"""Calendar days of Türkiye time as instants. Türkiye keeps UTC+3 all year."""

from __future__ import annotations

import datetime as dt

TSI = dt.timezone(dt.timedelta(hours=3), "TSİ")


def window(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The instants [start, end) of that day."""
    start = dt.datetime.combine(day, dt.time(), TSI)
    return start, start + dt.timedelta(days=1)
