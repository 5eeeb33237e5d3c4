"""Daily sheets: the list, one day to explain, sign and take note of, and its paper."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.confirming import NotConfirmed, confirm_identity
from accounts.requests import PersonRequest
from cameras import permissions
from cameras.daily_sheets.sheet_filing import is_intact, path_of
from cameras.daily_sheets.sheet_papers import sheet_paper
from cameras.daily_sheets.sheet_sweep import closers
from cameras.daily_sheets.sheet_words import shown
from cameras.daily_sheets.sheets import SheetView, view_of
from cameras.models import DailySheet, PositionDay, SheetExplanation
from core.papers import pdf_response
from core.steps import InvalidTransition
from core.text import safe_file_name
from inventory.sheets.writing import FORMATS, download

from . import lists
from .papers import MOST_AT_ONCE, print_later
from .shared import day_or_404, days_around, for_people, page_of

LONGEST_EXPLANATION = 500
STATES = DailySheet.Status
ORDERS: lists.Orders = {
    "day": ["day"],
    "state": ["status"],
    "due": ["due_at"],
    "signed": ["signed_at"],
    "seen": ["seen_at"],
    "explained": ["explained"],
}


@require_safe
@for_people(permissions.can_see_sheets)
def sheets(request: PersonRequest) -> HttpResponse:
    """All sheets, newest first; filter by state and month, and as Excel or CSV what is shown."""
    before = lists.remembered(request, "sheets")
    if before:
        return redirect(f"{request.path}?{before}")
    rows = (
        DailySheet.objects.visible_to(request.user)
        .select_related("signed_by", "seen_by")
        .annotate(explained=Count("explanations"))
        .order_by("-day")
    )
    state = request.GET.get("state", "")
    if state in STATES.values:
        rows = rows.filter(status=state)
    month = request.GET.get("month", "")
    first = _month(month)
    if first is not None:
        rows = rows.filter(day__year=first.year, day__month=first.month)
    rows = lists.in_order(request, rows, ORDERS)
    if request.GET.get("export") in FORMATS:
        return _exported(request.GET["export"], rows.prefetch_related("filed"))
    context = {
        "page": page_of(request, rows),
        "heads": lists.heads(request, _columns(), ORDERS),
        "states": STATES.choices,
        "state": state,
        "month": month if first else "",
        "now": timezone.now(),
    }
    return render(request, "sheets/sheets.html", context)


def _columns() -> list[tuple[str, str, str]]:
    return [
        ("day", _("Day"), ""),
        ("state", _("State"), ""),
        ("due", _("Due"), "d-none d-md-table-cell"),
        ("signed", _("Signed"), "d-none d-sm-table-cell"),
        ("seen", _("Seen"), "d-none d-md-table-cell"),
        ("explained", _("Explanations"), "text-end d-none d-lg-table-cell"),
        ("action", "", ""),
    ]


def _month(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def _exported(format_name: str, rows: Any) -> HttpResponse:
    headers = [
        _("Day"), _("State"), _("Due"), _("Signed by"), _("Signed at"), _("Late entry"),
        _("Seen by"), _("Seen at"), _("Explanations"), _("Filed as"), "SHA-256",
    ]  # fmt: skip
    table = (
        [
            row.day,
            row.get_status_display(),
            row.due_at,
            row.signed_by.full_name if row.signed_by else "",
            row.signed_at,
            row.is_late,
            row.seen_by.full_name if row.seen_by else "",
            row.seen_at,
            row.explained,
            " ".join(map(str, row.filed.all())),
            row.sha256,
        ]
        for row in rows
    )
    return download(format_name, _("Daily sheets"), headers, table)


def _sheet_or_404(request: PersonRequest, text: str) -> DailySheet:
    rows = DailySheet.objects.visible_to(request.user).select_related(
        "signed_by", "seen_by", "signed"
    )
    return get_object_or_404(rows, day=day_or_404(text))


@require_safe
@for_people(permissions.can_see_sheets)
def sheet(request: PersonRequest, text: str) -> HttpResponse:
    """One day: exceptions first with a place to explain, the rest folded by recorder."""
    row = _sheet_or_404(request, text)
    view = view_of(row)
    now = timezone.now()
    is_writable = row.status in DailySheet.WRITABLE
    context = {
        **days_around(row.day),
        **shown(row, view),
        "day_date": row.day,
        "is_overdue": row.is_overdue(now),
        "may_explain": is_writable and permissions.can_sign_sheet(request.user),
        "may_see": row.status == STATES.SIGNED
        and permissions.can_mark_sheet_seen(request.user, row),
        "is_intact": row.signed.is_intact() if row.is_signed else True,
        "closers": closers() if not row.is_signed else [],
        "filed": list(row.filed.all()),
        "longest": LONGEST_EXPLANATION,
        "kept": request.session.pop(_kept_name(row), ""),
    }
    return render(request, "sheets/sheet.html", context)


def _kept_name(row: DailySheet) -> str:
    return f"sheet-text-{row.pk}"


@require_POST
@for_people(permissions.can_sign_sheet)
def explain(request: PersonRequest, text: str) -> HttpResponse:
    """One explanation for the chosen rows; a chosen recorder stands for its unexplained rows."""
    row = _sheet_or_404(request, text)
    words = " ".join(request.POST.get("text", "").split())[:LONGEST_EXPLANATION]
    chosen = _chosen(view_of(row), request.POST.getlist("row"), request.POST.getlist("group"))
    back = redirect("cameras:sheet", row.day.isoformat())
    if not words or not chosen:
        # What was typed must not be lost.
        request.session[_kept_name(row)] = words
        said = _("Say why.") if chosen else _("Choose the rows that this explains.")
        messages.error(request, said)
        return back
    try:
        SheetExplanation.write(
            row,
            words,
            positions=[int(key[1:]) for key in chosen if key[0] == "c"],
            recorders=[int(key[1:]) for key in chosen if key[0] == "r"],
            by=request.user,
        )
    except InvalidTransition:
        messages.error(request, _("This sheet can no longer be changed."))
    else:
        messages.success(request, _("The explanation is on the sheet."))
    return back


def _chosen(view: SheetView, rows: list[str], groups: list[str]) -> list[str]:
    """The keys of exceptions that were ticked, one by one or by their recorder."""
    wanted = set(rows)
    for row in view.unexplained:
        group = row["id"] if row["key"][0] == "r" else row["recorder"] or 0
        if str(group) in groups:
            wanted.add(row["key"])
    return [row["key"] for row in view.exceptions if row["key"] in wanted]


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_sign_sheet)
def sign(request: PersonRequest, text: str) -> HttpResponse:
    """Shows exactly what is signed and its hash, asks for the password again, and signs that."""
    row = _sheet_or_404(request, text)
    view = view_of(row)
    error, status = "", 200
    if request.method == "POST":
        error = _sign(request, row, view)
        if not error:
            messages.success(request, _("The sheet is signed."))
            return redirect("cameras:sheet", row.day.isoformat())
        status = 422
    context = {
        **shown(row, view),
        "day_date": row.day,
        "is_writable": row.status in DailySheet.WRITABLE,
        "is_overdue": row.is_overdue(timezone.now()),
        "error": error,
        "canonical": view.canonical,
    }
    return render(request, "sheets/sign.html", context, status=status)


def _sign(request: PersonRequest, row: DailySheet, view: SheetView) -> str:
    """Signs, or says why not."""
    if row.status not in DailySheet.WRITABLE:
        return _("This sheet can no longer be changed.")
    if view.unexplained:
        return _("Some exceptions are not explained yet.")
    if request.POST.get("sha256", "") != view.sha256:
        return _(
            "The content has changed since you opened this page. Look at it again and sign then."
        )
    try:
        confirm_identity(request)
        row.sign(view.canonical, by=request.user)
    except (NotConfirmed, InvalidTransition) as refused:
        return str(refused)
    return ""


@require_POST
@for_people(permissions.can_mark_sheet_seen)
def seen(request: PersonRequest, text: str) -> HttpResponse:
    """Another unit head or a superior takes note, with one click."""
    row = _sheet_or_404(request, text)
    if not permissions.can_mark_sheet_seen(request.user, row):
        messages.error(request, _("Somebody else than the signer must take note of a sheet."))
        return redirect("cameras:sheet", row.day.isoformat())
    try:
        row.see(by=request.user)
    except InvalidTransition as late:
        messages.error(request, str(late))
    else:
        messages.success(request, _("Noted: you have seen this sheet."))
    return redirect("cameras:sheet", row.day.isoformat())


@require_safe
@for_people(permissions.can_see_sheets)
def paper(request: PersonRequest, text: str) -> HttpResponse:
    """The sheet as the paper that the unit knows: one A4 landscape page for 64 channels."""
    row = _sheet_or_404(request, text)
    if row.status == STATES.PLANNED:
        raise Http404
    link = request.build_absolute_uri(request.path.removesuffix("paper.pdf"))
    title = f"{_('Daily recording check sheet')} {row.day.isoformat()}"
    if PositionDay.objects.filter(day=row.day).count() > MOST_AT_ONCE:
        return print_later(
            request, "daily-sheet", {"day": row.day.isoformat(), "link": link}, title
        )
    return pdf_response(sheet_paper(row, link), title)


@require_safe
@for_people(permissions.can_see_sheets)
def filed(request: PersonRequest, text: str) -> HttpResponse:
    """The sheet as it was filed: the newest, or `?state=SIGNED` the one before it was seen."""
    sheet = _sheet_or_404(request, text)
    rows = sheet.filed.all()
    if state := request.GET.get("state", ""):
        rows = rows.filter(status=state)
    row = rows.last()
    if row is None:
        raise Http404
    try:
        data = path_of(row).read_bytes()
    except FileNotFoundError:
        data = b""
    if not is_intact(row, data):
        messages.error(
            request,
            _(
                "The filed paper %(number)s is not the one that was filed. Tell the head of the unit."
            )
            % {"number": row},
        )
        return redirect("cameras:sheet", sheet.day.isoformat())
    response = HttpResponse(data, content_type="application/pdf")
    name = safe_file_name(f"{_('Daily recording check sheet')} {row.year}-{row.number}")
    response.headers["Content-Disposition"] = str(content_disposition_header(False, f"{name}.pdf"))
    response["Cache-Control"] = "no-store"
    return response
