"""Pictures of a position's camera. Each viewing is audited before the bytes leave."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

import audit
from accounts.requests import PersonRequest
from cameras import permissions
from cameras.models import LastPicture
from cameras.saving import picture_place
from core import tsi
from inventory.models import Position
from vault.crypto import open_bytes

from .shared import for_people


@require_safe
@for_people(permissions.can_see_picture)
def picture(request: PersonRequest, pk: int) -> HttpResponse:
    """The last picture of the camera at a position."""
    row = get_object_or_404(
        Position.objects.visible_to(request.user).select_related("floor__building"), pk=pk
    )
    if not permissions.can_see_picture(request.user, row):
        raise PermissionDenied
    device = row.device_at(timezone.now())
    last = get_object_or_404(LastPicture, device=device)
    data = open_bytes(bytes(last.sealed), picture_place(last.pk))
    with transaction.atomic():
        audit.record(
            "picture.view", actor=request.user, target=row, taken_at=tsi.stamp(last.taken_at)
        )
    response = HttpResponse(data, content_type=last.content_type)
    response["Cache-Control"] = "no-store"
    response["Content-Disposition"] = "inline"
    return response
