"""Papers of a case after the decision: tutanaks, the destruction record, letters, and scans that come back."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import audit
from accounts.requests import PersonRequest
from core.papers import pdf_response

from .. import permissions
from ..casework import attachments, fees
from ..casework.fee_letters import fee_letter
from ..forms.release import SignedPaperForm
from ..models import Destruction, HandOverRecord, RequestAttachment
from ..release import handing_over
from ..release.answer_letters import Letter, letters_of
from ..release.record_papers import destruction_paper, record_paper
from .acting import asked, door
from .shared import allow, case_or_404, for_people


def record_or_404(request: PersonRequest, uid: uuid.UUID) -> HandOverRecord:
    rows = HandOverRecord.objects.visible_to(request.user).select_related("request__kind")
    row: HandOverRecord = get_object_or_404(rows, uuid=uid)
    return row


@require_POST
@for_people(permissions.can_see_requests)
def record_paper_view(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """Prints a record; every print is counted, and from the second on it says so."""
    row = record_or_404(request, uid)
    handing_over.count_print(row, by=request.user)
    return pdf_response(record_paper(row), row.number)


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_file)
def record_signed(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """The signed paper comes back as a scan and completes its record."""
    row = record_or_404(request, uid)
    allow(permissions.can_file(request.user, row.request))
    form = SignedPaperForm(**asked(request), files=request.FILES or None)

    def keep(data: dict[str, object]) -> None:
        with transaction.atomic():
            paper = attachments.add(
                row.request,
                form.cleaned_data["file"].name,
                form.content(),
                kind=RequestAttachment.Kind.SIGNED_PAPER,
                title=row.number,
                by=request.user,
            )
            HandOverRecord.objects.filter(pk=row.pk).update(signed_paper=paper)
            audit.record(
                "handoverrecord.signed", actor=request.user, target=row.request, record=row.number
            )

    return door(
        request,
        row.request,
        form,
        keep,
        title=_("Signed paper of %(number)s") % {"number": row.number},
        done=_("The signed paper is kept."),
        button=_("Keep"),
    )


@require_POST
@for_people(permissions.can_see_requests)
def destruction_paper_view(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """Prints a destruction record as it stands."""
    rows = Destruction.objects.visible_to(request.user).select_related(
        "request", "package", "prepared_by", "verified_by", "approved_by"
    )
    row = get_object_or_404(rows, uuid=uid)
    with transaction.atomic():
        audit.record("destruction.print", actor=request.user, target=row.request, record=row.number)
    return pdf_response(destruction_paper(row), row.number)


@require_safe
@for_people(permissions.can_file)
def letters(request: PersonRequest, pk: int) -> HttpResponse:
    """The letters of a case, ready to be pasted into EBYS."""
    row = case_or_404(request, pk)
    allow(permissions.can_file(request.user, row))
    found = letters_of(row)
    owed = fees.open_fee(row)
    if owed is not None:
        found = [Letter("Ücret bildirimi", fee_letter(row, owed)), *found]
    return render(request, "requests/letters.html", {"row": row, "letters": found})
