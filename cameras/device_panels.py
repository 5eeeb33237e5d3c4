"""What cameras add to a device's page in the inventory: its printed card."""

from __future__ import annotations

from typing import Any

from accounts.requests import PersonRequest
from cameras import permissions
from core import panels


def register() -> None:
    """Called once when Django is ready."""
    panels.register("inventory-device", 90, "reports/_card_of.html", _card, _may)


def _may(person: Any, _row: Any) -> bool:
    return permissions.can_see_reports(person)


def _card(_request: PersonRequest, row: Any) -> dict[str, Any]:
    return {"pk": row.pk}
