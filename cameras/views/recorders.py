"""Recorders: the list with last sign of life, clock and yesterday's channels."""

from __future__ import annotations

import datetime as dt

from django.core.paginator import Page
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.models.coverage import CoverageDay, Result
from cameras.wording.names import addresses_of
from core import tsi
from core.text import sort_key
from inventory.filters import DeviceFilters
from inventory.models import Building, Channel, Device

from .shared import asked_day, for_people, page_of


@require_safe
@for_people(permissions.can_see_cameras)
def recorders(request: PersonRequest) -> HttpResponse:
    """Every recorder with its last sign of life, its clock, and yesterday's channels."""
    day = asked_day(request)
    rows = (
        Device.objects.visible_to(request.user)
        .recorders()
        .select_related("condition")
        .order_by("maker", "model", "pk")
    )
    asked = DeviceFilters(request.GET, queryset=rows)
    page = page_of(request, asked.qs)
    addresses = addresses_of(row.pk for row in page)
    channels = _answers_of(page, day)
    for row in page:
        row.ip = addresses.get(row.pk, "")
        counts = channels.get(row.pk, {})
        row.channel_count = sum(counts.values())
        row.recorded, row.partly, row.missing, row.unknown = (
            counts.get(result, 0)
            for result in (Result.RECORDED, Result.PARTLY, Result.NOT_RECORDED, Result.UNKNOWN)
        )
    context = {
        "page": page,
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


def _answers_of(page: Page[Device], day: dt.date) -> dict[int, dict[str | None, int]]:
    """How many channels of each recorder of a page have which answer; None has those without any."""
    answer = CoverageDay.objects.filter(channel=OuterRef("pk"), day=day).values("result")[:1]
    rows = (
        Channel.objects.filter(recorder__in=list(page))
        .order_by()
        .annotate(answer=Subquery(answer))
        .values_list("recorder", "answer")
        .annotate(Count("pk"))
    )
    counts: dict[int, dict[str | None, int]] = {}
    for recorder_id, result, count in rows:
        counts.setdefault(recorder_id, {})[result] = count
    return counts
