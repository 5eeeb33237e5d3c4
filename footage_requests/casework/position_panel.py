"""What requests add to the inventory's page of a position: the requests that touched it."""

from __future__ import annotations

from typing import Any

from accounts.requests import PersonRequest
from core import panels

from .. import permissions
from ..models import FootageRequest

SHOWN = 10


def register() -> None:
    """Called once when Django is ready."""
    panels.register("inventory-position", 70, "requests/_of_position.html", _requests, _may)


def _may(person: Any, _row: Any) -> bool:
    return permissions.can_see_requests(person)


def _requests(request: PersonRequest, position: Any) -> dict[str, Any] | None:
    """The latest requests with this camera in them, of those that the person sees."""
    seen = FootageRequest.objects.visible_to(request.user)
    rows = list(seen.filter(items__position=position, items__is_included=True).distinct()[:SHOWN])
    return {"rows": rows} if rows else None
