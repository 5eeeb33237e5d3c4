"""What the lists of cameras, recorders and findings share: a remembered view, sorting, and files of what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpResponse

import audit
from accounts.requests import PersonRequest
from inventory.sheets.writing import FORMATS, download

MOST_ROWS = 50_000
_AT_ONCE = 1000
_KEPT = "camera-lists"
_FILE = ("format", "export")
_NO_VIEW = ("page", "day", "all", *_FILE)
Orders = Mapping[str, Sequence[Any]]


def remembered(request: PersonRequest, name: str) -> str:
    """Keeps the view that a person has set on a list for the session; the query to go back to, if any.

    Only what the list's own form and heads send (`keep`) is a view: a number on another page that leads here is
    none. `?all=1` forgets it. The day is never kept: tomorrow somebody wants another one.
    """
    kept: dict[str, str] = request.session.get(_KEPT, {})
    if not request.GET:
        return kept.get(name, "")
    query = request.GET.copy()
    for key in _NO_VIEW:
        query.pop(key, None)
    is_view = "keep" in request.GET and not any(name in request.GET for name in _FILE)
    text = query.urlencode()[:1000] if is_view and len(query) > 1 else ""
    if (is_view or "all" in request.GET) and kept.get(name, "") != text:
        request.session[_KEPT] = {**kept, name: text}
    return ""


def in_order(request: PersonRequest, rows: QuerySet[Any], orders: Orders) -> QuerySet[Any]:
    """The rows sorted as `?sort=` asks, or as they come where it asks for nothing that there is."""
    asked = request.GET.get("sort", "")
    if asked.removeprefix("-") not in orders:
        return rows
    wanted = []
    for each in orders[asked.removeprefix("-")]:
        name = F(each) if isinstance(each, str) else each
        # What is not known stands at the end, whichever way one sorts.
        wanted.append(OrderBy(name, descending=asked.startswith("-"), nulls_last=True))
    return rows.order_by(*wanted, "pk")


def heads(
    request: PersonRequest, columns: Iterable[tuple[str, str, str]], orders: Orders
) -> list[dict[str, Any]]:
    """The heads of a table for `components/_sorted_heads.html`, out of (key, title, classes)."""
    asked = request.GET.get("sort", "")
    made = []
    for key, title, css in columns:
        direction = ""
        if key == asked.removeprefix("-"):
            direction = "descending" if asked.startswith("-") else "ascending"
        after = f"-{key}" if direction == "ascending" else key
        made.append(
            {
                "title": title,
                "css": css,
                "direction": direction,
                "next": after if key in orders else "",
            }
        )
    return made


def wants_file(request: PersonRequest) -> bool:
    """Whether the list is asked for as Excel or CSV."""
    return request.GET.get("format", "") in FORMATS


def as_file(
    request: PersonRequest, name: str, title: str, headers: Sequence[str], lines: Iterable[Any]
) -> HttpResponse:
    """What is shown, all pages of it, as a file; that it left is audited."""
    rows = list(lines)
    wanted = request.GET["format"]
    with transaction.atomic():
        audit.record(
            "cameras.export",
            actor=request.user,
            list=name,
            format=wanted,
            rows=len(rows),
            query=request.GET.urlencode()[:500],
        )
    return download(wanted, title, headers, rows)


def by_parts(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """All rows, a thousand at a time: what stands beside them is asked for once per part."""
    every = list(rows[:MOST_ROWS])
    for start in range(0, len(every), _AT_ONCE):
        yield every[start : start + _AT_ONCE]
