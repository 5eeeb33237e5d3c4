"""The starts of recorders, remembered from what each visit is told (REC-12).

A visit learns the last start only, so a count of starts is "at least so many": devices' logs would tell all
of them, but under which word is documented for no maker. A start that a recorder tells of is new when it
lies after the visit before: until then it had been running since the start that it told then, whatever the
two counters make of that start. So a recorder that was started again is asked once more an hour later, for
as long as it goes on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cameras.models import DeviceCondition
from cameras.night import nights
from cameras.protocols.base import Reason
from cameras.visiting.visit_data import VisitOutcome
from core.tsi import from_ms

DAY = timedelta(days=1)
REMEMBERED = timedelta(days=90)
MOST_REMEMBERED = 200
ASKED_AGAIN_AFTER = timedelta(hours=1)
AHEAD_AT_MOST_MS = 60_000
"""A start that lies further in the future than this says nothing: the clock behind it is not known."""


def note(condition: DeviceCondition, outcome: VisitOutcome, now: datetime) -> datetime | None:
    """Remembers what a visit was told of the last start. The start, where it is a new one; else None."""
    told = outcome.start
    if told is None:
        condition.starts_reason = outcome.start_reason or condition.starts_reason
        return None
    if told.started_ms > told.asked_ms + AHEAD_AT_MOST_MS:
        condition.starts_reason = Reason.CLOCK_UNKNOWN
        return None
    before, condition.starts_at = condition.starts_at, from_ms(told.asked_ms)
    condition.starts_reason = ""
    known = starts_of(condition)
    is_new = before is None or not known or from_ms(told.started_ms) > before
    if is_new:
        known = _bounded([*known, from_ms(told.started_ms)], now)
        condition.starts = [start.isoformat(timespec="seconds") for start in known]
    return known[-1] if is_new else None


def starts_of(condition: DeviceCondition) -> list[datetime]:
    """The remembered starts in true time, oldest first."""
    return [datetime.fromisoformat(start) for start in condition.starts]


def _bounded(starts: list[datetime], now: datetime) -> list[datetime]:
    """The last one always: it says since when the recorder has been running."""
    kept = [start for start in starts[:-1] if start > now - REMEMBERED]
    return [*kept, starts[-1]][-MOST_REMEMBERED:]


def in_last(starts: list[datetime], span: timedelta, now: datetime) -> int:
    """How many of them lie in the time before now."""
    return sum(now - span < start for start in starts)


def ask_again(start: datetime, was: DeviceCondition, now: datetime) -> None:
    """Plans another visit to a recorder that was started since the last one, and not too long ago."""
    if was.starts_at is not None and start > now - DAY:
        nights.plan_recheck(was.device_id, now, after=ASKED_AGAIN_AFTER, slot="restarted")
