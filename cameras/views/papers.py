"""A long paper on its way: what is printed in the background, and the file when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras.paper_tasks import print_paper
from core import paper_jobs
from core.models import Job
from core.text import safe_file_name

MOST_AT_ONCE = 400
"""Rows up to which a paper is printed while the reader waits: about three seconds."""


def print_later(
    request: PersonRequest, name: str, parameters: Mapping[str, str], title: str
) -> HttpResponse:
    """Queues the paper and sends the reader to its progress; asking again while it runs finds the same."""
    running = Job.objects.visible_to(request.user).unfinished()
    job = running.filter(kind=paper_jobs.KIND, title=title).first()
    if job is None:
        job = paper_jobs.queue(request.user, name, parameters, title, print_paper.delay)
    return redirect("cameras:printing", job.uuid)


def _job(request: PersonRequest, token: UUID) -> Job:
    jobs: Job = get_object_or_404(
        Job.objects.visible_to(request.user), uuid=token, kind=paper_jobs.KIND
    )
    return jobs


@require_safe
@login_required
def printing(request: PersonRequest, token: UUID) -> HttpResponse:
    """Progress; refreshes itself (`?poll=1`) until the file is there."""
    job = _job(request, token)
    is_there = paper_jobs.may_open(job, request.user) and paper_jobs.file_of(job).exists()
    context = {"job": job, "is_there": is_there}
    fragment = request.headers.get("HX-Request") == "true"
    return render(
        request, "reports/_printing.html" if fragment else "reports/printing.html", context
    )


@require_safe
@login_required
def printed(request: PersonRequest, token: UUID) -> HttpResponseBase:
    """The file, to the person who asked for it and whose roles have not changed since."""
    job = _job(request, token)
    if not paper_jobs.may_open(job, request.user):
        raise Http404
    try:
        file = paper_jobs.file_of(job).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(file, content_type="application/pdf")
    name = f"{safe_file_name(job.title)}.pdf"
    response.headers["Content-Disposition"] = str(content_disposition_header(False, name))
    response["Cache-Control"] = "no-store"
    return response
