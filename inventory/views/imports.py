"""Importing: upload, dry run, and the button that writes it; both are jobs with progress and cancel."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core import job_news
from core.text import safe_file_name

from .. import tasks
from ..forms.dress import DressedForm
from ..importing import jobs
from ..models import UploadedSheet
from ..sheets.reading import LARGEST_FILE, MOST_ROWS, SheetRefused, judge
from ..sheets.writing import FORMATS, download
from ..tables import DEVICES, POSITIONS, Table
from .common import for_people

TABLES: dict[str, Table] = {"devices": DEVICES, "positions": POSITIONS}
SHOWN_FAULTS = 500
KEPT_FOR = dt.timedelta(days=7)
QUIET = dt.timedelta(seconds=60)


class UploadForm(DressedForm):
    file = forms.FileField(
        label=gettext_lazy("Spreadsheet"),
        help_text=gettext_lazy("Excel (.xlsx) or CSV, at most 5 MB and 20,000 rows."),
    )

    def clean_file(self) -> Any:
        """The upload with its bytes as `data`; what must not be parsed is refused here."""
        file = self.cleaned_data["file"]
        # One byte more than is taken tells too large from just right.
        file.data = file.read(LARGEST_FILE + 1)
        try:
            judge(file.data)
        except SheetRefused as refusal:
            raise ValidationError(str(refusal)) from None
        return file


def _table(request: PersonRequest, name: str) -> Table:
    if name not in TABLES:
        raise Http404
    if not jobs.MAY[name](request.user):
        raise PermissionDenied
    return TABLES[name]


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
        return redirect("inventory:import_result", _keep(request, table, form).token)
    context = {
        "form": form,
        "table": shown,
        "back": reverse(f"inventory:{table}"),
        "most_rows": MOST_ROWS,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "inventory/import.html", context, status=status)


@transaction.atomic
def _keep(request: PersonRequest, table: str, form: UploadForm) -> UploadedSheet:
    """Keeps the file until it is imported, or for a week, and has it checked."""
    file = form.cleaned_data["file"]
    UploadedSheet.objects.filter(uploaded_at__lt=timezone.now() - KEPT_FOR).delete()
    row = UploadedSheet.objects.create(
        table=table,
        file_name=safe_file_name(file.name),
        sha256=hashlib.sha256(file.data).hexdigest(),
        content=file.data,
        status=UploadedSheet.Status.WAITING,
        uploaded_by=request.user,
    )
    jobs.queue(row, jobs.CHECK, request.user)
    tasks.wake()
    return row


def _upload(request: PersonRequest, token: uuid.UUID) -> UploadedSheet:
    row: UploadedSheet = get_object_or_404(
        UploadedSheet.objects.visible_to(request.user), token=token
    )
    _table(request, row.table)
    return row


@require_safe
@for_people()
def result(request: PersonRequest, token: uuid.UUID) -> HttpResponse:
    """How far the work is, or what the dry run found: every bad cell, or what the import would do."""
    row = _upload(request, token)
    wanted = request.GET.get("format", "")
    if wanted in FORMATS:
        headers = [_("Row"), _("Column"), _("Value"), _("What is wrong")]
        return download(wanted, _("What is wrong"), headers, row.faults)
    job = job_news.with_news(jobs.latest(row))
    context = {
        "upload": row,
        "job": job,
        "is_writing": job is not None and job.kind == jobs.WRITE,
        "is_quiet": job is not None
        and job.status == job.Status.RUNNING
        and timezone.now() - job.moved_at > QUIET,
        "faults": row.faults[:SHOWN_FAULTS],
        "more": max(0, row.fault_count - SHOWN_FAULTS),
        "back": reverse(f"inventory:{row.table}"),
        "table": TABLES[row.table],
    }
    return render(request, "inventory/import_result.html", context)


@require_POST
@for_people()
@transaction.atomic
def confirm(request: PersonRequest, token: uuid.UUID) -> HttpResponse:
    """Has all rows written, or none."""
    row = _upload(request, token)
    if row.status == UploadedSheet.Status.CHECKED:
        jobs.queue(row, jobs.WRITE, request.user)
        tasks.wake()
    else:
        messages.error(request, _("This file does not wait to be imported."))
    return redirect("inventory:import_result", token)


@require_POST
@for_people()
def cancel(request: PersonRequest, token: uuid.UUID) -> HttpResponse:
    """Stops the check or the import, also in the middle of writing; nothing is written then."""
    job = jobs.latest(_upload(request, token))
    if job is None or not job_news.ask_to_stop(job):
        messages.info(request, _("The work is over already."))
    return redirect("inventory:import_result", token)
