"""What several pages need: the asked day, refusals, pages of a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from cameras.models import Finding
from cameras.wording.finding_words import sentence
from cameras.wording.names import finding_names
from core import tsi
from inventory.models import Position, RecordingSchedule
from inventory.schedules import expected_many

View = Callable[..., HttpResponse]
T = TypeVar("T")
PAGE_SIZE = 50
LARGEST_PAGE = 10_000


def for_people(may: Callable[[Any], bool]) -> Callable[[View], View]:
    """Signed-in people for whom `may(person)` holds; others get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not may(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return login_required(guarded)

    return decorate


def asked_day(request: HttpRequest) -> dt.date:
    """The day of `?day=2026-11-22`; yesterday when none or nonsense is given, never the future."""
    text = request.GET.get("day", "")
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return tsi.today() - dt.timedelta(days=1)
    return min(max(day, dt.date(2000, 1, 1)), tsi.today())


def days_around(day: dt.date) -> dict[str, Any]:
    """The shown day, its neighbours for the day picker, and whether it is still going on."""
    today = tsi.today()
    return {
        "day": day,
        "today": today,
        "before": day - dt.timedelta(days=1),
        "after": day + dt.timedelta(days=1) if day < today else None,
        "is_today": day == today,
    }


def on_motion_only(positions: Iterable[Position], day: dt.date) -> set[int]:
    """Positions recorded on motion only that day: a share or a longest gap says nothing about them."""
    kinds = expected_many(positions, day)
    return {pk for pk, wanted in kinds.items() if wanted.kind == RecordingSchedule.Kind.MOTION}


def told(findings: Iterable[Finding], name: str = "") -> list[dict[str, Any]]:
    """Findings with their sentences, for a page about one device or position.

    `name` where all of them are about one place: then nothing is asked for their names.
    """
    rows = list(findings)
    names = {} if name else finding_names(rows)
    return [{"row": row, "sentence": sentence(row, names.get(row.pk, name))} for row in rows]


def day_or_404(text: str) -> dt.date:
    """A day of a path."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if not dt.date(2000, 1, 1) <= day <= tsi.today():
        raise Http404
    return day


def page_of(
    request: HttpRequest, rows: QuerySet[Any], size: int = PAGE_SIZE, count: int | None = None
) -> Page[Any]:
    """The asked page; nonsense is page 1, beyond the end is the last page. `count` when it is known."""
    number = request.GET.get("page", "1")
    pages = Paginator(rows, size)
    if count is not None:
        vars(pages)["count"] = count
    return pages.get_page(min(int(number), LARGEST_PAGE) if number.isdecimal() else 1)
