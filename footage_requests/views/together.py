"""Exhibits of several cameras side by side, in step by true time (CLK-14). Each is a viewing of its own."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest

from .. import permissions
from ..errors import Refused
from ..exhibits import verifying, watching
from ..exhibits.true_order import Placed, in_true_order
from ..models import Exhibit, Package, Viewing
from .exhibits import package_or_404, purposes_of, viewing_or_404
from .shared import for_people, told

FEWEST, MOST = 2, 4
"""At least two make an order; more than four films at once are watched by nobody."""


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_see_requests)
def together_open(request: PersonRequest, pk: int) -> HttpResponse:
    """Asks which exhibits and why; every viewing is recorded before the first picture."""
    package = package_or_404(request, pk)
    purposes = [one for one in purposes_of(package, request) if one[0] != Viewing.Purpose.MASK]
    placed = in_true_order(verifying.current_exhibits(package))
    if not purposes:
        raise PermissionDenied
    if len(placed) < FEWEST:
        raise Http404
    if request.method == "POST":
        try:
            viewings = _open(request, placed)
        except ValidationError as error:
            messages.error(request, told(error))
        else:
            return redirect(_address(viewings))
    context = {
        "package": package,
        "placed": placed,
        "purposes": purposes,
        "most": MOST,
        "note": request.POST.get("note", ""),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "requests/together_open.html", context, status=status)


def _open(request: PersonRequest, placed: list[Placed]) -> list[Viewing]:
    asked = set(request.POST.getlist("exhibit"))
    chosen: list[Exhibit] = [one.exhibit for one in placed if str(one.exhibit.pk) in asked]
    if not FEWEST <= len(chosen) <= MOST:
        raise Refused(_("Choose between two and four exhibits."))
    purpose = request.POST.get("purpose", "")
    if purpose not in {Viewing.Purpose.VERIFY, Viewing.Purpose.SHOW}:
        raise Refused(_("Choose why you open the footage."))
    note = request.POST.get("note", "")
    with transaction.atomic():
        return [
            verifying.open_for_viewing(exhibit, purpose, by=request.user, note=note)
            for exhibit in chosen
        ]


def _address(viewings: list[Viewing]) -> str:
    asked = urlencode([("view", str(viewing.uuid)) for viewing in viewings])
    return f"{reverse('footage_requests:together')}?{asked}"


def _viewings(request: PersonRequest, names: list[str]) -> list[Viewing]:
    """One's own viewings of one package. 404 for anything else."""
    try:
        found = [viewing_or_404(request, uuid.UUID(name)) for name in names[: MOST + 1]]
    except ValueError:
        raise Http404 from None
    packages: set[Package] = {viewing.exhibit.package for viewing in found}
    if not FEWEST <= len(found) <= MOST or len(packages) != 1:
        raise Http404
    return found


@require_safe
@for_people(permissions.can_see_requests)
def together(request: PersonRequest) -> HttpResponse:
    """The players on one axis of true time."""
    viewings = _viewings(request, request.GET.getlist("view"))
    package, now = viewings[0].exhibit.package, timezone.now()
    if not all(verifying.may_stream(one, request.user, now) for one in viewings):
        messages.info(request, _("This viewing has ended. Open the exhibit again to go on."))
        return redirect("footage_requests:together_open", package.pk)
    by_exhibit = {viewing.exhibit_id: viewing for viewing in viewings}
    pairs = [
        (one, by_exhibit[one.exhibit.pk])
        for one in in_true_order(viewing.exhibit for viewing in viewings)
    ]
    context = {
        "package": package,
        "lanes": [{"placed": one, "viewing": viewing} for one, viewing in pairs],
        "viewings": viewings,
        "is_verifying": viewings[0].purpose == Viewing.Purpose.VERIFY,
        "data": [_lane(one, viewing, request) for one, viewing in pairs],
        "watermark": f"{request.user.full_name} · {request.user.staff_number}",
    }
    response = render(request, "requests/together.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _lane(placed: Placed, viewing: Viewing, request: PersonRequest) -> dict[str, object]:
    is_verifying = viewing.purpose == Viewing.Purpose.VERIFY
    watch = watching.watch_of(placed.exhibit, request.user if is_verifying else None)
    return {
        "times": placed.times.as_data(),
        "beat": reverse("footage_requests:viewing_beat", args=[viewing.uuid]),
        "watched": [list(span) for span in watch.watched],
    }


@require_POST
@for_people(permissions.can_see_requests)
def together_close(request: PersonRequest) -> HttpResponse:
    """Ends all viewings of the page and goes back to the case."""
    viewings = _viewings(request, request.POST.getlist("view"))
    for viewing in viewings:
        verifying.close(viewing)
    return redirect("footage_requests:case", viewings[0].exhibit.package.request_id)
