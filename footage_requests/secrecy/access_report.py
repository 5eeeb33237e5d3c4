"""Who looked at what in a month: cases, footage, papers, identity numbers, last pictures.

Read from the audit log, so that it tells what happened and not what rows remember. Conspicuous is what a
superior asks about first; it accuses nobody.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from audit.models import Entry
from audit.sentences import reason
from cameras.reports.reports import Column, Period, Report, Section, Value
from core import tsi
from core.holidays import closed_days

from ..models import FootageRequest, Viewing
from .interests import hints, is_out

FORM = "ACCESS_REPORT"
MOST_LINES = 20_000
CASE, FOOTAGE, PAPER, IDENTITY, PICTURE = "case", "footage", "paper", "identity", "picture"
LOOKS = {
    "footagerequest.open": CASE,
    "exhibit.view": FOOTAGE,
    "footagerequest.open_paper": PAPER,
    "footagerequest.reveal_identity": IDENTITY,
    "picture.view": PICTURE,
}
WORDS = {
    CASE: gettext_lazy("case opened"),
    FOOTAGE: gettext_lazy("footage watched"),
    PAPER: gettext_lazy("paper opened"),
    IDENTITY: gettext_lazy("identity number shown"),
    PICTURE: gettext_lazy("last picture seen"),
}


@dataclass
class Look:
    """One access as the log has it, and why it stands out."""

    entry: Entry
    what: str
    conspicuous: list[str] = field(default_factory=list)


def access_report(period: Period) -> Report:
    """The report of a month: sums per person, what is conspicuous, and every access."""
    looks = _looks(period)
    _mark(looks, period)
    marked = [look for look in looks if look.conspicuous]
    return Report(
        form=FORM,
        title=_("Monthly access report"),
        period=period.words,
        about=period.last,
        is_signed_by_hand=True,
        facts=[
            (_("People who looked at something"), len({look.entry.actor_id for look in looks})),
            (_("Accesses"), len(looks)),
            (_("Conspicuous"), len(marked)),
            (_("Working hours"), _hours_words()),
        ],
        sections=[_people(looks, period), _conspicuous(marked), _every(looks)],
        sentence=_("Who looked at what in the period %(period)s is presented above.")
        % {"period": period.words},
    )


def looks_in(month: dt.date) -> QuerySet[Entry]:
    """Everything that anybody looked at in the month that begins on that day."""
    start = tsi.day_bounds(month)[0]
    end = tsi.day_bounds((month + dt.timedelta(days=31)).replace(day=1))[0]
    return Entry.objects.filter(action__in=list(LOOKS), taken_at__gte=start, taken_at__lt=end)


def _looks(period: Period) -> list[Look]:
    start, end = period.bounds
    rows = Entry.objects.filter(
        action__in=list(LOOKS), taken_at__gte=start, taken_at__lt=end
    ).order_by("taken_at", "pk")
    return [Look(row, LOOKS[row.action]) for row in rows[:MOST_LINES]]


def _mark(looks: list[Look], period: Period) -> None:
    """Says what stands out: the hour, the number of cases on one day, a case of one's own."""
    closed = closed_days(period.first, period.last)
    cases = _cases(looks)
    people = {str(person.pk): person for person in Person.objects.filter(pk__in=_keys(looks))}
    many = _days_of_many_cases(looks)
    for look in looks:
        entry = look.entry
        if is_outside_hours(entry.taken_at, closed):
            look.conspicuous.append(_("outside working hours"))
        day = tsi.day_of(entry.taken_at)
        if look.what == CASE and (entry.actor_id, day) in many:
            look.conspicuous.append(
                _("%(count)d different cases on that day") % {"count": many[entry.actor_id, day]}
            )
        case, person = cases.get(entry.object_id), people.get(entry.actor_id)
        if look.what != PICTURE and case is not None and person is not None:
            look.conspicuous += _own(person, case)


def _own(person: Person, case: FootageRequest) -> Iterable[str]:
    if is_out(person, case):
        yield _("out of this case")
    elif hints(person, case):
        yield _("the case names this person")


def _keys(looks: Iterable[Look]) -> list[int]:
    return [int(key) for key in {look.entry.actor_id for look in looks} if key.isdecimal()]


