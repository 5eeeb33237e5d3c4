"""Recorders: the list with last sign of life, clock and yesterday's channels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Abs
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.drawing.strips import offset_words
from cameras.models.coverage import CoverageDay, Result
from cameras.wording.names import addresses_of, model_of
from cameras.wording.reasons import word_for
from core import tsi
from core.sorting import Turkish
from core.text import sort_key
from inventory.filters import DeviceFilters
from inventory.models import Building, Channel, Device

from . import lists
from .shared import asked_day, for_people, page_of

ORDERS: lists.Orders = {
    "recorder": [Turkish("maker"), Turkish("model")],
    "clock": [Abs("condition__clock_offset_ms")],
    "answered": ["condition__answered_at"],
}


@require_safe
@for_people(permissions.can_see_cameras)
def recorders(request: PersonRequest) -> HttpResponse:
    """Every recorder with its last sign of life, its clock, and yesterday's channels; `?format=` for a file."""
    before = lists.remembered(request, "recorders")
    if before:
        return redirect(f"{request.path}?{before}")
    day = asked_day(request)
    rows = (
        Device.objects.visible_to(request.user)
        .recorders()
        .select_related("condition")
        .order_by("maker", "model", "pk")
    )
    asked = DeviceFilters(request.GET, queryset=rows)
    shown = lists.in_order(request, asked.qs, ORDERS)
    if lists.wants_file(request):
        return _file(request, shown, day)
    page = page_of(request, shown)
    _add_answers(page, day)
    context = {
        "page": page,
        "heads": lists.heads(request, _columns(), ORDERS),
        "day": day,
        "today": tsi.today(),
        "buildings": sorted(
            Building.objects.visible_to(request.user), key=lambda row: sort_key(row.name)
        ),
        "building": request.GET.get("building", ""),
        "query": request.GET.get("search", ""),
        "filtered": any(request.GET.get(name) for name in asked.filters),
    }
    return render(request, "cameras/recorders.html", context)


def _columns() -> list[tuple[str, str, str]]:
    return [
        ("recorder", _("Recorder"), ""),
        ("ip", "IP", "d-none d-sm-table-cell"),
        ("channels", _("Channels"), "text-end"),
        ("answers", _("Answers"), ""),
        ("clock", _("Clock"), ""),
        ("answered", _("Last answer"), "d-none d-md-table-cell"),
    ]


def _file(request: PersonRequest, rows: QuerySet[Any], day: dt.date) -> HttpResponse:
    headers = [
        _("Recorder"), _("Serial number"), _("Status"), "IP", _("Day"), _("Channels"), _("Recorded"),
        _("Partly recorded"), _("Not recorded"), _("Could not check"), _("Clock error"),
        _("Clock measured"), _("Last answer"), _("Reason"),
    ]  # fmt: skip
    return lists.as_file(request, "recorders", _("Recorders"), headers, _lines(rows, day))


def _lines(rows: QuerySet[Any], day: dt.date) -> Iterator[list[Any]]:
    for part in lists.by_parts(rows):
        _add_answers(part, day)
        for row in part:
            known = getattr(row, "condition", None)
            yield [
                model_of(row), row.serial, row.get_status_display(), row.ip, day, row.channel_count,
                row.recorded, row.partly, row.missing, row.unknown,
                offset_words(known.clock_offset_ms) if known and known.clock_verdict else "",
                known and known.clock_at, known and known.answered_at,
                word_for(known.reason) if known and known.reason else "",
            ]  # fmt: skip


def _add_answers(page: Iterable[Any], day: dt.date) -> None:
    """Puts address and the day's channels beside each recorder of a page."""
    rows = list(page)
    addresses = addresses_of(row.pk for row in rows)
    channels = _answers_of(rows, day)
    for row in rows:
        row.ip = addresses.get(row.pk, "")
        counts = channels.get(row.pk, {})
        row.channel_count = sum(counts.values())
        row.recorded, row.partly, row.missing, row.unknown = (
            counts.get(result, 0)
            for result in (Result.RECORDED, Result.PARTLY, Result.NOT_RECORDED, Result.UNKNOWN)
        )


def _answers_of(page: list[Device], day: dt.date) -> dict[int, dict[str | None, int]]:
    """How many channels of each recorder of a page have which answer; None has those without any."""
    answer = CoverageDay.objects.filter(channel=OuterRef("pk"), day=day).values("result")[:1]
    rows = (
        Channel.objects.filter(recorder__in=page)
        .order_by()
        .annotate(answer=Subquery(answer))
        .values_list("recorder", "answer")
        .annotate(Count("pk"))
    )
    counts: dict[int, dict[str | None, int]] = {}
    for recorder_id, result, count in rows:
        counts.setdefault(recorder_id, {})[result] = count
    return counts
