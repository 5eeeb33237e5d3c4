"""The page of a position's fixed masks: what is covered, drawn on the camera's last picture."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import PersonRequest
from cameras.models import LastPicture
from cameras.permissions import can_see_cameras, can_see_picture
from inventory.models import Position

from ..exhibits import fixed_masks as service
from ..models import FixedMask
from .shared import for_people, tried


def _position_or_404(request: PersonRequest, pk: int) -> Position:
    rows = Position.objects.visible_to(request.user).select_related("floor__building")
    row: Position = get_object_or_404(rows, pk=pk)
    return row


def _has_picture(position: Position) -> bool:
    camera = position.device_at(timezone.now())
    return camera is not None and LastPicture.objects.filter(device=camera).exists()


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(can_see_cameras, is_unsworn=True)
def fixed_masks(request: PersonRequest, pk: int) -> HttpResponse:
    """Lists the areas of a position; POST enters a new one."""
    position = _position_or_404(request, pk)
    if request.method == "POST" and tried(
        request,
        lambda: service.enter(
            position,
            name=request.POST.get("name", "")[:150],
            points=request.POST.get("points", ""),
            document=request.POST.get("document", "")[:200],
            by=request.user,
        ),
        _("The area is masked from now on in masked copies."),
    ):
        return redirect("footage_requests:fixed_masks", position.pk)
    rows = list(FixedMask.objects.filter(position=position).select_related("entered_by"))
    context = {
        "position": position,
        "has_picture": _has_picture(position),
        "standing": [row for row in rows if row.ends_on is None],
        "ended": [row for row in rows if row.ends_on is not None],
        "corners": {row.pk: row.points for row in rows if row.ends_on is None},
        "may_enter": service.can_enter(request.user, position),
        "may_end": service.can_end(request.user, position),
        "may_look": can_see_picture(request.user, position),
        "typed": request.POST,
        "unmasked": service.kinds_without_masks(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "requests/fixed_masks.html", context, status=status)


@require_POST
@for_people(can_see_cameras, is_unsworn=True)
def fixed_mask_end(request: PersonRequest, pk: int) -> HttpResponse:
    """Uncovers one area from tomorrow on."""
    rows = FixedMask.objects.visible_to(request.user).select_related("position__floor__building")
    row = get_object_or_404(rows, pk=pk)
    tried(
        request,
        lambda: service.end(row, document=request.POST.get("document", "")[:200], by=request.user),
        _("From tomorrow on the area is no longer masked."),
    )
    return redirect("footage_requests:fixed_masks", row.position_id)
