"""Reports: their list, each as page, PDF, Excel and CSV, the card of a device, and what papers print."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.reports.device_card import device_paper
from cameras.reports.papers import (
    CLOCKS,
    HISTORY,
    LAST,
    MONTHLY,
    WARRANTY,
    WARRANTY_CHOICES,
    clock_period,
    history_period,
    last_period,
    paper_of,
    report_for,
    warranty_days,
)
from cameras.reports.reports import Report, Share, Value, month_of
from core.papers import pdf_response
from core.text import safe_file_name
from core.tsi import today
from inventory.models import Device
from inventory.sheets.cells import Cell
from inventory.sheets.writing import XLSX, as_csv, as_workbook, as_xlsx

from .papers import MOST_AT_ONCE, print_later
from .shared import for_people

SHOWN_ROWS = 200


@require_safe
@for_people(permissions.can_see_reports)
def reports(request: PersonRequest) -> HttpResponse:
    """What reports there are, in one sentence each."""
    context = {"may_change_papers": permissions.can_change_papers(request.user)}
    return render(request, "reports/reports.html", context)


@require_safe
@for_people(permissions.can_see_reports)
def clocks(request: PersonRequest) -> HttpResponse:
    """Saat Senkron Raporu over a period."""
    period = clock_period(request.GET)
    names = {"first": period.first, "last": period.last, "asks": "period"}
    return _answer(request, CLOCKS, names)


@require_safe
@for_people(permissions.can_see_reports)
def monthly(request: PersonRequest) -> HttpResponse:
    """The monthly recording report."""
    period = month_of(request.GET.get("month", ""))
    return _answer(request, MONTHLY, {"month": f"{period.first:%Y-%m}", "asks": "month"})


@require_safe
@for_people(permissions.can_see_reports)
def warranty(request: PersonRequest) -> HttpResponse:
    """Devices whose warranty ends soon or has just ended."""
    names = {"days": warranty_days(request.GET), "choices": WARRANTY_CHOICES, "asks": "days"}
    return _answer(request, WARRANTY, names)


@require_safe
@for_people(permissions.can_see_reports)
def last_days(request: PersonRequest) -> HttpResponse:
    """One row per camera over the last seven days, or another period."""
    period = last_period(request.GET)
    names = {"first": period.first, "last": period.last, "asks": "period"}
    return _answer(request, LAST, names)


@require_safe
@for_people(permissions.can_see_reports)
def history(request: PersonRequest) -> HttpResponse:
    """Every device of every day of a period, with its place, address and status."""
    period = history_period(request.GET)
    names = {"first": period.first, "last": period.last, "asks": "period"}
    return _answer(request, HISTORY, names)


def _answer(request: PersonRequest, which: str, names: dict[str, Any]) -> HttpResponse:
    """One of our reports in the asked form."""
    return answer(request, report_for(request.user, which, request.GET), names, later=which)


def answer(
    request: PersonRequest, report: Report, names: dict[str, Any], *, later: str = ""
) -> HttpResponse:
    """A report in the asked form; a page when none is asked. `later`: under that name a long one is
    printed in the background; without it, it is printed at once.
    """
    form = request.GET.get("format", "")
    name = f"{report.title} {today():%Y-%m-%d}"
    if form == "pdf":
        return _pdf(request, later, report, name)
    if form == "xlsx":
        return _file(f"{name}.xlsx", XLSX, as_workbook(_parts(report)))
    if form == "csv":
        section = report.sections[0]
        data = as_csv([column.label for column in section.columns], _cells(section.rows))
        return _file(f"{name}.csv", "text/csv; charset=utf-8", data)
    context = {"report": report, "shown_rows": SHOWN_ROWS, "today": today(), **names}
    return render(request, "reports/report.html", context)


def _pdf(request: PersonRequest, which: str, report: Report, name: str) -> HttpResponse:
    link = request.build_absolute_uri(request.path)
    if which and sum(len(section.rows) for section in report.sections) > MOST_AT_ONCE:
        asked = {
            key: request.GET[key] for key in ("from", "to", "month", "days") if key in request.GET
        }
        return print_later(request, "report", {**asked, "name": which, "link": link}, name)
    return pdf_response(paper_of(report, link), name)


def _parts(report: Report) -> list[tuple[str, list[str], list[list[Cell]]]]:
    """The sheets of a workbook: the tables, and the facts as the last one."""
    parts = [
        (section.title, [column.label for column in section.columns], _cells(section.rows))
        for section in report.sections
    ]
    facts: list[list[Cell]] = [[_("Period"), report.period]]
    facts += _cells(report.facts)
    return [*parts, (_("Facts"), [_("What"), _("Value")], facts)]


def _cells(rows: Any) -> list[list[Cell]]:
    return [[_cell(value) for value in row] for row in rows]


def _cell(value: Value) -> Cell:
    """Numbers stay numbers in a workbook."""
    return round(value.value, 4) if isinstance(value, Share) else value


def _file(name: str, content_type: str, data: bytes) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    disposition = content_disposition_header(True, safe_file_name(name))
    response.headers["Content-Disposition"] = str(disposition)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@for_people(permissions.can_see_reports)
def device_card(request: PersonRequest, pk: int) -> HttpResponse:
    """The inventory card of one device with its QR label, or the same facts for Excel."""
    device = get_object_or_404(Device.objects.visible_to(request.user), pk=pk)
    link = request.build_absolute_uri(reverse("inventory:device", args=[device.pk]))
    paper, name = device_paper(device, link), f"{_('Inventory card')} {device}"
    if request.GET.get("format") != "xlsx":
        return pdf_response(paper, name)
    heads = [_("Inventory card"), _("What"), _("Value")]
    facts = [
        [group["title"], label, value]
        for group in paper.data["groups"]
        for label, value in group["facts"]
    ]
    return _file(f"{name}.xlsx", XLSX, as_xlsx(paper.title, heads, facts))
