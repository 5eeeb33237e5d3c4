"""What requests add to Bugün: footage about to be lost, cases to act on, deadlines, opinions, decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import panels, tsi
from core.holidays import LONGEST_SEARCH, closed_among, whole_holidays

from . import permissions
from .casework import board, deadlines, writing
from .models import FootageRequest, InterestDeclaration

if TYPE_CHECKING:
    from accounts.models import Person

S = FootageRequest.Status
# More of one kind are one line with their number.
MOST_EACH = 4
MOST_CASES = 500
LOST, UNKNOWN, SOON = 0, 1, 22
LATE, DUE, WAITING, DRAFT = 4, 25, 30, 35
_BEYOND = dt.timedelta(days=LONGEST_SEARCH)


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _ANY, _HOLIDAYS, _OUT)


def any_requests(person: Person) -> bool:
    """Whether there was ever a case: without one, Bugün asks nothing more about them."""
    return bool(_ANY(person))


def _out(person: Person) -> QuerySet[Any] | None:
    """Cases that the person does not decide on: he is out of them, or a request of his was merged into them."""
    if not permissions.can_decide(person):
        return None
    out = InterestDeclaration.objects.standing().filter(person=person.pk).values("request")
    cases = FootageRequest.objects.order_by()
    return (cases.filter(pk__in=out) | cases.took_in_from(person)).values_list("pk")


_ANY = panels.Question(lambda person: FootageRequest.objects.order_by().values_list("pk")[:1])
_HOLIDAYS = panels.Question(lambda person: whole_holidays())
_OUT = panels.Question(_out)


def lines(person: Person) -> Iterable[panels.TodayLine]:
    """To those who can do something about it; few queries, whatever the number of cases."""
    if not (permissions.can_see_requests(person) and any_requests(person)):
        return
    rows = _looked_at(person)
    if not rows:
        return
    yield from _left_out(person, rows)
    columns = {column["key"]: column["cards"] for column in board.columns(rows)}
    cases = [row for cards in columns.values() for row in cards]
    if permissions.can_assess(person):
        yield from _footage(cases)
    if permissions.can_file(person):
        yield from _missing(cases)
        drafts = [row for row in columns.get("enter", ()) if row.filer_id == person.pk]
        text = _("%(number)s is a draft: nothing is held and no deadline is kept yet")
        yield from _each(drafts, DRAFT, text, _("Open case"), "draft")
    if permissions.can_assess(person) or permissions.can_decide(person):
        yield from _deadlines(cases, person)
    if permissions.can_assess(person) or permissions.can_file(person):
        yield from _outside(cases, person)
    if person.has_role(*permissions.ON_DUTY) and not permissions.can_decide(person):
        oral = [row for row in columns["decide"] if permissions.can_decide_on_duty(person, row)]
        text = _("%(number)s, oral and urgent, waits for the most senior person on duty")
        yield from _each(oral, LATE, text, _("Decide"), "decide")
    if permissions.can_decide(person):
        out = {pk for (pk,) in _OUT(person)}
        mine = [row for row in columns["decide"] if row.filer_id != person.pk and row.pk not in out]
        yield from _each(
            mine, WAITING, _("%(number)s waits for your decision"), _("Decide"), "decide"
        )
    if permissions.can_give_opinion(person):
        asked = [row for row in columns["wait"] if row.status == S.OPINION]
        text = _("%(number)s waits for an opinion")
        yield from _each(asked, WAITING, text, _("Open case"), "opinion")


def _looked_at(person: Person) -> list[Any]:
    """The open cases with the nearest deadlines, and one more where there are more than are looked at."""
    found = board.open_cases(FootageRequest.objects.visible_to(person))
    return list(found.order_by("deadline_at")[: MOST_CASES + 1])


def _left_out(person: Person, rows: list[Any]) -> Iterator[panels.TodayLine]:
    """Takes off the one too many, and says so: what was left out may be urgent as well."""
    if len(rows) <= MOST_CASES:
        return
    rows.pop()
    count = FootageRequest.objects.visible_to(person).open().count()
    told = {"count": count, "most": MOST_CASES}
    yield panels.TodayLine(
        urgency=LOST,
        sentence=_(
            "%(count)d requests are open, only the %(most)d with the nearest deadlines are looked at here: "
            "the list has all of them"
        )
        % told,
        url=reverse("footage_requests:list"),
        action_label=_("Open the list"),
        kind="request-not-all",
    )


def _footage(cases: list[Any]) -> Iterator[panels.TodayLine]:
    """What is lost first, with the hours that are left."""
    by_level: dict[str, list[Any]] = {"bad": [], "unknown": [], "soon": []}
    for row in cases:
        if row.footage and row.footage.level in by_level and row.status != S.APPROVED:
            by_level[row.footage.level].append(row)
    text = _("%(number)s: %(footage)s")
    yield from _each(by_level["bad"], LOST, text, _("Hold the footage"), "footage")
    yield from _each(by_level["unknown"], UNKNOWN, text, _("Open case"), "footage")
    yield from _each(by_level["soon"], SOON, text, _("Open case"), "footage")


def _missing(cases: list[Any]) -> Iterator[panels.TodayLine]:
    late = [
        row
        for row in cases
        if row.status == S.INFO_MISSING and row.missing_until and row.missing_until < tsi.today()
    ]
    text = _("%(number)s: what was asked for has not come")
    yield from _each(late, DUE, text, _("Open case"), "missing")


def _outside(cases: list[Any], person: Person) -> Iterator[panels.TodayLine]:
    """What must come from outside before long: the writing after an oral request, the payment of a fee."""
    today = tsi.today()
    oral = [
        row
        for row in cases
        if row.kind.writing_within_working_days is not None and writing.is_awaited(row)
    ]
    first = min((tsi.day_of(row.arrived_at) for row in oral), default=today)
    closed = closed_among(_HOLIDAYS(person), first, today + _BEYOND)
    late = [row for row in oral if (deadlines.writing_due(row, closed) or today) <= today]
    text = _("%(number)s: the letter after the oral request has not come")
    yield from _each(late, DUE, text, _("Open case"), "writing")
    owed = [row for row in cases if row.stopped_until and row.answer.level == "soon"]
    text = _("%(number)s: %(answer)s, otherwise it counts as withdrawn")
    yield from _each(owed, DUE, text, _("Open case"), "fee")


def _deadlines(cases: list[Any], person: Person) -> Iterator[panels.TodayLine]:
    counted = [row for row in cases if row.answer and row.deadline_at and row.status != S.DRAFT]
    late = [row for row in counted if row.answer.level == "late"]
    running = [row for row in counted if row.answer.level != "late"]
    warned = _warned(running, person)
    soon = [row for row in running if row.answer.level == "soon" or row.pk in warned]
    text = _("%(number)s must be answered: %(answer)s")
    yield from _each(late, LATE, text, _("Open case"), "deadline")
    yield from _each(soon, DUE, text, _("Open case"), "deadline")


def _warned(rows: list[Any], person: Person) -> set[int]:
    """Cases whose kind warns on a day that has come; the holidays are read once for all of them."""
    if not rows:
        return set()
    today = tsi.today()
    first = min(tsi.day_of(row.arrived_at) for row in rows)
    last = max(tsi.day_of(row.deadline_at) for row in rows) + _BEYOND
    closed = closed_among(_HOLIDAYS(person), first, last)
    return {
        row.pk
        for row in rows
        if any(
            day <= today
            for day in deadlines.warn_dates(row.kind, row.arrived_at, row.deadline_at, closed)
        )
    }


def _each(
    rows: list[Any], urgency: int, text: str, action: str, kind: str
) -> Iterator[panels.TodayLine]:
    """A line per case; beyond a few, one line for all the others."""
    shown = rows if len(rows) <= MOST_EACH + 1 else rows[:MOST_EACH]
    for row in shown:
        words = {
            "number": row.number,
            "footage": row.footage.words if row.footage else "",
            "answer": row.answer.words if row.answer else "",
        }
        yield panels.TodayLine(
            urgency=urgency,
            sentence=text % words,
            url=reverse("footage_requests:case", args=[row.pk]),
            action_label=action,
            kind=f"request-{kind}",
            key=row.number,
        )
    more = len(rows) - len(shown)
    if more:
        said = ngettext(
            "%(count)d more request like this", "%(count)d more requests like this", more
        )
        yield panels.TodayLine(
            urgency=urgency,
            sentence=said % {"count": more},
            url=reverse("footage_requests:board"),
            action_label=_("Open the board"),
            kind=f"request-{kind}-more",
            key=str(urgency),
        )
