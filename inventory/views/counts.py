"""Stock counts: what is due, one count with its checklist, closing it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import PersonRequest
from core.steps import not_now
from core.tsi import today

from .. import counting, permissions
from ..forms import counts as forms
from ..models import Building, CountLine, StockCount
from .common import for_people, page_of
from .devices import moved
from .lists import tabs

SOON = dt.timedelta(days=30)


@require_safe
@for_people()
def counts(request: PersonRequest) -> HttpResponse:
    """What is due, and every count."""
    day = today()
    rows = StockCount.objects.visible_to(request.user).select_related("building")
    # A count that goes on comes first: somebody is on the way with it.
    rows = rows.order_by(F("closed_on").desc(nulls_first=True), "-started_on", "-pk")
    context = {
        "page": page_of(request, rows),
        "due": counting.due(request.user, day + SOON),
        "today": day,
        "may_count": permissions.can_count(request.user),
        "tabs": tabs("counts"),
    }
    return render(request, "inventory/counts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def start(request: PersonRequest, pk: int) -> HttpResponse:
    """Starts the count of a building."""
    building: Building = get_object_or_404(Building.objects.visible_to(request.user), pk=pk)
    if not permissions.can_count(request.user, building):
        raise PermissionDenied

    begun: list[StockCount] = []

    def begin(data: dict[str, Any]) -> None:
        try:
            begun.append(counting.start(building, by=request.user, note=data["note"]))
        except IntegrityError:
            raise ValidationError(_("This building is being counted already.")) from None

    running = building.counts.filter(status=StockCount.Status.OPEN).first()
    answer = moved(
        request,
        forms.StartForm(request.POST or None),
        begin,
        why_not=_("This building is being counted already.") if running else "",
        instead=[{"title": str(running), "url": reverse("inventory:count", args=[running.pk])}]
        if running
        else [],
        title=str(building),
        pretitle=_("Stock count"),
        lead=_(
            "A list of every device that the inventory expects here is made and can be printed."
        ),
        button=_("Start the count"),
        back=reverse("inventory:building", args=[pk]),
    )
    # Whoever starts a count stands in the building with the list in hand.
    return redirect("inventory:count", begun[0].pk) if begun else answer


def _count(request: PersonRequest, pk: int) -> StockCount:
    rows = StockCount.objects.visible_to(request.user).select_related("building__site")
    row: StockCount = get_object_or_404(rows, pk=pk)
    return row


@require_safe
@for_people()
def count(request: PersonRequest, pk: int) -> HttpResponse:
    """One count: the checklist, differences first once it is closed. Prints on paper."""
    row = _count(request, pk)
    lines = list(row.lines.select_related("device", "position__floor"))
    context = {
        "count": row,
        "lines": lines,
        "different": [line for line in lines if _differs(line)],
        "sums": row.sums(),
        "may_count": row.status == row.Status.OPEN
        and permissions.can_count(request.user, row.building),
    }
    return render(request, "inventory/count.html", context)


def _differs(line: CountLine) -> bool:
    checks = (line.serial_matches, line.label_readable, line.is_sound)
    wrong = line.outcome in {CountLine.Outcome.NOT_FOUND, CountLine.Outcome.ELSEWHERE}
    return wrong or not line.is_expected or False in checks


def _why_not(row: StockCount, title: str) -> str:
    """A closed count is fixed."""
    return not_now(row, title) if row.status != row.Status.OPEN else ""


def _mine(request: PersonRequest, pk: int) -> StockCount:
    row = _count(request, pk)
    if not permissions.can_count(request.user, row.building):
        raise PermissionDenied
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def line(request: PersonRequest, pk: int, line_pk: int) -> HttpResponse:
    """What was seen of one device."""
    row = _mine(request, pk)
    found: CountLine = get_object_or_404(row.lines.select_related("device"), pk=line_pk)
    answers = {True: "true", False: "false", None: ""}
    initial = {name: answers[value] for name, value, _label in found.checks}
    initial |= {"outcome": found.outcome, "note": found.note}
    return moved(
        request,
        forms.LineForm(request.POST or None, initial=initial),
        lambda data: counting.check(found, data, by=request.user),
        title=str(found),
        why_not=_why_not(row, _("Check a line")),
        pretitle=str(row),
        lead=counting.where_is(found.device) if found.device else "",
        back=f"{reverse('inventory:count', args=[pk])}#line-{line_pk}",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def surplus(request: PersonRequest, pk: int) -> HttpResponse:
    """Something that is here and not expected."""
    row = _mine(request, pk)
    return moved(
        request,
        forms.SurplusForm(request.POST or None),
        lambda d: counting.add_surplus(row, d["serial"], d["note"], by=request.user),
        title=str(row),
        why_not=_why_not(row, _("Found, but not expected here")),
        pretitle=_("Found, but not expected here"),
        back=reverse("inventory:count", args=[pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_people()
def close(request: PersonRequest, pk: int) -> HttpResponse:
    """Fixes the lines."""
    row = _mine(request, pk)
    missing = row.sums()["open"]
    return moved(
        request,
        forms.CloseForm(request.POST or None),
        lambda data: row.close(by=request.user, **data),
        title=str(row),
        why_not=_why_not(row, _("Close the count")),
        pretitle=_("Close the count"),
        lead=_("%(count)d lines have not been looked at; closing writes them as not found.")
        % {"count": missing}
        if missing
        else _("Every line has been looked at."),
        button=_("Close"),
        back=reverse("inventory:count", args=[pk]),
    )
