"""Plans of floors: the list, one plan with its cameras, handing in a picture, placing cameras on it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from core.sorting import Turkish
from core.text import fold

from .. import attachments, floorplans, permissions, words
from ..floorplan_marks import place_facts, sheet
from ..forms.floorplans import AwayForm, FactsForm, PlanForm, SeenForm, SpotForm
from ..models import Floor, FloorPlan, PlanPlace, Position
from .common import allow, for_people, page_of
from .devices import moved
from .lists import tabs
from .positions import visible_position

SHOWN_HISTORY = 20


@require_safe
@for_people()
def plans(request: PersonRequest) -> HttpResponse:
    """Every floor with its plan, and how many of its cameras stand on it."""
    query, missing = request.GET.get("q", "")[:100], "missing" in request.GET
    rows = _floors(request)
    words_asked = fold(query).split()
    if words_asked:
        names = rows.order_by().values_list("pk", "name", "building__name", "building__code")
        found = [
            pk for pk, *texts in names if all(word in fold(" ".join(texts)) for word in words_asked)
        ]
        rows = rows.filter(pk__in=found)
    if missing:
        rows = rows.filter(plan_version=None)
    context = {
        "page": page_of(request, rows),
        "query": query,
        "missing": missing,
        "may_change": permissions.can_change_plans(request.user),
        "tabs": tabs("plans"),
    }
    return render(request, "inventory/floor_plans.html", context)


def _floors(request: PersonRequest) -> Any:
    """Visible floors with `plan_version`, `plan_added_at`, `is_put_away`, `placed` and `position_count`."""
    any_plan = FloorPlan.objects.filter(floor=OuterRef("pk"))
    current = FloorPlan.objects.current().filter(floor=OuterRef("pk"))
    counted = Q(positions__isnull=False) & ~Q(positions__status=Position.Status.CLOSED)
    on_plan = Q(
        positions__places__plan__floor=F("pk"), positions__places__plan__replaced_at__isnull=True
    )
    return (
        Floor.objects.visible_to(request.user)
        .select_related("building__site")
        .annotate(
            plan_version=Subquery(current.values("version")[:1]),
            plan_added_at=Subquery(current.values("added_at")[:1]),
            is_put_away=Exists(any_plan) & ~Exists(current),
            position_count=Count("positions", filter=counted, distinct=True),
            placed=Count("positions", filter=counted & on_plan, distinct=True),
        )
        .order_by("building", "building_id", "level", Turkish("name"))
    )


def visible_floor(request: PersonRequest, pk: int) -> Floor:
    """The floor, or 404 when it is not this person's to see."""
    rows = Floor.objects.visible_to(request.user).select_related("building__site")
    floor: Floor = get_object_or_404(rows, pk=pk)
    return floor


def changeable_floor(request: PersonRequest, pk: int) -> Floor:
    """The floor, or 403 when this person may change plans only elsewhere."""
    floor = visible_floor(request, pk)
    allow(permissions.can_change_plans(request.user, floor))
    return floor


@require_safe
@for_people()
def plan(request: PersonRequest, pk: int) -> HttpResponse:
    """One floor's plan with its cameras; `?version=` shows an older one as it was."""
    floor = visible_floor(request, pk)
    versions = list(floor.plans.order_by("-version"))
    shown = _asked_version(request, versions)
    context = {
        "floor": floor,
        "versions": versions,
        "plan": shown,
        "is_old": bool(shown and shown.replaced_at),
        "is_away": bool(versions and versions[0].replaced_at),
        "sheet": sheet(shown, request.user, states=not shown.replaced_at) if shown else None,
        "marked": request.GET.get("position", ""),
        "may_change": permissions.can_change_plans(request.user, floor),
        "siblings": Floor.objects.visible_to(request.user)
        .filter(building=floor.building_id)
        .order_by("-level", "name"),
    }
    return render(request, "inventory/floor_plan.html", context)


