"""Findings: what is wrong now, since when, and what happened once and waits for a person."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from cameras.filters import FindingFilters
from cameras.models import Finding
from cameras.today_lines import urgency_of
from cameras.wording.finding_words import closed_words, links_of, sentence
from cameras.wording.names import finding_names

from .shared import for_people, page_of


@require_safe
@for_people(permissions.can_see_cameras)
def findings(request: PersonRequest) -> HttpResponse:
    """Open findings, or with `?open=false` the closed ones; filters as in the API."""
    asked = request.GET.copy()
    asked.setdefault("open", "true")
    rows = FindingFilters(asked, queryset=Finding.objects.visible_to(request.user)).qs
    page = page_of(request, rows.order_by("-opened_at", "-pk"))
    names = finding_names(page)
    closable = permissions.acknowledgeable(request.user, page)
    for row in page:
        row.sentence = sentence(row, names[row.pk])
        row.closed_because = closed_words(row)
        row.urgency = urgency_of(row)
        row.links = links_of(row)
        waits = row.kind in Finding.HAPPENED_ONCE and row.closed_at is None
        row.is_closable = waits and row.pk in closable
    context = {
        "page": page,
        "closed": asked["open"] == "false",
        "kind": asked.get("kind", ""),
        "kinds": Finding.Kind.choices,
    }
    return render(request, "cameras/findings.html", context)


@require_POST
@for_people(permissions.can_acknowledge)
def acknowledge(request: PersonRequest, pk: int) -> HttpResponse:
    """A person has looked into what happened once; the words stay with it."""
    row = get_object_or_404(Finding.objects.visible_to(request.user), pk=pk)
    if not permissions.can_acknowledge(request.user, row):
        raise PermissionDenied
    because = request.POST.get("because", "").strip()[:200]
    if not because:
        messages.error(request, _("Say in a few words what you found out."))
    elif row.kind not in Finding.HAPPENED_ONCE:
        messages.error(request, _("This finding closes by itself when a check passes."))
    elif row.acknowledge(by=request.user, because=because):
        messages.success(request, _("Noted and closed."))
    else:
        messages.info(request, _("Somebody had closed it already."))
    return redirect("cameras:findings")
