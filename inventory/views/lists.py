"""The lists: devices, positions, buildings, networks, each with its export of what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import audit
from accounts.requests import PersonRequest

from .. import permissions, tables
from ..forms.filters import (
    BuildingFilter,
    DeviceFilter,
    NetworkFilter,
    PositionFilter,
    SharedFilter,
)
from ..models import Site
from ..sheets.writing import FORMATS, download
from ..tables import Table
from .common import for_people, in_words, page_of


@require_safe
@for_people()
def devices(request: PersonRequest) -> HttpResponse:
    """Cameras and recorders, stock included."""
    return _list(request, tables.DEVICES, DeviceFilter)


@require_safe
@for_people()
def positions(request: PersonRequest) -> HttpResponse:
    """The places with a view."""
    return _list(request, tables.POSITIONS, PositionFilter)


@require_safe
@for_people()
def buildings(request: PersonRequest) -> HttpResponse:
    """Buildings and outdoor areas."""
    return _list(request, tables.BUILDINGS, BuildingFilter)


@require_safe
@for_people()
def networks(request: PersonRequest) -> HttpResponse:
    """Ranges of addresses."""
    return _list(request, tables.NETWORKS, NetworkFilter)


def _list(request: PersonRequest, table: Table, filter_class: type[SharedFilter]) -> HttpResponse:
    """One list: filtered, searched, sorted; as a page or as a file."""
    remembered = _remember(request, table)
    if remembered:
        return redirect(f"{request.path}?{remembered}")
    form = filter_class(request.user, request.GET)
    rows, order = table.sorted(form.narrowed(table.rows(request.user)), request.GET.get("sort", ""))
    wanted = request.GET.get("format", "")
    if wanted in FORMATS:
        return _file(request, table, rows, wanted)
    page = page_of(request, rows)
    context = {
        "table": table,
        "form": form,
        "page": page,
        "headers": [header_of(column, order) for column in table.shown],
        "lines": [line_of(table, row) for row in page],
        "is_narrowed": bool(form.asked),
        "new_url": _new_url(request, table),
        "import_url": _import_url(request, table),
        "may_ask": table.name == "devices" and permissions.can_change_positions(request.user),
        "tabs": tabs(table.name),
        "sites": _sites(request, table),
    }
    return render(request, "inventory/list.html", context)


def _remember(request: PersonRequest, table: Table) -> str:
    """Keeps the view of each list for the session; the query to go back to, when one was kept.

    `?all=1` forgets it. Files and pages beyond the first are not part of the view.
    """
    kept = request.session.get("inventory-views", {})
    query = request.GET.copy()
    for name in ("page", "format", "all"):
        query.pop(name, None)
    if not request.GET:
        return str(kept.get(table.name, ""))
    if "format" not in request.GET:
        text = "" if "all" in request.GET else query.urlencode()
        if kept.get(table.name, "") != text:
            request.session["inventory-views"] = {**kept, table.name: text[:1000]}
    return ""


def _file(request: PersonRequest, table: Table, rows: Any, format_name: str) -> HttpResponse:
    """The same rows in the same order as a file; that they left is audited."""
    lines = [[column.value(row) for column in table.filed] for row in rows.iterator(2000)]
    with transaction.atomic():
        audit.record(
            "inventory.export",
            actor=request.user,
            list=table.name,
            format=format_name,
            rows=len(lines),
            query=request.GET.urlencode()[:500],
        )
    headers = [str(column.title) for column in table.filed]
    return download(format_name, str(table.title), headers, lines)


def _sites(request: PersonRequest, table: Table) -> list[Site]:
    """Sites have no list of their own: they stand above the buildings."""
    may = table.name == "buildings" and permissions.can_change_places(request.user)
    return list(Site.objects.visible_to(request.user)) if may else []


def header_of(column: tables.Column, order: str) -> dict[str, Any]:
    direction = ""
    if order.removeprefix("-") == column.key:
        direction = "descending" if order.startswith("-") else "ascending"
    return {
        "title": column.title,
        "sort": column.key if column.sort else "",
        "next": f"-{column.key}" if direction == "ascending" else column.key,
        "direction": direction,
        "css": _width(column),
    }


def line_of(table: Table, row: Any) -> dict[str, Any]:
    first, *rest = table.shown
    return {
        "url": reverse(table.detail, args=[row.pk]),
        "name": in_words(first.value(row)),
        "second": table.second(row),
        "cells": [{"text": in_words(c.value(row)), "css": _css(c)} for c in rest],
    }


def _css(column: tables.Column) -> str:
    wrapping = "told" if column.wraps else "text-nowrap"
    return f"{wrapping} {_width(column)}"


def _width(column: tables.Column) -> str:
    return f"d-none d-{column.from_width}-table-cell" if column.from_width else ""


def _new_url(request: PersonRequest, table: Table) -> str:
    doors: dict[str, Callable[..., bool]] = {
        "devices": permissions.can_change_devices,
        "positions": permissions.can_change_positions,
        "buildings": permissions.can_change_places,
        "networks": permissions.can_change_networks,
    }
    may = doors[table.name]
    single = table.name.removesuffix("s")
    return reverse(f"inventory:{single}_new") if may(request.user) else ""


def _import_url(request: PersonRequest, table: Table) -> str:
    may = {
        "devices": permissions.can_import_devices,
        "positions": permissions.can_import_positions,
    }.get(table.name)
    return reverse("inventory:import", args=[table.name]) if may and may(request.user) else ""


def tabs(current: str) -> list[dict[str, Any]]:
    """The parts of the inventory, as the head of each list shows them."""
    pages = [
        ("devices", _("Devices")),
        ("positions", _("Positions")),
        ("buildings", _("Buildings")),
        ("plans", _("Floor plans")),
        ("networks", _("Networks")),
        ("groups", _("Groups")),
        ("contracts", _("Contracts and warranties")),
        ("contractors", _("Contractors")),
        ("counts", _("Stock counts")),
    ]
    return [
        {"title": title, "url": reverse(f"inventory:{name}"), "is_current": name == current}
        for name, title in pages
    ]
