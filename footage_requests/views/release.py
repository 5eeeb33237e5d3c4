"""From the approval to the destruction: export, sealing, copies, links, records, closing. Doors only."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core import tsi
from inventory.forms.dress import ConfirmForm

from .. import (
    closing,
    deciding,
    destroying,
    exporting,
    handing_over,
    links,
    parts,
    permissions,
    release_work,
    store,
)
from ..forms.acting import ReasonForm
from ..forms.release import CloseForm, CopyForm, DestructionForm, LinkForm, RecordForm, StockForm
from ..models import (
    CustodyEvent,
    Destruction,
    DownloadLink,
    EvidenceFile,
    FootageRequest,
    HandOverRecord,
    MediumKind,
    MediumMovement,
    Package,
    RecipientCopy,
)
from ..release_panel import package_context
from .acting import asked, door
from .exhibits import package_or_404
from .shared import allow, case_or_404, for_people, to_case, tried

Kind = HandOverRecord.Kind


@require_POST
@for_people(permissions.can_export)
def export_start(request: PersonRequest, pk: int) -> HttpResponse:
    """Starts fetching what was approved; who presses is the exporter."""
    row = case_or_404(request, pk)
    decision = deciding.standing_decision(row)
    if decision is not None:
        tried(
            request,
            lambda: exporting.start_export(decision, request.user),
            _("The export has begun."),
        )
    return to_case(row, "release")


@require_safe
@for_people(permissions.can_see_requests)
def package_progress(request: PersonRequest, pk: int) -> HttpResponse:
    """The state of one package: a fragment that renews itself while something is being done."""
    package = package_or_404(request, pk)
    context = {"package": package_context(package, request.user), "row": package.request}
    return render(request, "requests/_package.html", context)


def _act(
    request: PersonRequest, pk: int, may: bool | Callable[[Package], bool], act: Any, done: str
) -> HttpResponse:
    """One button of a package: asks whether this person may, acts, goes back to the case."""
    package = package_or_404(request, pk)
    allow(may(package) if callable(may) else may)
    tried(request, lambda: act(package), done)
    return to_case(package.request, "release")


def _may_export(request: PersonRequest) -> Callable[[Package], bool]:
    return lambda package: (
        permissions.can_export(request.user, package.request)
        and request.user.pk != package.approver_id
    )


@require_POST
@for_people(permissions.can_export)
def export_cancel(request: PersonRequest, pk: int) -> HttpResponse:
    """Stops an export; what was fetched is destroyed."""
    because = request.POST.get("because", "").strip() or _("stopped by hand")
    return _act(
        request,
        pk,
        _may_export(request),
        lambda package: exporting.cancel(package, by=request.user, because=because[:300]),
        _("The export was stopped; what had been fetched is destroyed."),
    )


@require_POST
@for_people(permissions.can_export)
def export_retry(request: PersonRequest, pk: int) -> HttpResponse:
    """Fetches again what could not be fetched."""
    return _act(
        request,
        pk,
        _may_export(request),
        lambda package: exporting.retry_failed(package, by=request.user),
        _("What was missing is being fetched again."),
    )


@require_POST
@for_people(permissions.can_export)
def export_without(request: PersonRequest, pk: int) -> HttpResponse:
    """Goes on without what could not be fetched: stated as gaps."""
    because = request.POST.get("because", "")
    return _act(
        request,
        pk,
        _may_export(request),
        lambda package: exporting.go_without(package, by=request.user, because=because),
        _("The export goes on; the missing minutes are stated as gaps."),
    )


@require_POST
@for_people(permissions.can_verify)
def package_seal(request: PersonRequest, pk: int) -> HttpResponse:
    """Starts sealing a verified package."""
    return _act(
        request,
        pk,
        lambda package: release_work.may_seal(package, request.user),
        lambda package: release_work.queue_sealing(package, by=request.user),
        _("The package is being sealed."),
    )


@require_POST
@for_people(permissions.can_decide)
def package_review(request: PersonRequest, pk: int) -> HttpResponse:
    """A superior's look at the compensating control."""
    return _act(
        request,
        pk,
        True,
        lambda package: parts.review(package, by=request.user),
        _("Noted: you have reviewed this case."),
    )


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
        raise PermissionDenied(_("This copy is not there."))
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


