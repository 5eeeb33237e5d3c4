"""Recorders: the list with last sign of life, clock and yesterday's channels."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.models.coverage import Result
from cameras.names import addresses_of
from core import tsi
from inventory.models import Device

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
        .annotate(
            channel_count=Count("channels", distinct=True),
            recorded=_count(day, Result.RECORDED),
            partly=_count(day, Result.PARTLY),
            missing=_count(day, Result.NOT_RECORDED),
            unknown=_count(day, Result.UNKNOWN),
        )
        .order_by("maker", "model", "pk")
    )
    page = page_of(request, rows)
    addresses = addresses_of(row.pk for row in page)
    for row in page:
        row.ip = addresses.get(row.pk, "")
    context = {"page": page, "day": day, "today": tsi.today()}
    return render(request, "cameras/recorders.html", context)


def _count(day: dt.date, result: str) -> Count:
    return Count(
        "channels__coverage_days",
        filter=Q(channels__coverage_days__day=day, channels__coverage_days__result=result),
        distinct=True,
    )
