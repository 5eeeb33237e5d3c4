"""What confidentiality adds to Bugün: one's own undertaking, who lacks one, and last month's access report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import panels, tsi

from . import permissions, undertakings
from .access_report import any_looks
from .models import AccessReportSeen

if TYPE_CHECKING:
    from accounts.models import Person

OWN, LACKING, REPORT = 20, 33, 34


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines)


def lines(person: Person) -> Iterable[panels.TodayLine]:
    """To everybody his own signature; to those who watch, the rest."""
    if not permissions.can_see_requests(person):
        return
    state = undertakings.state_of(person)
    if not state.holds or state.standing == undertakings.Standing.ENDS_SOON:
        yield panels.TodayLine(
            urgency=OWN,
            sentence=state.as_words,
            url=reverse("footage_requests:undertaking"),
            action_label=_("Read and sign"),
            kind="undertaking",
            key=str(person.pk),
        )
    if permissions.can_file_undertakings(person):
        yield from _lacking()
    if permissions.can_watch_undertakings(person):
        yield from _report(person)


def _lacking() -> Iterable[panels.TodayLine]:
    states = undertakings.states_of(undertakings.those_who_need_one())
    count = sum(1 for state in states.values() if not state.holds)
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


def _report(person: Person) -> Iterable[panels.TodayLine]:
    """Until it was read, but not about a month in which the system did not run."""
    month = (tsi.today().replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    if AccessReportSeen.objects.filter(month=month, person=person.pk).exists():
        return
    if not any_looks(month):
        return
    yield panels.TodayLine(
        urgency=REPORT,
        sentence=_("The access report of %(month)s has not been read")
        % {"month": f"{month:%m.%Y}"},
        url=f"{reverse('footage_requests:access_report')}?month={month:%Y-%m}",
        action_label=_("Open report"),
        kind="access-report",
        key=f"{month:%Y-%m}",
    )
