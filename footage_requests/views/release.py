"""From the approval to the destruction: export, sealing, copies, links, records, closing. Doors only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.requests import PersonRequest
from core.steps import not_now

from .. import parts, permissions
from ..decisions import deciding
from ..exhibits import watching
from ..footage import exporting
from ..forms.release import RecordForm, local_minute
from ..models import (
    FootageRequest,
    HandOverRecord,
    Package,
)
from ..release import handing_over, release_work
from ..release.release_panel import package_context
from .acting import asked, door
from .exhibits import package_or_404
from .shared import allow, case_or_404, for_people, to_case, tried

Kind = HandOverRecord.Kind
_STEP_OF = {Kind.COPY: "hand_over", Kind.VIEWING: "show", Kind.NOT_COLLECTED: "give_up"}


@require_POST
@for_people(permissions.can_export)
def export_start(request: PersonRequest, pk: int) -> HttpResponse:
    """Starts fetching what was approved; who presses is the exporter."""
    row = case_or_404(request, pk)
    allow(permissions.can_export(request.user, row))
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
    request: PersonRequest, pk: int, may: Callable[[Package], bool], act: Any, done: str
) -> HttpResponse:
    """One button of a package: asks whether this person may, acts, goes back to the case."""
    package = package_or_404(request, pk)
    allow(may(package))
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
        lambda package: permissions.can_decide(request.user, package.request),
        lambda package: parts.review(package, by=request.user),
        _("Noted: you have reviewed this case."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def record_new(request: PersonRequest, pk: int, kind: str) -> HttpResponse:
    """Makes one record of a case. Of a package when its kind is about one (`?package=`)."""
    row = case_or_404(request, pk)
    which = _kind_or_404(kind)
    package = _package_of(row, which)
    if package is None and which in _STEP_OF and request.method == "POST":
        raise Http404
    if which in {Kind.NO_RECORDING, Kind.HOLD}:
        allow(permissions.can_assess(request.user, row))
    else:
        allow(permissions.can_deliver(request.user, row))
    form = RecordForm(
        which.value,
        request.user,
        **asked(request),
        initial=_known(row)
        | (_watched(package, request.user) if package and which == Kind.VIEWING else {}),
        instance=HandOverRecord(),
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
        why_not=_why_no_record(row, package, which),
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


def _package_of(row: FootageRequest, kind: HandOverRecord.Kind) -> Any:
    if kind not in _STEP_OF:
        return None
    packages = row.packages.exclude(status__in=[Package.Status.CANCELLED, Package.Status.DESTROYED])
    return packages.select_related("request__kind", "inner_file", "decision").first()


def _why_no_record(
    row: FootageRequest, package: Package | None, kind: HandOverRecord.Kind
) -> list[str]:
    """What makes a record of that kind impossible in the state of the case and of its package."""
    title = _("Record: %(kind)s") % {"kind": kind.label}
    if kind == Kind.NO_RECORDING:
        return [] if row.status in handing_over.NOTHING_TO_GIVE else [not_now(row, title)]
    if kind == Kind.HOLD:
        return [] if handing_over.is_held(row) else [_("Nothing is held for this request yet.")]
    if package is None:
        return [_("There is no package of this request that could be handed over or shown.")]
    return [] if package.allows(_STEP_OF[kind]) else [not_now(package, title)]


def _known(row: FootageRequest) -> dict[str, str]:
    return {
        "place": settings.UNIT_NAME,
        "receiver_name": row.requester_name,
        "receiver_office": row.organisation,
        "receiver_title": row.requester_title,
        "receiver_letter": row.ebys_number,
    }


def _watched(package: Package, person: Person) -> dict[str, str]:
    """When this person's showing of the package began and ended, as the player has recorded it."""
    shown = watching.shown_between(package, person)
    if shown is None:
        return {}
    begun, ended = shown
    # A record tells minutes: a look of seconds must not end when it began.
    ended = max(ended, begun + dt.timedelta(minutes=1))
    return {"happened_at": local_minute(begun), "viewing_until": local_minute(ended)}
