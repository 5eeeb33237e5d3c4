"""The monthly access report: page, PDF, Excel and CSV. That it was read is written down."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.views.decorators.http import require_safe

import audit
from accounts.requests import PersonRequest
from cameras.reports.reports import month_of
from cameras.views.reports import answer

from .. import permissions
from ..models import AccessReportSeen
from ..secrecy.access_report import access_report
from .shared import for_people


@require_safe
@for_people(permissions.can_watch_undertakings)
def access_report_page(request: PersonRequest) -> HttpResponse:
    """Who looked at what in the asked month (`?month=2026-10`)."""
    period = month_of(request.GET.get("month", ""))
    with transaction.atomic():
        _row, is_first = AccessReportSeen.objects.get_or_create(
            month=period.first, person=request.user
        )
        if is_first or request.GET.get("format"):
            audit.record(
                "accessreport.read",
                actor=request.user,
                month=f"{period.first:%Y-%m}",
                format=request.GET.get("format", "")[:10],
            )
    names = {"month": f"{period.first:%Y-%m}", "asks": "month"}
    return answer(request, access_report(period), names)
