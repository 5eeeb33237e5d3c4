"""How one building is recording: its floors with their positions on a day, and the last month as bars."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.drawing.strips import Cell, heat_strip, length
from cameras.models import PositionDay
from cameras.models.coverage import Result
from cameras.today import exceptions
from cameras.wording.reasons import word_for
from core import tsi
from inventory.models import Building, Position

from .shared import asked_day, days_around, for_people, on_motion_only, page_of

MONTH_DAYS = 30
BRIEF_DAYS = 14
PAGE = 100
# From the foot of a bar upwards.
STACKED = [Result.RECORDED, Result.EXEMPT, Result.PARTLY, Result.UNKNOWN, Result.NOT_RECORDED]


@require_safe
@for_people(permissions.can_see_cameras)
def building(request: PersonRequest, pk: int) -> HttpResponse:
    """One building: a sentence, a bar per day, and each floor's positions with their last two weeks."""
    row = get_object_or_404(Building.objects.visible_to(request.user).select_related("site"), pk=pk)
    day = asked_day(request)
    asked = PositionDay.objects.filter(position=OuterRef("pk"), day=day)
    places = (
        Position.objects.visible_to(request.user)
        .filter(Q(status=Position.Status.ACTIVE) | Exists(asked), floor__building=row)
        .select_related("floor", "group")
        .order_by("floor__level", "floor__name", "code")
    )
    page = page_of(request, places, PAGE)
    month, oldest = _month(request, row, day)
    counts = {**dict.fromkeys(Result.values, 0), **month.get(day, {})}
    not_asked = max(0, page.paginator.count - sum(counts.values()))
    context = {
        "building": row,
        **days_around(day),
        "page": page,
        "floors": _floors(page, day),
        "counts": [(code, label, counts[code]) for code, label in Result.choices],
        "not_asked": not_asked,
        "sentence": _sentence(counts, not_asked, day),
        "oldest": oldest,
        "bars": [
            _bar(max(day, tsi.today()) - dt.timedelta(days=back), month)
            for back in range(MONTH_DAYS - 1, -1, -1)
        ],
    }
    return render(request, "cameras/building.html", context)


def _month(
    request: PersonRequest, row: Building, day: dt.date
) -> tuple[dict[dt.date, dict[str, int]], dt.datetime | None]:
    """Answers per day, also of the shown day where that is older, and the oldest evidence of that day."""
    last = max(day, tsi.today())
    shown = Q(day__gt=last - dt.timedelta(days=MONTH_DAYS), day__lte=last)
    rows = (
        PositionDay.objects.visible_to(request.user)
        .filter(shown | Q(day=day), position__floor__building=row)
        .values_list("day", "result")
        .annotate(Count("pk"), Min("evidence_at"))
        .order_by()
    )
    month: dict[dt.date, dict[str, int]] = defaultdict(dict)
    times = []
    for of_day, result, count, evidence_at in rows:
        month[of_day][result] = count
        times += [evidence_at] if of_day == day and evidence_at else []
    return month, min(times, default=None)


def _sentence(counts: dict[str, int], not_asked: int, day: dt.date) -> str:
    total = sum(counts.values())
    if not total:
        return _("Nobody has asked what was recorded here on %(day)s.") % {"day": tsi.day_text(day)}
    text = ngettext(
        "On %(day)s %(good)d of %(total)d camera was recorded in full",
        "On %(day)s %(good)d of %(total)d cameras were recorded in full",
        total + not_asked,
    ) % {"day": tsi.day_text(day), "good": counts[Result.RECORDED], "total": total + not_asked}
    rest = [exceptions(counts)] if exceptions(counts) else []
    if not_asked:
        rest.append(
            ngettext("%(count)d was not asked", "%(count)d were not asked", not_asked)
            % {"count": not_asked}
        )
    return f"{text}; {', '.join(rest)}." if rest else f"{text}."


def _bar(day: dt.date, month: Mapping[dt.date, dict[str, int]]) -> dict[str, Any]:
    """One day as a stacked bar: heights in per cent from the top, and the same in words."""
    counts = month.get(day, {})
    total = sum(counts.values())
    labels = dict(Result.choices)
    parts, top = [], 100.0
    for result in STACKED:
        count = counts.get(result, 0)
        if count:
            height = 100 * count / total
            top -= height
            parts.append({"result": result, "y": f"{max(top, 0):.2f}", "height": f"{height:.2f}"})
    words = ", ".join(
        f"{labels[result]}: {counts[result]}" for result in STACKED if counts.get(result)
    )
    return {"day": day, "parts": parts, "title": f"{tsi.day_text(day)} · {words or _('no data')}"}


def _floors(page: Iterable[Position], day: dt.date) -> list[dict[str, Any]]:
    """The positions of a page by floor, each with its answer and its last two weeks."""
    rows = list(page)
    answers = {
        answer.position_id: answer
        for answer in PositionDay.objects.filter(position__in=rows, day=day)
    }
    first = day - dt.timedelta(days=BRIEF_DAYS - 1)
    results: dict[int, dict[dt.date, str]] = defaultdict(dict)
    for position_id, on, result in PositionDay.objects.filter(
        position__in=rows, day__range=(first, day)
    ).values_list("position", "day", "result"):
        results[position_id][on] = result
    quiet = on_motion_only(rows, day)
    floors: dict[int, dict[str, Any]] = {}
    for row in rows:
        floor = floors.setdefault(
            row.floor_id, {"row": row.floor, "plan_url": _plan_url(row.floor_id), "lines": []}
        )
        answer = answers.get(row.pk)
        cells = heat_strip(day, BRIEF_DAYS, results[row.pk])
        floor["lines"].append(
            {
                "position": row,
                "answer": answer,
                "is_motion": row.pk in quiet,
                "reason": word_for(answer.reason) if answer and answer.reason else "",
                "longest": length(answer.longest_gap_ms)
                if answer and answer.longest_gap_ms and row.pk not in quiet
                else "",
                "cells": cells,
                "brief": _brief(cells),
            }
        )
    return list(floors.values())


def _brief(cells: Iterable[Cell]) -> str:
    """The two weeks in words, for those who do not see the cells."""
    labels = {**dict(Result.choices), "": _("no data")}
    kinds = [cell.kind for cell in cells]
    told = [
        f"{label}: {kinds.count(str(kind))}" for kind, label in labels.items() if str(kind) in kinds
    ]
    return ", ".join(told)


def _plan_url(floor_id: int) -> str:
    """The floor's plan, where the inventory has such pages."""
    try:
        return reverse("inventory:floor_plan", args=[floor_id])
    except NoReverseMatch:
        return ""
