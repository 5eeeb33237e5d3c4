"""What confidentiality adds to Bugün: one's own undertaking, who lacks one, and last month's access report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Person
from core import panels, tsi

from .. import permissions
from ..models import AccessReportSeen, UndertakingText
from ..today import any_requests
from . import undertakings
from .access_report import looks_in

OWN, LACKING, REPORT = 20, 33, 34


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _TEXT, _SIGNATURES, _UNREAD)


def _signatures(person: Person) -> QuerySet[Any] | None:
    """One's own newest signature; to those who file papers, everybody's."""
    if not permissions.can_see_requests(person):
        return None
    if permissions.can_file_undertakings(person):
        return undertakings.newest_signatures(undertakings.who_need_one())
    return undertakings.newest_signatures(Person.objects.filter(pk=person.pk))


def _unread(person: Person) -> QuerySet[Any] | None:
    """A row when last month's report has something to tell and this person has not read it."""
    if not permissions.can_watch_undertakings(person):
        return None
    month = _last_month()
    read = AccessReportSeen.objects.filter(month=month, person=person.pk)
    return looks_in(month).filter(~Exists(read)).order_by().values_list("pk")[:1]


def _last_month() -> dt.date:
    return (tsi.today().replace(day=1) - dt.timedelta(days=1)).replace(day=1)


_TEXT = panels.Question(
    lambda person: UndertakingText.objects.values_list("sha256", "valid_months")[:1]
)
_SIGNATURES = panels.Question(_signatures)
_UNREAD = panels.Question(_unread)


def lines(person: Person) -> Iterable[panels.TodayLine]:
    """To everybody his own signature; to those who watch, the rest. Nothing before the first request."""
    if not (permissions.can_see_requests(person) and any_requests(person)):
        return
    states = _states(person)
    own = states.get(person.pk)
    if permissions.can_file_undertakings(person):
        yield from _lacking(sum(1 for state in states.values() if not state.holds))
    if own is not None and own.standing != undertakings.Standing.HOLDS:
        yield panels.TodayLine(
            urgency=OWN,
            sentence=own.as_words,
            url=reverse("footage_requests:undertaking"),
            action_label=_("Read and sign"),
            kind="undertaking",
            key=str(person.pk),
        )
    if _UNREAD(person):
        yield _report(_last_month())


def _states(person: Person) -> dict[int, undertakings.State]:
    text = next(iter(_TEXT(person)), None)
    if text is None:
        first = undertakings.current_text()
        text = first.sha256, first.valid_months
    return {pk: undertakings.judge_brief(day, sha, text) for pk, day, sha in _SIGNATURES(person)}


def _lacking(count: int) -> Iterable[panels.TodayLine]:
    if not count:
        return
    said = ngettext(
        "%(count)d person has no valid confidentiality undertaking and opens no case",
        "%(count)d people have no valid confidentiality undertaking and open no case",
        count,
    )
    yield panels.TodayLine(
        urgency=LACKING,
        sentence=said % {"count": count},
        url=reverse("footage_requests:undertakings"),
        action_label=_("See who"),
        kind="undertakings",
        key="lacking",
    )


def _report(month: dt.date) -> panels.TodayLine:
    """Until it was read, but not about a month in which the system did not run."""
    return panels.TodayLine(
        urgency=REPORT,
        sentence=_("The access report of %(month)s has not been read")
        % {"month": f"{month:%m.%Y}"},
        url=f"{reverse('footage_requests:access_report')}?month={month:%Y-%m}",
        action_label=_("Open report"),
        kind="access-report",
        key=f"{month:%Y-%m}",
    )
