"""Bugün: what needs a person now. Each app gives its lines; this page only sorts and shows them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core import panels


@require_safe
@login_required
def today(request: HttpRequest) -> HttpResponse:
    """The first page. Refreshes its live part in place (`?poll=1`), which does not count as activity."""
    context = {
        "lines": panels.today_lines(request.user),
        "top": list(panels.shown("today", request)),
        "beside": list(panels.shown("today-side", request)),
        "refreshed_at": timezone.now(),
    }
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, "today/_live.html" if fragment else "today/today.html", context)
