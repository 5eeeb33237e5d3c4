"""Pictures of a position: the last one, the reference, and both compared. Each viewing is audited first."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

import audit
from accounts.requests import PersonRequest
from cameras import permissions
from cameras.models import LastPicture, ReferencePicture
from cameras.references import PictureChanged, note_comparison, set_reference
from core import tsi
from inventory.models import Position
from vault import open_picture

from .shared import for_people

LONGEST_WORDS = 300


def _place(request: PersonRequest, pk: int) -> Position:
    """The position, for people whose role there includes seeing pictures."""
    row = get_object_or_404(
        Position.objects.visible_to(request.user).select_related("floor__building"), pk=pk
    )
    if not permissions.can_see_picture(request.user, row):
        raise PermissionDenied
    return row


def _last(row: Position) -> LastPicture | None:
    return LastPicture.objects.filter(device=row.device_at(timezone.now())).first()


def _sent(
    request: PersonRequest, row: Position, shown: LastPicture | ReferencePicture, action: str
) -> HttpResponse:
    data = open_picture(shown)
    with transaction.atomic():
        audit.record(action, actor=request.user, target=row, taken_at=tsi.stamp(shown.taken_at))
    response = HttpResponse(data, content_type=shown.content_type)
    response["Cache-Control"] = "no-store"
    response["Content-Disposition"] = "inline"
    return response


@require_safe
@for_people(permissions.can_see_picture)
def picture(request: PersonRequest, pk: int) -> HttpResponse:
    """The last picture of the camera at a position."""
    row = _place(request, pk)
    last = _last(row)
    if last is None:
        raise Http404
    return _sent(request, row, last, "picture.view")


@require_safe
@for_people(permissions.can_see_picture)
def reference_picture(request: PersonRequest, pk: int) -> HttpResponse:
    """The reference picture of a position."""
    row = _place(request, pk)
    return _sent(request, row, get_object_or_404(ReferencePicture, pk=row.pk), "reference.view")


@require_safe
@for_people(permissions.can_see_picture)
def reference(request: PersonRequest, pk: int) -> HttpResponse:
    """Last and reference picture over each other, to see whether the camera has moved."""
    row = _place(request, pk)
    context = {
        "position": row,
        "picture": _last(row),
        "reference": ReferencePicture.objects.filter(pk=row.pk)
        .defer("sealed")
        .select_related("set_by", "compared_by", "view_check")
        .first(),
        "verdicts": ReferencePicture.Verdict.choices,
        "may_set": permissions.can_set_reference(request.user, row),
        "longest": LONGEST_WORDS,
    }
    return render(request, "cameras/reference.html", context)


@require_POST
@for_people(permissions.can_set_reference)
def reference_set(request: PersonRequest, pk: int) -> HttpResponse:
    """Makes the last picture the reference, with a reason."""
    row = _changeable(request, pk)
    because = request.POST.get("because", "").strip()
    last = _last(row)
    if last is None:
        messages.error(request, _("No picture has been taken yet."))
    elif not because:
        messages.error(request, _("Say why this picture is the reference."))
    else:
        try:
            set_reference(row, last, seen_at=_seen_at(request), by=request.user, because=because)
        except PictureChanged:
            messages.error(
                request, _("A newer picture was taken meanwhile. Look at it and decide again.")
            )
        else:
            messages.success(request, _("This is now the reference picture."))
    return redirect("cameras:reference", pk=row.pk)


@require_POST
@for_people(permissions.can_set_reference)
def reference_compare(request: PersonRequest, pk: int) -> HttpResponse:
    """Keeps what somebody says after comparing: same view, moved, or cannot be told."""
    row = _changeable(request, pk)
    shown = get_object_or_404(ReferencePicture.objects.select_related("position"), pk=row.pk)
    verdict, seen_at = request.POST.get("verdict", ""), _seen_at(request)
    if verdict not in ReferencePicture.Verdict.values or seen_at is None:
        messages.error(request, _("Choose what the comparison showed."))
    else:
        note_comparison(
            shown,
            verdict=verdict,
            remark=request.POST.get("remark", "").strip(),
            compared_with=seen_at,
            by=request.user,
        )
        messages.success(request, _("The comparison is noted."))
    return redirect("cameras:reference", pk=row.pk)


def _changeable(request: PersonRequest, pk: int) -> Position:
    row = _place(request, pk)
    if not permissions.can_set_reference(request.user, row):
        raise PermissionDenied
    return row


def _seen_at(request: PersonRequest) -> dt.datetime | None:
    """When the picture was taken that the form showed; None for nonsense."""
    try:
        instant = dt.datetime.fromisoformat(request.POST.get("seen_at", ""))
    except ValueError:
        return None
    return instant if instant.tzinfo else None
