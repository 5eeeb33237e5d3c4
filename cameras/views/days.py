"""Days: the calendar of answers, and one day by building with its exceptions first."""

from __future__ import annotations

import datetime as dt

from django.db.models import Case, Count, IntegerField, Value, When
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.drawing.strips import length
from cameras.models import PositionDay, Run
from cameras.models.coverage import Result
from cameras.wording.reasons import word_for
from core import tsi

from .shared import day_or_404, days_around, for_people, on_motion_only, page_of

SHOWN_DAYS = 60
WORST_FIRST = [Result.NOT_RECORDED, Result.UNKNOWN, Result.PARTLY, Result.EXEMPT, Result.RECORDED]


@require_safe
@for_people(permissions.can_see_cameras)
def days(request: PersonRequest) -> HttpResponse:
    """The last days with their sums; any other day by its date."""
    wanted = request.GET.get("day", "")
    if wanted:
        return day(request, wanted)
    first = tsi.today() - dt.timedelta(days=SHOWN_DAYS)
    rows = (
        PositionDay.objects.visible_to(request.user)
        .filter(day__gte=first)
        .values("day", "result")
        .annotate(count=Count("pk"))
    )
    table: dict[dt.date, dict[str, int]] = {}
    for row in rows:
        table.setdefault(row["day"], dict.fromkeys(Result.values, 0))[row["result"]] = row["count"]
    runs = {
        run.day: run
        for run in Run.objects.visible_to(request.user)
        .filter(day__gte=first)
        .exclude(kind=Run.Kind.CHECK_NOW)
        .order_by("pk")
    }
    listed = [
        {"day": day, "counts": counts, "total": sum(counts.values()), "run": runs.get(day)}
        for day, counts in sorted(table.items(), reverse=True)
    ]
    context = {"days": listed, "results": Result.choices, "today": tsi.today()}
    return render(request, "cameras/days.html", context)


@require_safe
@for_people(permissions.can_see_cameras)
def day(request: PersonRequest, text: str) -> HttpResponse:
    """One day: every position's answer, what is wrong first, each with the age of its evidence."""
    asked = day_or_404(text)
    rows = PositionDay.objects.visible_to(request.user).filter(day=asked)
    counts = dict.fromkeys(Result.values, 0)
    counts.update(rows.values_list("result").annotate(count=Count("pk")))
    result = request.GET.get("result", "")
    if result not in Result.values:
        result = ""
    order = Case(
        *[When(result=result, then=Value(rank)) for rank, result in enumerate(WORST_FIRST)],
        output_field=IntegerField(),
    )
    page = page_of(
        request,
        (rows.filter(result=result) if result else rows)
        .select_related("position__floor__building")
        .order_by(order, "position__floor__building__code", "position__code"),
        100,
        counts[result] if result else sum(counts.values()),
    )
    quiet = on_motion_only((row.position for row in page), asked)
    for row in page:
        row.is_motion = row.position_id in quiet
        row.reason_word = word_for(row.reason) if row.reason else ""
        row.longest = length(row.longest_gap_ms) if row.longest_gap_ms else ""
    context = {
        **days_around(asked),
        "page": page,
        "counts": [(code, label, counts[code]) for code, label in Result.choices],
        "total": sum(counts.values()),
        "result": result,
        "runs": Run.objects.visible_to(request.user)
        .filter(day=asked)
        .exclude(kind=Run.Kind.CHECK_NOW),
    }
    return render(request, "cameras/day.html", context)
