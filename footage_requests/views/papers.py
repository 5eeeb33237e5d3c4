"""Papers of a case: what came with it, and the request form (6.1), filled in or blank."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest
from core.papers import pdf_response
from vault.errors import VaultError
from vault.sealed_files import SealedReader

from .. import permissions
from ..casework import attachments
from ..casework.request_paper import blank_paper, request_paper
from ..footage.store import NoSpace
from ..forms.acting import AttachForm
from ..models import RequestAttachment
from ..secrecy import visits
from .shared import allow, case_or_404, for_people, to_case, told


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file)
def attach(request: PersonRequest, pk: int) -> HttpResponse:
    """Adds a paper; it stays locked until the scanner has looked at it."""
    row = case_or_404(request, pk)
    allow(permissions.can_file(request.user, row))
    form = AttachForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            attachments.add(
                row,
                upload.name,
                form.content(),
                kind=form.cleaned_data["kind"],
                title=form.cleaned_data["title"],
                by=request.user,
            )
        except ValidationError as error:
            form.add_error("file", error)
        except NoSpace:
            form.add_error(None, _("The evidence store is full. Tell the head of the unit."))
        else:
            messages.success(request, _("The paper is on the case."))
            return to_case(row, "papers")
    context = {
        "row": row,
        "form": form,
        "title": _("Add a paper"),
        "back": reverse("footage_requests:case", args=[row.pk]),
        "button": _("Add"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "requests/act.html", context, status=status)


@require_safe
@for_people(permissions.can_see_requests)
def paper(request: PersonRequest, token: uuid.UUID) -> HttpResponseBase:
    """A paper as a download that no browser runs. Who opens it is written down."""
    rows = RequestAttachment.objects.visible_to(request.user).select_related("request", "file")
    row: RequestAttachment = get_object_or_404(rows, uuid=token)
    if visits.needs_reason(request.user, row.request):
        return redirect("footage_requests:case", row.request_id)
    try:
        reader = attachments.open_for(row, by=request.user)
    except ValidationError as error:
        messages.error(request, told(error))
        return to_case(row.request, "papers")
    except (VaultError, FileNotFoundError):
        raise Http404 from None
    response = StreamingHttpResponse(_pieces(reader), content_type=row.content_type)
    response.headers["Content-Disposition"] = str(content_disposition_header(True, row.file_name))
    response["Content-Length"] = str(row.file.bytes)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def _pieces(reader: SealedReader) -> Iterator[bytes]:
    with reader:
        yield from reader


@require_safe
@for_people(permissions.can_see_requests)
def form_paper(request: PersonRequest, pk: int) -> HttpResponse:
    """The request form (6.1) with what is known."""
    row = case_or_404(request, pk)
    if visits.needs_reason(request.user, row):
        return redirect("footage_requests:case", row.pk)
    link = request.build_absolute_uri(reverse("footage_requests:case", args=[row.pk]))
    return pdf_response(request_paper(row, link), f"{_('Footage request form')} {row.number}")


@require_safe
@for_people(permissions.can_file, is_unsworn=True)
def blank_form(request: PersonRequest) -> HttpResponse:
    """The request form (6.1) to be filled in by hand."""
    return pdf_response(blank_paper(), _("Footage request form"))