def _asked_version(request: PersonRequest, versions: list[FloorPlan]) -> FloorPlan | None:
    """The version of the query, else the newest. Raises 404 for a version that never was."""
    asked = request.GET.get("version", "")
    if not asked:
        return versions[0] if versions else None
    for version in versions:
        if str(version.version) == asked:
            return version
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_plans)
def plan_new(request: PersonRequest, pk: int) -> HttpResponse:
    """Hands in a picture: the first plan of the floor, or its next version."""
    floor = changeable_floor(request, pk)
    before = floorplans.current_plan(floor)
    form = PlanForm(before, request.POST or None, request.FILES or None)

    def keep(data: dict[str, Any]) -> None:
        upload = data["file"]
        # One byte more than is taken tells too large from just right.
        content = upload.read(attachments.LARGEST_FILE + 1)
        floorplans.add(
            floor,
            upload.name,
            content,
            form.facts(),
            by=request.user,
            keep_places=data.get("keep_places", False),
        )

    return moved(
        request,
        form,
        keep,
        title=str(floor),
        pretitle=_("New version of the plan") if before else _("Hand in a floor plan"),
        lead=_("The plan that holds now stays, with its date.") if before else "",
        back=reverse("inventory:floor_arrange", args=[pk]) if _sent(request) else _home(pk),
    )


def _sent(request: PersonRequest) -> bool:
    return request.method == "POST"


