"""When a recorder was started, in words: how often of late, since when it runs, and what is not known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from cameras.models import DeviceCondition
from cameras.night.restarts import DAY, in_last, starts_of
from cameras.protocols.base import Reason
from cameras.wording.reasons import word_for
from core import tsi

WEEK = dt.timedelta(days=7)
MOST_SHOWN = 10


@dataclass(frozen=True)
class RestartFacts:
    """What the page of a recorder shows. `is_restless`: it was started within the last day."""

    sentence: str
    told_at: dt.datetime | None = None
    note: str = ""
    is_restless: bool = False
    history: list[str] = field(default_factory=list)


def restart_facts(condition: DeviceCondition | None) -> RestartFacts:
    """Started so often, not at all, or not told; with the age of the evidence."""
    if condition is None or (condition.starts_at is None and not condition.starts_reason):
        return RestartFacts(_("Nobody has asked yet when it was started."))
    note = _why(condition.starts_reason)
    starts, told_at = starts_of(condition), condition.starts_at
    if told_at is None or not starts:
        return RestartFacts(note)
    now = timezone.now()
    day, week = in_last(starts, DAY, now), in_last(starts, WEEK, now)
    is_old = told_at < now - DAY
    sentence = _sentence_of_then(starts) if is_old else _sentence(starts, day, week)
    return RestartFacts(sentence, told_at, note, day > 0, _history(starts))


def _sentence_of_then(starts: list[dt.datetime]) -> str:
    """What old evidence says: nothing about the time since."""
    return _(
        "When it was asked last it had been running since %(last)s. Whether it was started since then is "
        "not known."
    ) % {"last": tsi.stamp(starts[-1])}


def _sentence(starts: list[dt.datetime], day: int, week: int) -> str:
    last = tsi.stamp(starts[-1])
    if not week:
        return _("Not started again in the last 7 days: it has been running since %(last)s.") % {
            "last": last
        }
    words = {"day": day, "week": week, "last": last}
    text = _(
        "Started %(day)d× in the last 24 hours and %(week)d× in the last 7 days, last on %(last)s. "
        "A check learns the last start only: there may have been more."
    )
    return text % words


def _history(starts: list[dt.datetime]) -> list[str]:
    return [
        _("It was started on %(when)s.") % {"when": tsi.stamp(start)}
        for start in starts[: -MOST_SHOWN - 1 : -1]
    ]


def _why(reason: str) -> str:
    if not reason:
        return ""
    if reason == Reason.NOT_SUPPORTED:
        return _("This recorder does not tell when it was started.")
    return _("When it was started could not be asked last: %(reason)s.") % {
        "reason": word_for(reason)
    }
