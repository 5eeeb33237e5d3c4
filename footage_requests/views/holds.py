"""All holds on one page: what is kept for which request, how it went per camera, and until when."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Count, Exists, Q, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

import audit
from accounts.requests import PersonRequest
from core.tsi import today
from inventory.forms.dress import DateField

from .. import permissions
from ..holds import hold_life, hold_weeks, holding
from ..models import Hold, HoldPart, HoldWeek
from ..models.holds import Part
from .board import tabs
from .shared import allow, for_people, page_of, tried

SHOWN = 50
VIEWS: dict[str, tuple[Any, Q]] = {
    "kept": (gettext_lazy("Kept"), Q(status__in=Hold.KEPT)),
    "waiting": (
        gettext_lazy("Wait for a person"),
        Q(status=Hold.Status.REQUESTED, confirmation=Hold.Confirmation.WAITING),
    ),
    "trouble": (
        gettext_lazy("Not complete"),
        Q(status__in=Hold.KEPT) & (~Q(failure="") | Q(parts__state=Part.State.FAILED)),
    ),
    "outliving": (
        gettext_lazy("Outlive their request"),
        Q(status__in=Hold.KEPT),
    ),
    "ending": (
        gettext_lazy("To be looked at again soon"),
        Q(status__in=Hold.KEPT),
    ),
    "gone": (
        gettext_lazy("Released"),
        Q(status__in=[Hold.Status.RELEASED, Hold.Status.DESTROYED]),
    ),
}


class ExtendForm(forms.Form):
    """Until when, and why."""

    until = DateField(label=gettext_lazy("Keep until"))
    because = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


@require_safe
@for_people(permissions.can_see_requests)
def hold_list(request: PersonRequest) -> HttpResponse:
    """Every hold that this person may see, narrowed by `?view=` and `?q=` (request, position or recorder)."""
    chosen = request.GET.get("view", "kept")
    view = chosen if chosen in VIEWS else "kept"
    rows = _narrowed(Hold.objects.visible_to(request.user), view, request.GET.get("q", ""))
    bound = _with_pieces(rows).annotate(is_bound=Exists(hold_life.legal_holds()))
    page = page_of(request, bound, SHOWN)
    pieces: dict[int, list[HoldPart]] = defaultdict(list)
    for part in HoldPart.objects.filter(hold__in=[row.pk for row in page]):
        pieces[part.hold_id].append(part)
    for row in page:
        row.protected = hold_life.protected(row, pieces[row.pk])
        row.may_act = permissions.can_assess(request.user, row.request)
        row.is_kept = row.status in Hold.KEPT
    context = {
        "page": page,
        "view": view,
        "views": [(key, label) for key, (label, _condition) in VIEWS.items()],
        "q": request.GET.get("q", ""),
        "tabs": tabs("holds"),
        "share": hold_life.store_share(),
        "today": today(),
        "weeks": HoldWeek.objects.visible_to(request.user)[:12],
    }
    return render(request, "requests/holds.html", context)


@require_safe
@for_people(permissions.can_read_hold_weeks)
def hold_week(request: PersonRequest, pk: int) -> HttpResponse:
    """A weekly paper as it was filed; opening it is written down."""
    row = get_object_or_404(HoldWeek.objects.visible_to(request.user), pk=pk)
    data = hold_weeks.read(row)
    if data is None:
        raise Http404
    with transaction.atomic():
        audit.record("holdweek.open", actor=request.user, target=row, sha256=row.sha256)
    response = HttpResponse(data, content_type="application/pdf")
    name = f"holds-{row.week:%Y-%m-%d}.pdf"
    response["Content-Disposition"] = str(content_disposition_header(False, name))
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _narrowed(rows: QuerySet[Hold], view: str, words: str) -> QuerySet[Hold]:
    rows = rows.filter(VIEWS[view][1])
    if view == "outliving":
        rows = rows.filter(hold_life.is_outliving())
    elif view == "ending":
        rows = rows.filter(hold_life.ends_soon())
    for word in words.split()[:5]:
        rows = rows.filter(
            Q(request__number__icontains=word)
            | Q(item__position__name__icontains=word)
            | Q(item__position__code__icontains=word)
            | Q(channel__recorder__model__icontains=word)
            | Q(channel__recorder__serial__icontains=word)
        )
    return rows.distinct()


def _with_pieces(rows: QuerySet[Hold]) -> QuerySet[Any]:
    state = Part.State
    return (
        rows.select_related("request", "item__position", "channel__recorder", "confirmed_by")
        .annotate(
            pieces=Count("parts", distinct=True),
            fetched=Count("parts", filter=Q(parts__state=state.DONE), distinct=True),
            failed=Count("parts", filter=Q(parts__state=state.FAILED), distinct=True),
            empty=Count("parts", filter=Q(parts__state=state.EMPTY), distinct=True),
            bytes=Sum("parts__fetched_bytes"),
        )
        .order_by("-pk")
    )


def _acting(request: PersonRequest, pk: int, act: Callable[[Hold], Any], done: str) -> HttpResponse:
    rows = Hold.objects.visible_to(request.user).select_related("request")
    hold = get_object_or_404(rows, pk=pk)
    allow(permissions.can_assess(request.user, hold.request))
    tried(request, lambda: act(hold), done)
    return redirect("footage_requests:holds")


@require_POST
@for_people(permissions.can_assess)
def confirm(request: PersonRequest, pk: int) -> HttpResponse:
    """Lets a hold above the limits begin."""
    return _acting(
        request, pk, lambda hold: holding.confirm(hold, by=request.user), _("The hold begins.")
    )


@require_POST
@for_people(permissions.can_assess)
def try_again(request: PersonRequest, pk: int) -> HttpResponse:
    """Fetches what could not be fetched once more."""
    return _acting(
        request,
        pk,
        lambda hold: holding.try_again(hold, by=request.user),
        _("The recorder is asked again."),
    )


@require_POST
@for_people(permissions.can_assess)
def extend(request: PersonRequest, pk: int) -> HttpResponse:
    """Keeps a hold for longer, with a reason."""
    form = ExtendForm(request.POST)
    until: dt.date = form.cleaned_data["until"] if form.is_valid() else today()
    because = request.POST.get("because", "")[:300]
    return _acting(
        request,
        pk,
        lambda hold: holding.extend(hold, until=until, by=request.user, because=because),
        _("The hold is kept for longer."),
    )


@require_POST
@for_people(permissions.can_assess)
def release(request: PersonRequest, pk: int) -> HttpResponse:
    """Plans the end of a hold; it is destroyed on its day."""
    because = request.POST.get("because", "").strip()[:300]
    return _acting(
        request,
        pk,
        lambda hold: holding.release(hold, by=request.user, because=because),
        _("The footage will be destroyed on its day."),
    )
