"""Choosing the cameras of a case: found by place and words, proposed as neighbours, in or out and why."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import PersonRequest
from core.text import fold
from inventory.floorplan_marks import sheets_with
from inventory.models import Building, Floor, Position

from .. import permissions
from ..casework import asked_window, case_view, choosing
from ..hold_tasks import ask_recorders
from ..models import FootageRequest, RequestItem
from .shared import allow, case_or_404, for_people, tried

MOST_FOUND = 60


@require_safe
@for_people(permissions.can_assess)
def cameras(request: PersonRequest, pk: int) -> HttpResponse:
    """What is chosen, what is proposed, and a search for more."""
    row = _case(request, pk)
    building, floor = _place(request, row)
    query = request.GET.get("find", "")[:100]
    found = _found(request, row, building, floor, query)
    items = row.items.select_related("position__floor__building")
    holds = row.holds.select_related("channel__recorder")
    shown = case_view.cameras_of(items, holds)
    near = [each["row"].position for each in shown if each["row"].is_included is not False]
    if floor:
        # On one floor's plan what was found stands beside what is chosen already.
        near = [place for place in near if place.floor_id == floor.pk] + found[:MOST_FOUND]
    context = {
        "plans": sheets_with(near, request.user),
        "row": row,
        "window": asked_window.in_words(row.starts_at, row.ends_at),
        "cameras": shown,
        "undecided": [each for each in shown if each["row"].is_included is None],
        "decided": [each for each in shown if each["row"].is_included is not None],
        "found": found[:MOST_FOUND],
        "is_cut": len(found) > MOST_FOUND,
        "buildings": Building.objects.visible_to(request.user).order_by("name"),
        "floors": Floor.objects.visible_to(request.user).filter(building=building)
        if building
        else [],
        "building": building,
        "floor": floor,
        "query": query,
        "obstacles": case_view.obstacles_for(request.user, row),
        "is_editable": row.status in FootageRequest.EDITABLE,
        "voids": row.decisions.filter(voided_at=None).exists(),
    }
    return render(request, "requests/cameras.html", context)


def _case(request: PersonRequest, pk: int) -> FootageRequest:
    row = case_or_404(request, pk)
    allow(permissions.can_assess(request.user, row))
    return row


def _place(request: PersonRequest, row: FootageRequest) -> tuple[Building | None, Floor | None]:
    """The asked building and floor; at first the building that the request names."""
    text = request.GET.get("building", str(row.building_id or ""))
    building = None
    if text.isdecimal() and len(text) < 19:
        building = Building.objects.visible_to(request.user).filter(pk=int(text)).first()
    text = request.GET.get("floor", "")
    floor = None
    if building and text.isdecimal() and len(text) < 19:
        floor = (
            Floor.objects.visible_to(request.user).filter(building=building, pk=int(text)).first()
        )
    return building, floor


def _found(
    request: PersonRequest,
    row: FootageRequest,
    building: Building | None,
    floor: Floor | None,
    query: str,
) -> list[Position]:
    """Positions that fit, without those that the case has already; none before something is asked."""
    words = fold(query).split()
    if not (building or words):
        return []
    rows = Position.objects.visible_to(request.user).exclude(status=Position.Status.PLANNED)
    if floor:
        rows = rows.filter(floor=floor)
    elif building:
        rows = rows.filter(floor__building=building)
    for word in words:
        rows = rows.filter(
            Q(search_text__contains=word) | Q(floor__building__in=_buildings_called(word, request))
        )
    decided = row.items.exclude(is_included=None).values("position")
    rows = rows.exclude(pk__in=decided).select_related("floor__building")
    return list(rows.order_by("floor__building__name", "floor__level", "code")[: MOST_FOUND + 1])


def _buildings_called(word: str, request: PersonRequest) -> list[int]:
    """People name the building first: "kütüphane giriş"."""
    names = Building.objects.visible_to(request.user).values_list("pk", "name")
    return [number for number, name in names if word in fold(name)]


def _back(row: FootageRequest, request: PersonRequest) -> HttpResponse:
    """To the page of cameras, with its search kept."""
    query = request.POST.get("query", "")[:300]
    response = redirect("footage_requests:cameras", row.pk)
    if query:
        response["Location"] += f"?{query.lstrip('?')}"
    return response


@require_POST
@for_people(permissions.can_assess)
def name(request: PersonRequest, pk: int) -> HttpResponse:
    """Takes the ticked cameras in; their footage is held and their neighbours are proposed."""
    row = _case(request, pk)
    numbers = [int(text) for text in request.POST.getlist("position") if text.isdecimal()]
    positions = list(
        Position.objects.visible_to(request.user)
        .filter(pk__in=numbers[: choosing.MOST_CAMERAS])
        .select_related("floor__building")
    )
    if not positions:
        messages.error(request, _("Tick at least one camera."))
        return _back(row, request)
    because = " ".join(request.POST.get("because", "").split())
    done = ngettext(
        "%(count)d camera is in the request; its footage is being held.",
        "%(count)d cameras are in the request; their footage is being held.",
        len(positions),
    ) % {"count": len(positions)}
    tried(
        request,
        lambda: choosing.name_cameras(row, positions, by=request.user, because=because),
        done,
    )
    return _back(row, request)


@require_POST
@for_people(permissions.can_assess)
def propose(request: PersonRequest, pk: int) -> HttpResponse:
    """Proposes the cameras around those that are in."""
    row = _case(request, pk)
    found: list[RequestItem] = []
    if tried(request, lambda: found.extend(choosing.propose_neighbours(row, by=request.user)), ""):
        said = ngettext(
            "%(count)d camera nearby is proposed.",
            "%(count)d cameras nearby are proposed.",
            len(found),
        ) % {"count": len(found)}
        messages.success(request, said if found else _("No other camera stands nearby."))
    return _back(row, request)


@require_POST
@for_people(permissions.can_assess)
def decide_item(request: PersonRequest, pk: int, item_pk: int) -> HttpResponse:
    """Takes one camera in or leaves it out, with the reason."""
    row = _case(request, pk)
    item = get_object_or_404(row.items.all(), pk=item_pk)
    include = request.POST.get("include") == "1"
    because = " ".join(request.POST.get("because", "").split())
    done = _("%(name)s belongs to the request.") if include else _("%(name)s is left out.")
    tried(
        request,
        lambda: choosing.decide_item(item, include=include, because=because, by=request.user),
        done % {"name": item.position.name},
    )
    return _back(row, request)


@require_POST
@for_people(permissions.can_assess)
def exclude_rest(request: PersonRequest, pk: int) -> HttpResponse:
    """Leaves out all that are undecided, for one reason."""
    row = _case(request, pk)
    because = " ".join(request.POST.get("because", "").split())
    tried(
        request,
        lambda: choosing.exclude_rest(row, because=because, by=request.user),
        _("The cameras that were left are out."),
    )
    return _back(row, request)


@require_POST
@for_people(permissions.can_assess)
def check(request: PersonRequest, pk: int) -> HttpResponse:
    """Asks the recorders again what they hold of the window."""
    row = _case(request, pk)
    ask_recorders(row)
    messages.success(request, _("The recorders are being asked. Look again in a moment."))
    return _back(row, request)
