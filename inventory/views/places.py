"""Buildings with their floors, networks, and groups of positions."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest

from .. import permissions, words
from ..models import Building, Network, PositionGroup
from .common import for_people, page_of
from .lists import tabs

SHOWN_HISTORY = 20


@require_safe
@for_people()
def building(request: PersonRequest, pk: int) -> HttpResponse:
    """One building: its floors with their positions, and its stock counts."""
    rows = Building.objects.visible_to(request.user).select_related("site")
    row: Building = get_object_or_404(rows, pk=pk)
    floors = row.floors.prefetch_related("positions").order_by("-level", "name")
    context = {
        "building": row,
        "floors": floors,
        "counts": row.counts.all()[:10],
        "may_change": permissions.can_change_places(request.user),
        "may_plan": permissions.can_change_positions(request.user),
        "may_count": permissions.can_count(request.user, row),
        "history": words.history_of(row, SHOWN_HISTORY),
    }
    return render(request, "inventory/building.html", context)


@require_safe
@for_people()
def network(request: PersonRequest, pk: int) -> HttpResponse:
    """One network with the addresses that are in use."""
    rows = Network.objects.visible_to(request.user).select_related("via")
    row: Network = get_object_or_404(rows, pk=pk)
    held = row.addresses.at(timezone.now()).visible_to(request.user)
    context = {
        "network": row,
        "page": page_of(request, held.select_related("device").order_by("ip")),
        "may_change": permissions.can_change_networks(request.user),
        "history": words.history_of(row, SHOWN_HISTORY),
    }
    return render(request, "inventory/network.html", context)


@require_safe
@for_people()
def groups(request: PersonRequest) -> HttpResponse:
    """Groups of positions with their goals and limits."""
    context = {
        "groups": PositionGroup.objects.visible_to(request.user).annotate(
            position_count=Count("positions")
        ),
        "may_change": permissions.can_change_groups(request.user),
        "tabs": tabs("groups"),
    }
    return render(request, "inventory/groups.html", context)