def _home(pk: int) -> str:
    return reverse("inventory:floor_plan", args=[pk])


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_plans)
def plan_facts(request: PersonRequest, pk: int) -> HttpResponse:
    """Scale, north and note of the plan that holds now."""
    floor = changeable_floor(request, pk)
    row = floorplans.current_plan(floor)
    if row is None:
        return redirect(_home(pk))
    form = FactsForm(request.POST or None, initial=FactsForm.initial_of(row))
    if _sent(request) and form.is_valid():
        floorplans.change(row, form.facts(), by=request.user)
        messages.success(request, _("Saved."))
        return redirect(_home(pk))
    context = {"floor": floor, "plan": row, "form": form}
    status = 422 if _sent(request) else 200
    return render(request, "inventory/floor_facts.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_plans)
def plan_away(request: PersonRequest, pk: int) -> HttpResponse:
    """Puts the floor's plan away, or brings back the one that was put away; what will happen is said first."""
    floor = changeable_floor(request, pk)
    row = floorplans.current_plan(floor)
    # What the page had said when it was sent: a plan that came meanwhile is not put away by it.
    brings_back = request.POST.get("act") == "back" if _sent(request) else row is None
    act = floorplans.bring_back if brings_back else floorplans.put_away
    title = _("Bring the plan back") if brings_back else _("Put the plan away")
    lead = _("The plan holds again, with its cameras where they stood.")
    if not brings_back:
        placed = row.places.shown().count() if row else 0
        said = ngettext(
            "The floor has no plan then, and %(count)d camera is not placed any more.",
            "The floor has no plan then, and %(count)d cameras are not placed any more.",
            placed,
        )
        lead = said % {"count": placed} + " " + _("The plan stays among the versions of the floor.")
    return moved(
        request,
        AwayForm(request.POST or None, initial={"act": "back" if brings_back else "away"}),
        lambda data: act(floor, because=data["because"], by=request.user),
        title=str(floor),
        pretitle=title,
        lead=lead,
        button=title,
        danger=not brings_back,
        back=_home(pk),
    )


@require_safe
@for_people()
def picture(request: PersonRequest, token: uuid.UUID) -> FileResponse:
    """The picture of a plan, shown in pages and run by nobody."""
    row: FloorPlan = get_object_or_404(FloorPlan.objects.visible_to(request.user), uuid=token)
    path = floorplans.path_of(row)
    if not path.is_file():
        raise Http404
    response = FileResponse(path.open("rb"), filename=row.file_name, content_type=row.content_type)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
@for_people(permissions.can_change_plans)
def arrange(request: PersonRequest, pk: int) -> HttpResponse:
    """The plan for moving things about: by mouse, finger, keys or numbers."""
    floor = changeable_floor(request, pk)
    row = floorplans.current_plan(floor)
    if row is None:
        return redirect(_home(pk))
    context = {
        "floor": floor,
        "plan": row,
        "sheet": sheet(row, request.user),
        "form": SpotForm(auto_id="spot_%s"),
        "marked": request.GET.get("position", ""),
    }
    return render(request, "inventory/floor_arrange.html", context)


def _placeable(request: PersonRequest, pk: int) -> Position:
    row = visible_position(request, pk)
    allow(permissions.can_change_plans(request.user, row.floor))
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@for_people(permissions.can_change_plans)
def place(request: PersonRequest, pk: int) -> HttpResponse:
    """One position's place in numbers; the plan's script posts to it as well and gets JSON."""
    position = _placeable(request, pk)
    row = floorplans.current_plan(position.floor_id)
    if row is None:
        return redirect(_home(position.floor_id))
    stored = row.places.filter(position=position).first()
    form = SpotForm(request.POST or None, initial=SpotForm.initial_of(row, stored))
    if request.method == "POST" and form.is_valid():
        try:
            _same_plan(row, form)
            placed = floorplans.put(
                row, position, form.spot(), seen=form.cleaned_data["seen"], by=request.user
            )
        except ValidationError as error:
            return _not_placed(request, position, error, stored)
        if _wants_json(request):
            return _told(placed)
        messages.success(request, _("Saved."))
        return redirect(f"{_home(position.floor_id)}?position={pk}#mark-{pk}")
    if request.method == "POST" and _wants_json(request):
        texts = [
            f"{form[name].label}: {' '.join(map(str, errors))}"
            for name, errors in form.errors.items()
        ]
        return _refused(" ".join(texts), stored, status=422)
    return _numbers(request, position, form, stored, status=422 if _sent(request) else 200)


def _same_plan(row: FloorPlan, form: SeenForm) -> None:
    """What was read off another picture means nothing on this one."""
    if form.cleaned_data["plan"] not in {None, row.pk}:
        raise ValidationError(
            _("The plan has been replaced by a newer one. Load the page again, then repeat it.")
        )


def _not_placed(
    request: PersonRequest,
    position: Position,
    error: ValidationError,
    stored: PlanPlace | None,
) -> HttpResponse:
    """Says why, with what is stored now; saving the shown form again is then a decision."""
    if isinstance(error, floorplans.MovedMeanwhile):
        stored = error.place
    told = " ".join(error.messages)
    if _wants_json(request):
        return _refused(told, stored, status=409)
    typed = request.POST.copy()
    typed["seen"] = str(stored.revision) if stored else ""
    typed["plan"] = ""
    return _numbers(request, position, SpotForm(typed), stored, status=409, refusals=[told])


def _numbers(
    request: PersonRequest,
    position: Position,
    form: SpotForm,
    stored: PlanPlace | None,
    *,
    status: int,
    refusals: list[str] | None = None,
) -> HttpResponse:
    context = {
        "position": position,
        "form": form,
        "place": stored,
        "refusals": refusals or [],
        "history": words.history_of(stored, SHOWN_HISTORY) if stored else [],
    }
    return render(request, "inventory/floor_place.html", context, status=status)


@require_POST
@for_people(permissions.can_change_plans)
def take_off(request: PersonRequest, pk: int) -> HttpResponse:
    """Puts a position back into the tray."""
    position = _placeable(request, pk)
    row = floorplans.current_plan(position.floor_id)
    form = SeenForm(request.POST)
    if row is not None and form.is_valid():
        try:
            _same_plan(row, form)
            floorplans.take_off(row, position, seen=form.cleaned_data["seen"], by=request.user)
        except ValidationError as error:
            if _wants_json(request):
                place = row.places.filter(position=position).first()
                return _refused(" ".join(error.messages), place, status=409)
            messages.error(request, " ".join(error.messages))
    if _wants_json(request):
        return _told(None)
    return redirect(_home(position.floor_id))


def _wants_json(request: PersonRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


def _told(place: PlanPlace | None) -> JsonResponse:
    return JsonResponse({"message": _("Saved."), "place": place_facts(place)})


def _refused(message: str, place: PlanPlace | None, *, status: int) -> JsonResponse:
    return JsonResponse({"message": message, "place": place_facts(place)}, status=status)
