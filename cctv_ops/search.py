"""Search everything: cameras, devices and requests by name, number, code, serial number, MAC or IP."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from core.text import fold
from footage_requests.models import FootageRequest
from inventory.models import Device, Position

MOST = 50


@require_safe
@login_required
def search(request: PersonRequest) -> HttpResponse:
    """Turkish-aware: "ışık" finds "IŞIK". Only what this person may see."""
    words = fold(request.GET.get("q", "")[:100]).split()
    context = {
        "query": request.GET.get("q", "")[:100],
        "positions": [],
        "devices": [],
        "requests": [],
        "most": MOST,
    }
    if words:
        by_words, by_device = Q(), Q()
        found = FootageRequest.objects.visible_to(request.user)
        for word in words:
            found = found.filter(search_text__contains=word)
            by_words &= Q(search_text__contains=word)
            by_device &= Q(search_text__contains=word) | Q(addresses__ip__startswith=word)
        context["positions"] = (
            Position.objects.visible_to(request.user)
            .filter(by_words)
            .select_related("floor__building")[:MOST]
        )
        context["requests"] = found.select_related("kind")[:MOST]
        context["devices"] = (
            Device.objects.visible_to(request.user).filter(by_device).distinct()[:MOST]
        )
    return render(request, "today/search.html", context)
