"""What the inventory's pages share: who may open them, pages of a list, cells in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from core.tsi import TSI

from .. import permissions
from ..sheets.cells import Cell

View = Callable[..., HttpResponseBase]
PAGE_SIZE = 50
LARGEST_PAGE = 10_000


def for_people(
    may: Callable[[Any], bool] = permissions.can_see_inventory,
) -> Callable[[View], View]:
    """Signed-in people for whom `may(person)` holds; others get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return login_required(guarded)

    return decorate


def allow(allowed: bool) -> None:
    """Stops with 403 unless allowed."""
    if not allowed:
        raise PermissionDenied


def page_of(request: HttpRequest, rows: QuerySet[Any], size: int = PAGE_SIZE) -> Page[Any]:
    """The asked page; nonsense is page 1, beyond the end is the last page."""
    number = request.GET.get("page", "1")
    wanted = int(number) if number.isdecimal() and len(number) < 9 else 1
    return Paginator(rows, size).get_page(min(wanted, LARGEST_PAGE))


def in_words(value: Cell) -> str:
    """A cell as the page shows it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.datetime):
        return value.astimezone(TSI).strftime("%d.%m.%Y %H:%M")
    if isinstance(value, dt.date):
        return value.strftime("%d.%m.%Y")
    return str(value)