def _cases(looks: Iterable[Look]) -> dict[str, FootageRequest]:
    kind = FootageRequest._meta.label_lower
    keys = {look.entry.object_id for look in looks if look.entry.object_type == kind}
    rows = FootageRequest.objects.filter(uuid__in=keys).prefetch_related("interests")
    return {str(row.uuid): row for row in rows}


def _days_of_many_cases(looks: Iterable[Look]) -> dict[tuple[str, dt.date], int]:
    seen: dict[tuple[str, dt.date], set[str]] = defaultdict(set)
    for look in looks:
        if look.what == CASE:
            seen[look.entry.actor_id, tsi.day_of(look.entry.taken_at)].add(look.entry.object_id)
    most = settings.ACCESS_REPORT_CASES
    return {key: len(cases) for key, cases in seen.items() if len(cases) > most}


def is_outside_hours(instant: dt.datetime, closed: Collection[dt.date]) -> bool:
    """Before or after the working hours (WORKING_HOURS), at a weekend or on a whole holiday (TSİ)."""
    local = instant.astimezone(tsi.TSI)
    if local.weekday() >= 5 or local.date() in closed:
        return True
    begins, ends = settings.WORKING_HOURS
    return not begins <= local.time() < ends


def _hours_words() -> str:
    begins, ends = settings.WORKING_HOURS
    return f"{begins:%H:%M}–{ends:%H:%M}"


def _people(looks: list[Look], period: Period) -> Section:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    cases: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    for look in looks:
        key = look.entry.actor_id
        names[key] = look.entry.actor_name
        counts[key][look.what] += 1
        counts[key]["marked"] += bool(look.conspicuous)
        if look.what == CASE:
            cases[key].add(look.entry.object_id)
    watched = _watched(period)
    rows: list[list[Value]] = [
        [
            names[key],
            len(cases[key]),
            counts[key][FOOTAGE],
            tsi.duration(watched.get(key, 0) // 1000) if watched.get(key) else None,
            counts[key][PAPER],
            counts[key][IDENTITY],
            counts[key][PICTURE],
            counts[key]["marked"],
        ]
        for key in sorted(names, key=lambda key: (-counts[key]["marked"], names[key]))
    ]
    return Section(
        title=_("People"),
        columns=[
            Column(_("Person")),
            Column(_("Cases"), is_number=True),
            Column(_("Footage opened"), is_number=True),
            Column(_("Footage watched")),
            Column(_("Papers"), is_number=True),
            Column(_("Identity numbers"), is_number=True),
            Column(_("Last pictures"), is_number=True),
            Column(_("Conspicuous"), is_number=True),
        ],
        rows=rows,
        empty=_("Nobody looked at anything."),
    )


def _watched(period: Period) -> dict[str, int]:
    """How long each person watched footage, in milliseconds of the footage itself."""
    start, end = period.bounds
    found: Counter[str] = Counter()
    rows = Viewing.objects.filter(opened_at__gte=start, opened_at__lt=end)
    for person, watched in rows.values_list("person", "watched_ms"):
        found[str(person)] += watched
    return found


def _conspicuous(looks: list[Look]) -> Section:
    return Section(
        title=_("Conspicuous"),
        columns=[*_columns(), Column(_("What stands out"))],
        rows=[[*_line(look), ", ".join(look.conspicuous)] for look in looks],
        remark=_("Conspicuous is a reason to ask, and no accusation."),
        empty=_("Nothing stands out."),
    )


def _every(looks: list[Look]) -> Section:
    return Section(
        title=_("Every access"),
        columns=_columns(),
        rows=[_line(look) for look in looks],
        remark=_("Only the first %(most)d are listed.") % {"most": MOST_LINES}
        if len(looks) >= MOST_LINES
        else "",
        empty=_("Nobody looked at anything."),
    )


def _columns() -> list[Column]:
    return [
        Column(_("Time (TSİ)")),
        Column(_("Person")),
        Column(_("What")),
        Column(_("Object")),
        Column(_("Reason")),
    ]


def _line(look: Look) -> list[Any]:
    entry = look.entry
    return [
        entry.taken_at,
        entry.actor_name,
        str(WORDS[look.what]),
        entry.object_name,
        reason(entry),
    ]
