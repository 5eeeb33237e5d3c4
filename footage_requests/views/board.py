"""The board of open cases and the list of all of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

import audit
from accounts.requests import PersonRequest
from inventory.sheets.writing import FORMATS, download
from inventory.tables import Column
from inventory.views.lists import header_of, line_of

from .. import permissions
from ..casework import board as boards
from ..casework import clocks, lists
from ..models import FootageRequest, SavedFilter
from .shared import for_people, page_of, tabs_of

MOST_CARDS = 500
MOST_FILTERS = 20


def tabs(current: str) -> list[dict[str, Any]]:
    """The parts of the area of requests."""
    pages = [
        ("board", _("Board")),
        ("list", _("All requests")),
        ("holds", _("Held footage")),
        ("statistics", _("Statistics")),
        ("rules", _("Rules")),
        ("undertaking", _("Confidentiality")),
    ]
    return tabs_of(current, pages)


@require_safe
@for_people(permissions.can_see_requests)
def board(request: PersonRequest) -> HttpResponse:
    """The open cases by what is needed next, each with its two clocks. Refreshes in place (`?poll=1`)."""
    rows = boards.open_cases(FootageRequest.objects.visible_to(request.user))
    shown = list(rows.order_by("deadline_at", "pk")[: MOST_CARDS + 1])
    context = {
        "columns": boards.columns(shown[:MOST_CARDS]),
        "is_cut": len(shown) > MOST_CARDS,
        "has_cases": bool(shown),
        "may_file": permissions.can_file(request.user),
        "may_check": permissions.can_check_packages(request.user),
        "tabs": tabs("board"),
        "refreshed_at": timezone.now(),
    }
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, "requests/_board.html" if fragment else "requests/board.html", context)


@require_safe
@for_people(permissions.can_see_requests)
def all_requests(request: PersonRequest) -> HttpResponse:
    """Every case, past ones too: searched, narrowed, sorted; as a page or as a file."""
    table = lists.REQUESTS
    form = lists.RequestFilter(request.user, request.GET)
    rows = table.searched(form.narrowed(table.rows(request.user)), form.words)
    rows, order = table.sorted(rows, request.GET.get("sort", "-number"))
    wanted = request.GET.get("format", "")
    if wanted in FORMATS:
        return _file(request, rows, wanted)
    page = page_of(request, rows)
    shown = list(page)
    clocks.wind(shown)
    context = {
        "table": table,
        "form": form,
        "page": page,
        "headers": [header_of(column, order) for column in table.shown],
        "lines": [line_of(table, row) for row in shown],
        "is_narrowed": any(request.GET.get(name) for name in form.fields),
        "filters": list(SavedFilter.objects.visible_to(request.user)),
        "query": _kept_query(request.GET),
        "may_file": permissions.can_file(request.user),
        "tabs": tabs("list"),
    }
    return render(request, "requests/list.html", context)


def _file(request: PersonRequest, rows: Any, format_name: str) -> HttpResponse:
    """The same rows in the same order as a file; that they left is audited."""
    columns: list[Column] = lists.REQUESTS.filed
    shown = list(rows)
    clocks.wind(shown)
    lines = [[column.value(row) for column in columns] for row in shown]
    with transaction.atomic():
        audit.record(
            "requests.export",
            actor=request.user,
            format=format_name,
            rows=len(lines),
            query=request.GET.urlencode()[:500],
        )
    headers = [str(column.title) for column in columns]
    return download(format_name, str(lists.REQUESTS.title), headers, lines)


def _kept_query(query: QueryDict) -> str:
    """The part of an address that is worth keeping: filters and order."""
    kept = query.copy()
    for name in ("page", "format", "all"):
        kept.pop(name, None)
    return kept.urlencode()


@require_POST
@for_people(permissions.can_see_requests)
def save_filter(request: PersonRequest) -> HttpResponse:
    """Keeps the view of the list under a name; the same name again replaces it."""
    name = " ".join(request.POST.get("name", "").split())[:60]
    query = _kept_query(QueryDict(request.POST.get("query", "")[:1000]))
    back = redirect(f"{reverse('footage_requests:list')}?{query}")
    mine = SavedFilter.objects.visible_to(request.user)
    if not name or not query:
        messages.error(request, _("Choose some filters and give the view a name."))
    elif mine.exclude(name=name).count() >= MOST_FILTERS:
        messages.error(request, _("You keep 20 views already: delete one first."))
    else:
        SavedFilter.objects.update_or_create(
            person=request.user, name=name, defaults={"query": query}
        )
        messages.success(request, _("The view is kept as “%(name)s”.") % {"name": name})
    return back


@require_POST
@for_people(permissions.can_see_requests)
def delete_filter(request: PersonRequest, pk: int) -> HttpResponse:
    """Forgets a kept view."""
    get_object_or_404(SavedFilter.objects.visible_to(request.user), pk=pk).delete()
    return redirect("footage_requests:list")
