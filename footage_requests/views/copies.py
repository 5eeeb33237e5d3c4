"""Copies of a sealed package for recipients: encrypting, the passphrase, the medium, the link. Doors only."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest

from .. import permissions
from ..footage import store
from ..forms.acting import ReasonForm
from ..forms.release import CopyForm, LinkForm
from ..models import CustodyEvent, DownloadLink, EvidenceFile, Package, RecipientCopy
from ..release import custody, handing_over, links, release_work
from .acting import asked, door, refused_by
from .exhibits import package_or_404
from .shared import allow, for_people, tried


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_deliver)
def copy_new(request: PersonRequest, pk: int) -> HttpResponse:
    """Encrypts the sealed package for one recipient."""
    package = _to_deliver(request, pk)
    form = CopyForm(**asked(request), initial={"recipient_name": package.request.requester_name})
    return door(
        request,
        package.request,
        form,
        lambda data: release_work.queue_copy(package, data["recipient_name"], by=request.user),
        why_not=refused_by(lambda: release_work.refuse_not_given_out(package)),
        title=_("Encrypt for a recipient"),
        done=_("The copy is being encrypted. Its passphrase is shown to you once."),
        lead=_("The sealed package becomes one encrypted file that 7-Zip opens with a passphrase."),
        button=_("Encrypt"),
    )


def _to_deliver(request: PersonRequest, pk: int) -> Package:
    package = package_or_404(request, pk)
    allow(permissions.can_deliver(request.user, package.request))
    allow(request.user.pk != package.approver_id)
    return package


def _copy_or_404(request: PersonRequest, uid: uuid.UUID) -> RecipientCopy:
    rows = RecipientCopy.objects.visible_to(request.user).select_related(
        "package__request", "file", "made_by"
    )
    copy: RecipientCopy = get_object_or_404(rows, uuid=uid)
    allow(permissions.can_deliver(request.user, copy.package.request))
    allow(request.user.pk != copy.package.approver_id)
    return copy


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_deliver)
def copy_passphrase(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """Shows the passphrase once, on this answer only."""
    copy = _copy_or_404(request, uid)
    phrase: list[str] = []
    if request.method == "POST":
        tried(
            request,
            lambda: phrase.append(release_work.read_passphrase(copy, by=request.user)),
            "",
        )
    context = {"copy": copy, "package": copy.package, "phrase": "".join(phrase)}
    response = render(request, "requests/passphrase.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@for_people(permissions.can_deliver)
def copy_file(request: PersonRequest, uid: uuid.UUID) -> HttpResponseBase:
    """The encrypted copy, to be written to a medium; an act of custody before the first byte."""
    copy = _copy_or_404(request, uid)
    file = copy.file
    if file is None or file.destroyed_at is not None:
        raise Http404
    # Asked again at the act: since the copy was made the package may have come back, or the parts changed.
    if not tried(request, lambda: _allow_writing(copy, request), ""):
        return redirect("footage_requests:case", copy.package.request_id)
    if request.method == "GET":
        with transaction.atomic():
            _note_written(copy, file, request)
    response = StreamingHttpResponse(_stored(file), content_type="application/octet-stream")
    name = f"{copy.package.number}.zip"
    response["Content-Disposition"] = str(content_disposition_header(True, name))
    response["Content-Length"] = str(file.bytes)
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _allow_writing(copy: RecipientCopy, request: PersonRequest) -> None:
    handing_over.refuse_deliverer(copy.package, request.user)
    release_work.refuse_not_given_out(copy.package)


def _note_written(copy: RecipientCopy, file: EvidenceFile, request: PersonRequest) -> None:
    custody.note_custody(
        copy.package,
        CustodyEvent.Act.WRITTEN,
        by=request.user,
        sha256=file.sha256,
        note=copy.recipient_name,
    )


def _stored(file: EvidenceFile) -> Iterator[bytes]:
    with store.open_file(file) as reader:
        yield from reader


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_deliver)
def link_new(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """A download link for a copy; link and code are shown once."""
    copy = _copy_or_404(request, uid)
    form = LinkForm(
        **asked(request),
        initial={
            "recipient_name": copy.recipient_name,
            "recipient_contact": copy.package.request.email or copy.package.request.phone,
        },
    )
    made: list[links.MadeLink] = []
    if request.method == "POST" and form.is_valid() and copy.file is not None:
        file, data = copy.file, form.cleaned_data
        tried(
            request,
            lambda: made.append(
                links.make_link(
                    copy.package,
                    file,
                    recipient_name=data["recipient_name"],
                    recipient_contact=data["recipient_contact"],
                    expires_at=form.expires_at(),
                    downloads_allowed=data["downloads_allowed"],
                    by=request.user,
                )
            ),
            "",
        )
    address = ""
    if made:
        path = reverse("footage_requests:collect", args=[made[0].token])
        address = request.build_absolute_uri(path)
    context = {
        "copy": copy,
        "package": copy.package,
        "row": copy.package.request,
        "form": form,
        "made": made[0] if made else None,
        "why_not": refused_by(lambda: links.refuse_link(copy.package, copy.file))
        if request.method != "POST"
        else [],
        "back": reverse("footage_requests:case", args=[copy.package.request_id]) + "#release",
        "address": address,
    }
    status = 422 if request.method == "POST" and not made else 200
    response = render(request, "requests/link.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_deliver)
def link_revoke(request: PersonRequest, uid: uuid.UUID) -> HttpResponse:
    """Ends a link, a running download too."""
    rows = DownloadLink.objects.visible_to(request.user).select_related("package__request")
    link = get_object_or_404(rows, uuid=uid)
    allow(permissions.can_deliver(request.user, link.package.request))
    return door(
        request,
        link.package.request,
        ReasonForm(**asked(request)),
        lambda data: links.revoke(link, by=request.user, because=data["because"]),
        why_not=[_("This link has been ended already.")] if link.revoked_at else [],
        title=_("End the link of %(name)s") % {"name": link.recipient_name},
        done=_("The link no longer opens."),
        lead=_("A download that is running stops."),
        button=_("End the link"),
        danger=True,
    )
