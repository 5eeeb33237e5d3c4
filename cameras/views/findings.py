"""Findings: what is wrong now, since when, and what happened once and waits for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
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

from . import lists
from .shared import for_people, page_of

ORDERS: lists.Orders = {"opened": ["opened_at"], "seen": ["seen_at"], "kind": ["kind"]}


@require_safe
@for_people(permissions.can_see_cameras)
def findings(request: PersonRequest) -> HttpResponse:
    """Open findings, or with `?open=false` the closed ones; filters as in the API, `?format=` for a file."""
    before = lists.remembered(request, "findings")
    if before:
        return redirect(f"{request.path}?{before}")
    asked = request.GET.copy()
    asked.setdefault("open", "true")
    rows = FindingFilters(
        asked, queryset=Finding.objects.visible_to(request.user), request=request
    ).qs
    shown = lists.in_order(request, rows.order_by("-opened_at", "-pk"), ORDERS)
    if lists.wants_file(request):
        return _file(request, shown)
    page = page_of(request, shown)
    closable = permissions.acknowledgeable(request.user, page)
    _add_words(page)
    for row in page:
        row.urgency = urgency_of(row)
        row.links = links_of(row)
        waits = row.kind in Finding.HAPPENED_ONCE and row.closed_at is None
        row.is_closable = waits and row.pk in closable
    context = {
        "page": page,
        "closed": asked["open"] == "false",
        "kind": asked.get("kind", ""),
        "kinds": Finding.Kind.choices,
        "query": asked.get("search", ""),
        "sort": asked.get("sort", ""),
        "sorts": _sorts(),
        "filtered": any(asked.get(name) for name in ("kind", "search", "sort")),
    }
    return render(request, "cameras/findings.html", context)


def _sorts() -> list[tuple[str, str]]:
    return [
        ("", _("newest first")),
        ("opened", _("oldest first")),
        ("-seen", _("last found first")),
        ("kind", _("by kind")),
    ]


def _add_words(page: Iterable[Any]) -> None:
    """Puts its sentence beside each finding."""
    rows = list(page)
    names = finding_names(rows)
    for row in rows:
        row.sentence = sentence(row, names[row.pk])
        row.closed_because = closed_words(row)


def _file(request: PersonRequest, rows: QuerySet[Any]) -> HttpResponse:
    headers = [
        _("Number"), _("Kind"), _("What was found"), _("Since"), _("Last found"), _("Closed"),
        _("Why closed"),
    ]  # fmt: skip
    return lists.as_file(request, "findings", _("Findings"), headers, _lines(rows))


def _lines(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    for part in lists.by_parts(rows):
        _add_words(part)
        for row in part:
            yield [
                row.pk, row.get_kind_display(), row.sentence, row.opened_at, row.seen_at,
                row.closed_at, row.closed_because if row.closed_at else "",
            ]  # fmt: skip


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
