"""Bugün: what needs a person now. Each app gives its lines; this page only sorts and shows them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras import permissions
from core import panels
from footage_requests import permissions as requests_permissions

MOST_LINES = 12


@require_safe
@login_required
def today(request: PersonRequest) -> HttpResponse:
    """The first page. Refreshes its live part in place (`?poll=1`), which does not count as activity.

    More than a dozen lines fold behind `?all=1`.
    """
    person = request.user
    if not (permissions.can_see_cameras(person) or requests_permissions.can_see_requests(person)):
        return render(request, "today/nothing_to_open.html")
    with panels.one_look():
        panels.gather(person)
        lines = panels.today_lines(request.user)
        top = list(panels.shown("today", request))
        beside = list(panels.shown("today-side", request))
    shows_all = request.GET.get("all") == "1"
    shown = lines if shows_all or len(lines) == MOST_LINES + 1 else lines[:MOST_LINES]
    context = {
        "lines": shown,
        "more": len(lines) - len(shown),
        "shows_all": shows_all,
        "top": top,
        "beside": beside,
        "refreshed_at": timezone.now(),
    }
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, "today/_live.html" if fragment else "today/today.html", context)
