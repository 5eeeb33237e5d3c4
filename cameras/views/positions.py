"""Cameras: the list of positions with last night's answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.paginator import Page
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.drawing.strips import length
from cameras.filters import CameraFilters
from cameras.models import PositionDay
from cameras.models.coverage import Result
from cameras.wording.reasons import word_for
from core import tsi
from core.text import sort_key
from inventory.models import Building, Position

from .shared import asked_day, for_people, on_motion_only, page_of


@require_safe
@for_people(permissions.can_see_cameras)
def positions(request: PersonRequest) -> HttpResponse:
    """Every position that this person may see, with the answer of one day; filters and search."""
    day = asked_day(request)
    rows = (
        Position.objects.visible_to(request.user)
        .select_related("floor__building")
        # By codes: databases do not sort Turkish names as people do.
        .order_by("floor__building__code", "code")
    )
    asked = CameraFilters(request.GET, queryset=rows, day=day)
    page = page_of(request, asked.qs)
    _add_answers(page, day)
    context = {
        "page": page,
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


def _add_answers(page: Page[Any], day: dt.date) -> None:
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
