"""What releases add to Bugün: copies whose last day comes, steps of a destruction, compensating controls to be reviewed.

Nobody opens a closed case by chance: what is still to be done about it is told to whoever may do it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, QuerySet, Window
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import panels
from core.holidays import LONGEST_SEARCH, closed_among, whole_holidays, working_days_after
from core.tsi import day_of, day_text, today

from .. import permissions
from ..models import Destruction, Package
from . import destroying

if TYPE_CHECKING:
    from accounts.models import Person

LATE, DUE, WAITING, AHEAD = 4, 25, 30, 55
MOST_EACH = 4
DUE_DAYS = 7
"""So long before its last day a copy is no longer merely announced."""
_MOST_STEPS = 50
_STEPS: dict[str, Promise] = {
    "verify": gettext_lazy("Destruction %(number)s waits for a second person to verify it"),
    "approve": gettext_lazy("Destruction %(number)s waits for your approval"),
    "carry-out": gettext_lazy("Destruction %(number)s is approved: carry it out"),
}


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _COPIES, _DESTRUCTIONS, _REVIEWS, _HOLIDAYS)


def _copies(person: Person) -> QuerySet[Any] | None:
    """Our copies whose last day is near or past, the oldest first; how many there are stands in each row."""
    if not person.has_role(*destroying.PREPARING, *destroying.APPROVING):
        return None
    near = destroying.due(today() + dt.timedelta(days=settings.COPY_WARN_DAYS))
    rows = near.visible_to(person).select_related(None).order_by("delete_by", "pk")
    return rows.values_list(
        *("pk", "number", "delete_by", "request_id"), Window(Count("pk"))
    )[:MOST_EACH]  # fmt: skip


def _destructions(person: Person) -> QuerySet[Any] | None:
    if not person.has_role(*destroying.VERIFYING, *destroying.APPROVING):
        return None
    rows = Destruction.objects.visible_to(person).filter(status__in=destroying.NEXT)
    return rows.order_by("prepared_at").values_list(
        *("pk", "number", "status", "request_id", "prepared_by", "verified_by", "prepared_at")
    )[:_MOST_STEPS]


def unreviewed(packages: QuerySet[Any]) -> QuerySet[Any]:
    """Those packages in which small-unit mode was used and that no superior has reviewed yet."""
    used = packages.filter(is_small_unit=True, reviewed_at=None, verified_at__isnull=False)
    return used.exclude(status=Package.Status.CANCELLED)


def _reviews(person: Person) -> QuerySet[Any] | None:
    """Uses of small-unit mode that this superior may review."""
    if not permissions.can_decide(person):
        return None
    rows = unreviewed(Package.objects.visible_to(person))
    rows = rows.exclude(exporter=person).exclude(verifier=person)
    return rows.order_by("verified_at").values_list("pk", "number", "request_id", "verified_at")[
        :MOST_EACH
    ]


_COPIES = panels.Question(_copies)
_DESTRUCTIONS = panels.Question(_destructions)
_REVIEWS = panels.Question(_reviews)
_HOLIDAYS = panels.Question(
    lambda person: whole_holidays() if permissions.can_decide(person) else None
)


def lines(person: Person) -> Iterator[panels.TodayLine]:
    """To those who can take the next step; no query of its own."""
    rows = _COPIES(person)
    for pk, number, day, case, _count in rows:
        yield _copy(pk, number, day, case)
    more = rows[0][4] - len(rows) if rows else 0
    if more:
        told = ngettext(
            "%(count)d more copy is to be destroyed soon",
            "%(count)d more copies are to be destroyed soon",
            more,
        )
        yield panels.TodayLine(DUE, told % {"count": more}, kind="copies-more", key="soon")
    for row in _DESTRUCTIONS(person):
        yield from _step(person, *row)
    closed = _closed(person)
    for pk, number, case, verified_at in _REVIEWS(person):
        yield _review(pk, number, case, verified_at, closed)


def _copy(pk: int, number: str, day: dt.date, case: int) -> panels.TodayLine:
    left = (day - today()).days
    sentence = (
        _("%(number)s: our copy should have been destroyed by %(day)s")
        if left < 0
        else _("%(number)s: our copy is to be destroyed by %(day)s")
    )
    return panels.TodayLine(
        urgency=LATE if left < 0 else DUE if left <= DUE_DAYS else AHEAD,
        sentence=sentence % {"number": number, "day": day_text(day)},
        url=_of_case(case),
        action_label=_("Prepare destruction"),
        kind="copy-due",
        key=str(pk),
    )


def _step(
    person: Person,
    pk: int,
    number: str,
    status: str,
    case: int,
    prepared_by: int,
    verified_by: int | None,
    prepared_at: dt.datetime,
) -> Iterator[panels.TodayLine]:
    """The next of the three, to those who may be it."""
    step = destroying.NEXT[Destruction.Status(status)]
    has_acted = step != "carry-out" and person.pk in {prepared_by, verified_by}
    if has_acted or not person.has_role(*destroying.ROLES[step]):
        return
    yield panels.TodayLine(
        urgency=WAITING,
        sentence=str(_STEPS[step]) % {"number": number},
        url=_of_case(case),
        action_label=_("Open case"),
        age_instant=prepared_at,
        kind="destruction",
        key=str(pk),
    )


def _review(
    pk: int, number: str, case: int, verified_at: dt.datetime, closed: set[dt.date]
) -> panels.TodayLine:
    day = working_days_after(day_of(verified_at), settings.SMALL_UNIT_REVIEW_DAYS, closed)
    return panels.TodayLine(
        urgency=LATE if day < today() else WAITING,
        sentence=_("%(number)s: the compensating control waits for your review, by %(day)s")
        % {"number": number, "day": day_text(day)},
        url=_of_case(case),
        action_label=_("Open case"),
        age_instant=verified_at,
        kind="small-unit-review",
        key=str(pk),
    )


def _closed(person: Person) -> set[dt.date]:
    first = min((row[3] for row in _REVIEWS(person)), default=None)
    if first is None:
        return set()
    last = today() + dt.timedelta(days=LONGEST_SEARCH)
    return closed_among(_HOLIDAYS(person), day_of(first), last)


def _of_case(pk: int) -> str:
    return f"{reverse('footage_requests:case', args=[pk])}#release"
