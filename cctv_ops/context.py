"""What every page needs: navigation for this person, theme, unit name, alarms."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from cctv_ops.navigation import alarm_for, navigation_for


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor of base.html. Pages without a signed-in person get the plain parts only."""
    person = getattr(request, "user", None)
    common = {"unit_name": settings.UNIT_NAME, "demo": settings.DEMO, "theme": "auto"}
    if person is None or not person.is_authenticated:
        return common
    return common | {
        "theme": person.theme,
        "navigation": navigation_for(person, request.path),
        "role_names": [role.label for role in person.roles()],
        "alarm": alarm_for(person),
    }