def _note_written(copy: RecipientCopy, file: EvidenceFile, request: PersonRequest) -> None:
    handing_over.note_custody(
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
        title=_("End the link of %(name)s") % {"name": link.recipient_name},
        done=_("The link no longer opens."),
        lead=_("A download that is running stops."),
        button=_("End the link"),
        danger=True,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def record_new(request: PersonRequest, pk: int, kind: str) -> HttpResponse:
    """Makes one record of a case. Of a package when its kind is about one (`?package=`)."""
    row = case_or_404(request, pk)
    which = _kind_or_404(kind)
    package = _package_of(request, row, which)
    if which in {Kind.NO_RECORDING, Kind.HOLD}:
        allow(permissions.can_assess(request.user, row))
    else:
        allow(permissions.can_deliver(request.user, row))
    form = RecordForm(
        which.value, request.user, **asked(request), initial=_known(row), instance=HandOverRecord()
    )
    act = {
        Kind.COPY: lambda data: handing_over.hand_over(package, data, by=request.user),
        Kind.VIEWING: lambda data: handing_over.record_viewing(package, data, by=request.user),
        Kind.NOT_COLLECTED: lambda data: handing_over.record_not_collected(
            package, data, by=request.user
        ),
        Kind.NO_RECORDING: lambda data: handing_over.record_no_recording(
            row, data, by=request.user
        ),
        Kind.HOLD: lambda data: handing_over.record_hold(row, data, by=request.user),
    }[which]
    return door(
        request,
        row,
        form,
        act,
        title=_("Record: %(kind)s") % {"kind": which.label},
        done=_("The record is made. Print it, have it signed and scan it in."),
        lead=_("What you enter is frozen in the record and printed on it."),
        button=_("Make the record"),
    )


def _kind_or_404(kind: str) -> HandOverRecord.Kind:
    codes = {one.value.lower().replace("_", "-"): one for one in Kind}
    found = codes.get(kind)
    if found is None:
        raise Http404
    return found


def _package_of(request: PersonRequest, row: FootageRequest, kind: HandOverRecord.Kind) -> Any:
    if kind in {Kind.NO_RECORDING, Kind.HOLD}:
        return None
    packages = row.packages.exclude(status__in=[Package.Status.CANCELLED, Package.Status.DESTROYED])
    return get_object_or_404(packages.select_related("request__kind", "inner_file", "decision"))


def _known(row: FootageRequest) -> dict[str, str]:
    return {
        "receiver_name": row.requester_name,
        "receiver_office": row.organisation,
        "receiver_title": row.requester_title,
        "receiver_letter": row.ebys_number,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def close(request: PersonRequest, pk: int) -> HttpResponse:
    """Closes a complete case, with the date by which our copy goes."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    lacking = closing.missing(row)
    last = tsi.today() + dt.timedelta(days=settings.COPY_KEPT_DAYS)
    return door(
        request,
        row,
        CloseForm(**asked(request), initial={"delete_by": last}),
        lambda data: closing.close(row, by=request.user, delete_by=data["delete_by"]),
        title=_("Close the case"),
        done=_("The case is closed."),
        points=lacking,
        points_title=_("This is still missing:"),
        is_blocked=bool(lacking),
        button=_("Close"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_assess)
def archive(request: PersonRequest, pk: int) -> HttpResponse:
    """Files a closed case whose footage is gone."""
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    return door(
        request,
        row,
        ConfirmForm(**asked(request)),
        lambda data: closing.archive(row, by=request.user),
        title=_("Archive the case"),
        done=_("The case is in the archive."),
        button=_("Archive"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def destruction_new(request: PersonRequest, pk: int) -> HttpResponse:
    """The first of three steps that destroy our copy."""
    package = package_or_404(request, pk)
    allow(request.user.has_role(*destroying.PREPARING))
    return door(
        request,
        package.request,
        DestructionForm(**asked(request)),
        lambda data: destroying.prepare(
            package, by=request.user, reason=data["reason"], trigger=data["trigger"]
        ),
        title=_("Prepare the destruction of %(number)s") % {"number": package.number},
        done=_("Prepared. Another person verifies it, a superior approves it."),
        lead=_(
            "Every file of this package on our side is listed with its hash. Nothing is destroyed yet."
        ),
        button=_("Prepare"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def destruction_step(request: PersonRequest, uid: uuid.UUID, step: str) -> HttpResponse:
    """One further step of a destruction: verify, approve, carry-out or cancel."""
    rows = Destruction.objects.visible_to(request.user).select_related("package", "request__kind")
    row = get_object_or_404(rows, uuid=uid)
    person = request.user
    roles = {
        "verify": destroying.VERIFYING,
        "approve": destroying.APPROVING,
        "carry-out": destroying.PREPARING,
        "cancel": (*destroying.PREPARING, *destroying.APPROVING),
    }
    allow(person.has_role(*roles[step]))
    names = {
        "verify": (_("Verify the destruction"), lambda data: destroying.verify(row, by=person)),
        "approve": (_("Approve the destruction"), lambda data: destroying.approve(row, by=person)),
        "carry-out": (_("Destroy now"), lambda data: destroying.carry_out(row, by=person)),
        "cancel": (
            _("Keep the copy"),
            lambda data: destroying.cancel(row, by=person, because=data["because"]),
        ),
    }
    title, act = names[step]
    form = (ReasonForm if step == "cancel" else ConfirmForm)(**asked(request))
    return door(
        request,
        row.request,
        form,
        act,
        title=f"{title} · {row.number}",
        done=_("Done."),
        lead=_("%(count)s files of %(number)s. Reason: %(reason)s")
        % {
            "count": len(row.evidence),
            "number": row.package.number if row.package else "",
            "reason": row.reason,
        },
        button=title,
        danger=step == "carry-out",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_deliver)
def stock(request: PersonRequest) -> HttpResponse:
    """Media in stock, what came in and what left with which record."""
    form = StockForm(**asked(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if tried(
            request,
            lambda: handing_over.add_stock(
                data["kind"], data["change"], data["document"], by=request.user
            ),
            _("The stock is changed."),
        ):
            form = StockForm()
    rows = MediumMovement.objects.visible_to(request.user).select_related("by", "record__request")
    context = {
        "form": form,
        "left": [(MediumKind(kind).label, count) for kind, count in handing_over.stock().items()],
        "movements": rows[:200],
    }
    status = 422 if request.method == "POST" and form.errors else 200
    return render(request, "requests/stock.html", context, status=status)
