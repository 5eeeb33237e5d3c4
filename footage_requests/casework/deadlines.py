"""Until when a request must be answered: calendar days, working days, or as its letter says.

The day of arrival is not counted; a deadline is the end (24:00 TSİ) of its last day. Where that day is
a holiday it is not moved: answering earlier is never wrong. A half day counts as a working day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import tsi
from core.holidays import working_days_after, working_days_between

from ..models import Fee, FootageRequest, RequesterKind

HALF_TIME = 0
SOON_TO_PAY = 5


def end_of(day: dt.date) -> dt.datetime:
    """The instant at which a last day is over."""
    return tsi.day_bounds(day)[1]


def last_day_of(request: FootageRequest) -> dt.date | None:
    """The day whose end is the request's deadline."""
    if request.deadline_at is None:
        return None
    return tsi.day_of(request.deadline_at - dt.timedelta(seconds=1))


def last_day(
    kind: RequesterKind,
    arrived_on: dt.date,
    days: int,
    closed: Collection[dt.date] | None = None,
) -> dt.date:
    """The `days`th day after the arrival, as this kind counts days; `closed` as in core.holidays."""
    if kind.clock == RequesterKind.Clock.WORKING_DAYS:
        return working_days_after(arrived_on, days, closed)
    return arrived_on + dt.timedelta(days=days)


def deadline_of(
    kind: RequesterKind, arrived_at: dt.datetime, written: dt.date | None = None
) -> dt.datetime:
    """The legal deadline. A date set in the letter counts where the kind says so, and where it is earlier."""
    usual = last_day(kind, tsi.day_of(arrived_at), kind.days)
    if written is not None:
        as_written = kind.clock == RequesterKind.Clock.AS_WRITTEN
        usual = written if as_written else min(written, usual)
    return end_of(usual)


def extended_deadline(kind: RequesterKind, arrived_at: dt.datetime) -> dt.date | None:
    """The last day when the period is extended, counted from the arrival; None where it cannot be."""
    if kind.extended_days is None:
        return None
    return last_day(kind, tsi.day_of(arrived_at), kind.extended_days)


def arrived_on(request: FootageRequest) -> dt.date:
    """The day (TSİ) on which a request arrived."""
    return tsi.day_of(request.arrived_at)


def with_fees(kind: RequesterKind, last: dt.date, fees: Iterable[Fee]) -> dt.date | None:
    """The last day after the clock stood still for these fees, in their order; None while one is open.

    The days that were left on the day of the notice count on from the day of the payment. A notice after
    the last day stops nothing any more.
    """
    for fee in fees:
        if fee.notified_on > last:
            continue
        if fee.ended_on is None:
            return None
        if fee.outcome == Fee.Outcome.LAPSED:
            continue
        if kind.clock == RequesterKind.Clock.WORKING_DAYS:
            left = working_days_between(fee.notified_on, last)
        else:
            left = (last - fee.notified_on).days
        last = last_day(kind, fee.ended_on, left)
    return last


def writing_due(
    request: FootageRequest, closed: Collection[dt.date] | None = None
) -> dt.date | None:
    """The day by whose end the writing must follow an oral, urgent request; None for the others."""
    days = request.kind.writing_within_working_days
    return None if days is None else working_days_after(arrived_on(request), days, closed)


def lapses_on(request: FootageRequest) -> dt.date | None:
    """The last day on which the writing may still come; None for a request that does not lapse."""
    days = request.kind.lapses_after_working_days
    return None if days is None else working_days_after(tsi.day_of(request.arrived_at), days)


def warn_dates(
    kind: RequesterKind,
    arrived_at: dt.datetime,
    deadline_at: dt.datetime,
    closed: Collection[dt.date] | None = None,
) -> list[dt.date]:
    """The days on which somebody is told, in order: those of the kind that lie before the deadline."""
    arrived_on = tsi.day_of(arrived_at)
    last = tsi.day_of(deadline_at - dt.timedelta(seconds=1))
    found = set()
    for number in kind.warn_days:
        if number == HALF_TIME:
            day = arrived_on + (last - arrived_on) // 2
        elif number > 0:
            day = last_day(kind, arrived_on, number, closed)
        else:
            day = last + dt.timedelta(days=number)
        if arrived_on <= day <= last:
            found.add(day)
    return sorted(found)


def in_words(kind: RequesterKind) -> str:
    """ "15 working days": how long a kind gives, for people."""
    if kind.clock == RequesterKind.Clock.AS_WRITTEN:
        return _("as the letter says, else %(days)d days") % {"days": kind.days}
    return f"{kind.days} {kind.get_clock_display()}"


@dataclass(frozen=True)
class Remaining:
    """How much of a deadline is left, in words and as a number to sort by. `level`: ok, soon, late."""

    days: int
    words: str
    level: str


def remaining(request: FootageRequest, now: dt.datetime | None = None) -> Remaining | None:
    """What is left of the legal deadline of an open request; None without one."""
    now = now or timezone.now()
    if request.stopped_until is not None:
        left = (request.stopped_until - tsi.day_of(now)).days
        words = _("clock stopped: fee to be paid by %(day)s") % {
            "day": tsi.day_text(request.stopped_until)
        }
        return Remaining(left, words, "soon" if left < SOON_TO_PAY else "ok")
    last = last_day_of(request)
    if request.deadline_at is None or last is None:
        return None
    days = (last - tsi.day_of(now)).days
    if now >= request.deadline_at:
        words = ngettext("%(count)d day late", "%(count)d days late", -days) % {"count": -days}
        return Remaining(days, words, "late")
    if days == 0:
        return Remaining(0, _("today is the last day"), "soon")
    words = ngettext("%(count)d day left", "%(count)d days left", days) % {"count": days}
    return Remaining(days, words, "soon" if _is_warned(request, now) else "ok")


def working_days_left(request: FootageRequest, now: dt.datetime | None = None) -> int | None:
    """Working days up to the last day, for kinds that count them; None for the others."""
    last = last_day_of(request)
    if last is None or request.kind.clock != RequesterKind.Clock.WORKING_DAYS:
        return None
    return working_days_between(tsi.day_of(now or timezone.now()), last)


def _is_warned(request: FootageRequest, now: dt.datetime) -> bool:
    """A quarter of the time or fewer than three days are left: without a query, for long lists."""
    if request.deadline_at is None:
        return False
    whole = request.deadline_at - request.arrived_at
    left = request.deadline_at - now
    return left < dt.timedelta(days=3) or left < whole / 4
