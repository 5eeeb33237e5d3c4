"""Importing: upload, dry run, and the button that writes it."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core.text import safe_file_name

from .. import importing, permissions
from ..forms.dress import DressedForm
from ..models import UploadedSheet
from ..sheets.reading import LARGEST_FILE, MOST_ROWS
from ..sheets.writing import FORMATS, download
from ..tables import DEVICES, POSITIONS, Table
from .common import for_people

TABLES: dict[str, tuple[Table, Any]] = {
    "devices": (DEVICES, permissions.can_import_devices),
    "positions": (POSITIONS, permissions.can_import_positions),
}
KEPT_FAULTS = 5000
SHOWN_FAULTS = 500
KEPT_FOR = dt.timedelta(days=7)


class UploadForm(DressedForm):
    file = forms.FileField(
        label=gettext_lazy("Spreadsheet"),
        help_text=gettext_lazy("Excel (.xlsx) or CSV, at most 5 MB and 20,000 rows."),
    )


def _table(request: PersonRequest, name: str) -> Table:
    if name not in TABLES:
        raise Http404
    table, may = TABLES[name]
    if not may(request.user):
        raise PermissionDenied
    return table


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def upload(request: PersonRequest, table: str) -> HttpResponse:
    """The upload with its dry run; `?format=xlsx` gives an empty file with the columns."""
    shown = _table(request, table)
    wanted = request.GET.get("format", "")
    if wanted in FORMATS:
        return download(wanted, str(shown.title), [str(c.title) for c in shown.filed], [])
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return redirect("inventory:import_result", _check(request, table, form).token)
    context = {
        "form": form,
        "table": shown,
        "back": reverse(f"inventory:{table}"),
        "most_rows": MOST_ROWS,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "inventory/import.html", context, status=status)


def _check(request: PersonRequest, table: str, form: UploadForm) -> UploadedSheet:
    """Runs the dry run and keeps the file until it is imported, or for a week."""
    file = form.cleaned_data["file"]
    # One byte more than is taken tells too large from just right.
    data = file.read(LARGEST_FILE + 1)
    checked = importing.check(data, table, request.user)
    states = UploadedSheet.Status
    UploadedSheet.objects.filter(uploaded_at__lt=timezone.now() - KEPT_FOR).delete()
    return UploadedSheet.objects.create(
        table=table,
        file_name=safe_file_name(file.name),
        sha256=hashlib.sha256(data).hexdigest(),
        content=b"" if checked.faults else data,
        status=states.REFUSED if checked.faults else states.CHECKED,
        faults=[fault.as_list() for fault in checked.faults[:KEPT_FAULTS]],
        fault_count=len(checked.faults),
        summary=checked.summary,
        uploaded_by=request.user,
    )


def _upload(request: PersonRequest, token: uuid.UUID) -> UploadedSheet:
    row: UploadedSheet = get_object_or_404(
        UploadedSheet.objects.visible_to(request.user), token=token
    )
    _table(request, row.table)
    return row


@require_safe
@for_people()
def result(request: PersonRequest, token: uuid.UUID) -> HttpResponse:
    """What the dry run found: every bad cell, or what the import would do."""
    row = _upload(request, token)
    wanted = request.GET.get("format", "")
    if wanted in FORMATS:
        headers = [_("Row"), _("Column"), _("Value"), _("What is wrong")]
        return download(wanted, _("What is wrong"), headers, row.faults)
    context = {
        "upload": row,
        "faults": row.faults[:SHOWN_FAULTS],
        "more": max(0, row.fault_count - SHOWN_FAULTS),
        "back": reverse(f"inventory:{row.table}"),
        "table": TABLES[row.table][0],
    }
    return render(request, "inventory/import_result.html", context)


@require_POST
@for_people()
def confirm(request: PersonRequest, token: uuid.UUID) -> HttpResponse:
    """Writes all rows, or none."""
    row = _upload(request, token)
    try:
        checked = importing.carry_out(row, request.user)
    except importing.TooLate as error:
        messages.error(request, str(error))
    else:
        if not checked.faults:
            messages.success(request, _("The file has been imported."))
    return redirect("inventory:import_result", token)
