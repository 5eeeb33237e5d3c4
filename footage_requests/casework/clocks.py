"""The clock of a case's footage in words: how long it lasts, as `availability.hours_left` measured it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from ..holds.availability import HoursLeft, hours_left
from ..models import FootageRequest, Hold, Package, RequestItem
from .gathering import is_gathered

S = FootageRequest.Status
SOON_H = 24
IN_A_WEEK_H = 7 * 24
_UNDER_WAY = frozenset({Package.Status.EXPORTING, Package.Status.CANCELLED})
# Elsewhere nothing is lost by waiting: the case has been decided against, or is over.
KEEPING = (*FootageRequest.BEFORE_DECISION, FootageRequest.Status.APPROVED)


@dataclass(frozen=True)
class Clock:
    """One clock in words. `level` is a class of the page: good, ok, soon, bad, unknown.

    `rank` sorts what is lost first to the front, and what is not known before everything.
    """

    words: str
    level: str
    rank: tuple[int, float]


def with_cameras(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Adds `camera_count`, `is_fetched`, and `lost_at`: when footage that nobody holds is lost next."""
    included = RequestItem.objects.filter(request=OuterRef("pk"), is_included=True).order_by()
    kept = Hold.objects.filter(Hold.WHOLE, item=OuterRef("pk"))
    waiting = RequestItem.objects.filter(request=OuterRef("pk")).exclude(is_included=False)
    unheld = waiting.exclude(Exists(kept)).order_by().values("request")
    return rows.annotate(
        camera_count=Subquery(
            included.values("request").annotate(count=Count("pk")).values("count")
        ),
        lost_at=Subquery(unheld.annotate(first=Min("lost_at")).values("first")),
        is_fetched=Exists(exported().filter(request=OuterRef("pk"))),
    )


def wind(rows: Sequence[Any]) -> None:
    """Gives each row its `footage`: a Clock, or None where it does not matter any more.

    One query for rows of `with_cameras` or gathered ones, two for others.
    """
    approved = [row for row in rows if row.status == S.APPROVED]
    fetched = {row.pk for row in approved if _is_known(row) and is_fetched(row)}
    fetched |= _fetched([row.pk for row in approved if not _is_known(row)])
    asked = {row.pk for row in rows if row.status in KEEPING} - fetched
    left = hours_left(asked) if asked else {}
    for row in rows:
        row.footage = _clock(left.get(row.pk)) if row.pk in asked else None


def _is_known(row: Any) -> bool:
    return hasattr(row, "is_fetched") or is_gathered(row, "packages")


def is_fetched(row: Any) -> bool:
    """Whether the footage of one row, of `with_cameras` or gathered, has been exported."""
    if hasattr(row, "is_fetched"):
        return bool(row.is_fetched)
    return any(package.status not in _UNDER_WAY for package in row.packages.all())


def _fetched(numbers: Sequence[int]) -> set[int]:
    """Cases whose footage has been exported: what the recorder overwrites now is not missed."""
    if not numbers:
        return set()
    return set(exported().filter(request__in=numbers).values_list("request_id", flat=True))


def exported() -> QuerySet[Any]:
    """Releases whose footage lies in the store."""
    return Package.objects.exclude(status__in=_UNDER_WAY)


def _clock(left: HoursLeft | None) -> Clock:
    if left is None:
        return Clock(_("no camera chosen: nothing is held"), "bad", (0, 0.0))
    if left.is_held:
        return Clock(_("footage is held"), "good", left.sort_key)
    hours = left.hours
    if hours is None:
        return Clock(_("not known how long it lasts"), "unknown", left.sort_key)
    if hours <= 0:
        return Clock(_("may be overwritten already"), "bad", left.sort_key)
    words = _("overwritten in %(duration)s") % {"duration": left.words()}
    level = "bad" if hours < SOON_H else "soon" if hours < IN_A_WEEK_H else "ok"
    return Clock(words, level, left.sort_key)


def with_footage(rows: QuerySet[Any], level: str) -> QuerySet[Any]:
    """Cases whose clock shows that level."""
    keeping = list(rows.select_related(None).filter(status__in=KEEPING).only("pk", "status"))
    wind(keeping)
    return rows.filter(
        pk__in=[row.pk for row in keeping if row.footage and row.footage.level == level]
    )
