"""Requests in figures: by kind, outcome and days, as a page and as a file."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import audit
from accounts.requests import PersonRequest
from core import tsi
from inventory.sheets.writing import FORMATS, download

from .. import permissions
from ..casework import statistics as figures
from ..footage import pace
from ..models import Decision, FootageRequest
from .board import tabs
from .shared import for_people


@require_safe
@for_people(permissions.can_see_requests, is_unsworn=True)
def statistics(request: PersonRequest) -> HttpResponse:
    """The year so far, or the asked days (`?from=&to=`)."""
    today = tsi.today()
    first = _day(request.GET.get("from", ""), dt.date(today.year, 1, 1))
    last = max(first, _day(request.GET.get("to", ""), today))
    lines = figures.count(request.user, first, last)
    headers = _headers()
    if request.GET.get("format") in FORMATS:
        with transaction.atomic():
            audit.record(
                "requests.export", actor=request.user, format=request.GET["format"], rows=len(lines)
            )
        rows = [
            [
                line.kind.name,
                line.total,
                *line.outcomes,
                line.median_days,
                line.longest_days,
                line.late,
            ]
            for line in lines
        ]
        return download(request.GET["format"], _("Requests in figures"), headers, rows)
    context = {
        "lines": lines,
        "headers": headers,
        "first": first,
        "last": last,
        "total": sum(line.total for line in lines),
        "late": sum(line.late for line in lines),
        "sums": [sum(counts) for counts in zip(*(line.outcomes for line in lines), strict=True)],
        "paces": pace.table(request.user),
        "amounts": [pace.in_words(minutes * 60) for minutes in pace.AMOUNTS_MINUTES],
        "pace_days": pace.COUNTED_DAYS,
        "tabs": tabs("statistics"),
    }
    return render(request, "requests/statistics.html", context)


def _headers() -> list[str]:
    names = {
        **{kind.value: str(kind.label) for kind in Decision.Kind},
        **{state.value: str(state.label) for state in FootageRequest.Status},
        "OPEN": _("not decided"),
    }
    return [
        _("Requester"),
        _("All"),
        *(names[outcome] for outcome in figures.OUTCOMES),
        _("Days to the decision (median)"),
        _("Longest"),
        _("Late"),
    ]


def _day(text: str, usual: dt.date) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return usual
