"""Sites and buildings by name, for the grants of roles."""

from __future__ import annotations

from accounts.models import Place, RoleGrant
from core.sorting import Turkish

from .models import Building, Site


def named_places() -> list[tuple[Place, str]]:
    """Every site and building: grants are given by administrators, who see the whole campus."""
    kinds = RoleGrant.ScopeKind
    sites = [((str(kinds.SITE), site.pk), site.name) for site in Site.objects.all()]
    buildings = Building.objects.select_related("site").order_by("site", Turkish("name"))
    return sites + [
        ((str(kinds.BUILDING), row.pk), f"{row.site.name} · {row.name}") for row in buildings
    ]
