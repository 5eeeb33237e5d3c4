"""When a position is expected to be recorded: pure dates and true-time milliseconds.

Hours are Türkiye time. A span whose end is not after its start reaches into the next day, so a day also
has the late part of the day before: that part follows the schedule that held on the day it began.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core.tsi import day_bounds_ms

if TYPE_CHECKING:
    from .models import Position, RecordingSchedule

MINUTE_MS = 60_000
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
Span = tuple[int, int]


@dataclass(frozen=True)
class ExpectedDay:
    """What is expected of one position on one day.

    `kind` is ALWAYS, HOURS, MOTION or EXEMPT. `spans_ms` are half open true-time milliseconds since
    1970, sorted, apart, inside the day: the whole day for ALWAYS and MOTION, empty for EXEMPT.
    `reason` and `until` (the first day without the exemption) belong to EXEMPT.
    """

    kind: str
    spans_ms: tuple[Span, ...]
    reason: str = ""
    until: dt.date | None = None

    @property
    def expected_ms(self) -> int:
        """Milliseconds in all."""
        return sum(end - start for start, end in self.spans_ms)


def expected(position: Position, day: dt.date) -> ExpectedDay:
    """What is expected of that position on that day."""
    return expected_many([position], day)[position.pk]


def expected_many(positions: Iterable[Position], day: dt.date) -> dict[int, ExpectedDay]:
    """`expected` for many positions with one query, by their ids."""
    from .models import RecordingSchedule  # the model checks its hours with this module

    wanted = [position.pk for position in positions]
    yesterday = day - dt.timedelta(days=1)
    rows: dict[int, list[RecordingSchedule]] = {pk: [] for pk in wanted}
    found = RecordingSchedule.objects.filter(valid_from__lte=day).exclude(valid_to__lte=yesterday)
    if len(wanted) <= 500:
        found = found.filter(position__in=wanted)
    for row in found:
        if row.position_id in rows:
            rows[row.position_id].append(row)
    return {pk: _expected(rows[pk], day, yesterday) for pk in wanted}


def _expected(rows: list[RecordingSchedule], day: dt.date, yesterday: dt.date) -> ExpectedDay:
    start_ms, end_ms = day_bounds_ms(day)
    whole = ((start_ms, end_ms),)
    row = _holding(rows, day)
    if row is None:
        return ExpectedDay("ALWAYS", whole)
    if row.kind == row.Kind.EXEMPT:
        return ExpectedDay(row.kind, (), row.reason, row.valid_to)
    if row.kind != row.Kind.HOURS:
        return ExpectedDay(row.kind, whole, row.reason)
    spans = list(_minutes(row.hours, day.weekday()))
    before = _holding(rows, yesterday)
    if before is not None and before.kind == before.Kind.HOURS:
        spans += [(s - 1440, e - 1440) for s, e in _minutes(before.hours, yesterday.weekday())]
    return ExpectedDay(row.kind, _joined(spans, start_ms), row.reason)


def _holding(rows: list[RecordingSchedule], day: dt.date) -> RecordingSchedule | None:
    held = (r for r in rows if r.valid_from <= day and (r.valid_to is None or r.valid_to > day))
    return next(held, None)


def _minutes(hours: Mapping[str, Any], weekday: int) -> Iterable[Span]:
    """Spans of a weekday as minutes after its midnight; the end may lie in the next day."""
    for start, end in hours.get(str(weekday), []):
        first, last = _minute(start), _minute(end)
        yield first, last if last > first else last + 1440


def _minute(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _joined(spans: Iterable[Span], start_ms: int) -> tuple[Span, ...]:
    """Minutes of the day as sorted, disjoint milliseconds, cut at the day's edges."""
    joined: list[Span] = []
    for start, end in sorted((max(s, 0), min(e, 1440)) for s, e in spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple((start_ms + s * MINUTE_MS, start_ms + e * MINUTE_MS) for s, e in joined)


def check_hours(hours: Any) -> None:
    """Raises ValidationError unless `hours` is {"0".."6": [["HH:MM", "HH:MM"], ...]} with some span."""
    if not isinstance(hours, dict) or not any(hours.values()):
        raise ValidationError(_("Write at least one span of hours."), code="hours")
    for weekday, spans in hours.items():
        if weekday not in set("0123456") or not isinstance(spans, list):
            raise ValidationError(_("Hours are listed per weekday, 0 to 6."), code="hours")
        for span in spans:
            if not _is_span(span):
                raise ValidationError(
                    _("%(span)s is not a span such as 08:00 to 18:00.") % {"span": span},
                    code="hours",
                )


def _is_span(span: Any) -> bool:
    if not isinstance(span, list | tuple) or len(span) != 2:
        return False
    times = [_TIME.fullmatch(text) if isinstance(text, str) else None for text in span]
    return all(times) and _minute(span[0]) < 1440 and _minute(span[1]) <= 1440
