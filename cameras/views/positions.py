"""Cameras: the list of positions with last night's answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import NullIf
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.drawing.strips import length
from cameras.filters import CameraFilters
from cameras.models import PositionDay
from cameras.models.coverage import Result
from cameras.wording.reasons import word_for
from core import tsi
from core.sorting import Turkish
from core.text import sort_key
from inventory.models import Building, Position

from . import lists
from .shared import asked_day, for_people, on_motion_only, page_of

ORDERS: lists.Orders = {
    "name": [Turkish("name")],
    "building": [Turkish("floor__building__name"), "code"],
    "answer": ["sort_answer"],
    "share": ["sort_share"],
    "gap": ["sort_gap"],
    "asked": ["sort_asked"],
}


@require_safe
@for_people(permissions.can_see_cameras)
def positions(request: PersonRequest) -> HttpResponse:
    """Every position that this person may see, with the answer of one day; `?format=` gives it as a file."""
    before = lists.remembered(request, "cameras")
    if before:
        return redirect(f"{request.path}?{before}")
    day = asked_day(request)
    rows = (
        Position.objects.visible_to(request.user)
        .select_related("floor__building")
        # By codes: databases do not sort Turkish names as people do.
        .order_by("floor__building__code", "code")
    )
    asked = CameraFilters(request.GET, queryset=rows, day=day)
    shown = lists.in_order(request, _sortable(request, asked.qs, day), ORDERS)
    if lists.wants_file(request):
        return _file(request, shown, day)
    page = page_of(request, shown)
    _add_answers(page, day)
    context = {
        "page": page,
        "heads": lists.heads(request, _columns(), ORDERS),
        "day": day,
        "today": tsi.today(),
        "results": Result.choices,
        "result": request.GET.get("result", ""),
        "buildings": sorted(
            Building.objects.visible_to(request.user), key=lambda row: sort_key(row.name)
        ),
        "building": request.GET.get("building", ""),
        "query": request.GET.get("search", ""),
        "filtered": any(request.GET.get(name) for name in asked.filters),
    }
    return render(request, "cameras/positions.html", context)


def _columns() -> list[tuple[str, str, str]]:
    return [
        ("name", _("Position"), ""),
        ("building", _("Building"), "d-none d-md-table-cell"),
        ("answer", _("Answer"), ""),
        ("share", _("Recorded time"), "text-end"),
        ("gap", _("Longest gap"), "text-end d-none d-sm-table-cell"),
        ("asked", _("Asked"), "d-none d-lg-table-cell"),
    ]


def _sortable(request: PersonRequest, rows: QuerySet[Any], day: dt.date) -> QuerySet[Any]:
    """With what the day's answers are sorted by, where somebody sorts by it."""
    answers = PositionDay.objects.filter(day=day, position=OuterRef("pk"))
    share = F("recorded_ms") * 1.0 / NullIf(F("expected_ms"), Value(0))
    ways = {
        "answer": answers.values("result"),
        "share": answers.annotate(share=share).values("share"),
        "gap": answers.values("longest_gap_ms"),
        "asked": answers.values("evidence_at"),
    }
    key = request.GET.get("sort", "").removeprefix("-")
    return rows.annotate(**{f"sort_{key}": Subquery(ways[key][:1])}) if key in ways else rows


def _file(request: PersonRequest, rows: QuerySet[Any], day: dt.date) -> HttpResponse:
    headers = [
        _("Code"), _("Position"), _("Building"), _("Floor"), _("Day"), _("Answer"), _("Reason"),
        _("Recorded, per cent"), _("Longest gap"), _("Asked"),
    ]  # fmt: skip
    return lists.as_file(request, "cameras", _("Cameras"), headers, _lines(rows, day))


def _lines(rows: QuerySet[Any], day: dt.date) -> Iterator[list[Any]]:
    answers = {code: str(label) for code, label in Result.choices}
    for part in lists.by_parts(rows):
        _add_answers(part, day)
        for row in part:
            share = None if row.is_motion or row.percent is None else round(row.percent, 2)
            yield [
                row.code, row.name, row.floor.building.name, row.floor.name, day,
                answers.get(row.result, _("Not asked")), row.reason_word, share,
                "" if row.is_motion else row.longest, row.evidence_at,
            ]  # fmt: skip


def _add_answers(page: Iterable[Any], day: dt.date) -> None:
    """Puts that day's answer beside each position of a page, in two queries."""
    answers = {
        answer.position_id: answer
        for answer in PositionDay.objects.filter(day=day, position__in=list(page))
    }
    quiet = on_motion_only(page, day)
    for row in page:
        answer = answers.get(row.pk)
        row.is_motion = row.pk in quiet
        row.result = answer.result if answer else None
        row.reason_word = word_for(answer.reason) if answer and answer.reason else ""
        row.percent = answer.percent if answer else None
        row.longest = length(answer.longest_gap_ms) if answer and answer.longest_gap_ms else ""
        row.evidence_at = answer.evidence_at if answer else None
