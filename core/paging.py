"""Pages of the API: bounded in size and depth, so that no call can make the database walk a whole table."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import re
from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.db.models import DateTimeField, Q
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from .strict import read_day, read_instant

USUAL, MOST = 50, 200
DEEPEST = 10_000
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def _whole(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return usual
    if not _NUMBER.fullmatch(text):
        raise ValidationError({name: [_("Write a whole number from 1.")]})
    return int(text)


def _size(request: Request) -> int:
    size = _whole(request, "page_size", USUAL)
    if size > MOST:
        raise ValidationError({"page_size": [_("At most %(most)d.") % {"most": MOST}]})
    return size


_SIZE_PARAMETER = {
    "name": "page_size",
    "in": "query",
    "required": False,
    "description": "Rows on one page.",
    "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
}


class Pages(PageNumberPagination):
    """Numbered pages with a count. Rows deeper than DEEPEST are reached by filters, not by paging."""

    page_size = USUAL
    parameters = frozenset({"page", "page_size"})

    def get_page_size(self, request: Request) -> int:
        return _size(request)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        number, size = _whole(request, "page", 1), _size(request)
        if (number - 1) * size >= DEEPEST:
            raise ValidationError({"page": [_("Too deep: narrow the list by a filter.")]})
        return super().paginate_queryset(queryset, request, view)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        page = {
            "name": "page",
            "in": "query",
            "required": False,
            "description": f"Number of the page; rows deeper than {DEEPEST} are refused.",
            "schema": {"type": "integer", "minimum": 1, "default": 1},
        }
        return [page, _SIZE_PARAMETER]


class Keyset(BasePagination):
    """Pages that go on where the last one ended, at the same cost at any depth. No count.

    The view names in `keyset` a day or an instant and the id of what it is about, which together are
    unique; rows are ordered by both, newest first, or with `?ordering=<column>` oldest first. `next` of
    the answer is the address of the next page.
    """

    parameters = frozenset({"cursor", "page_size", "ordering"})

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        self.request, (self.field, self.subject) = request, view.keyset
        self.is_instant = isinstance(queryset.model._meta.get_field(self.field), DateTimeField)
        self.ordering = request.query_params.get("ordering", f"-{self.field}")
        if self.ordering not in {self.field, f"-{self.field}"}:
            raise ValidationError({"ordering": [_("This list cannot be ordered so.")]})
        sign = "-" if self.ordering.startswith("-") else ""
        rows = queryset.order_by(f"{sign}{self.field}", f"{sign}{self.subject}")
        if (cursor := request.query_params.get("cursor")) is not None:
            rows = rows.filter(self._after(cursor, "lt" if sign else "gt"))
        size = _size(request)
        page = list(rows[: size + 1])
        self.next = self._link(page[size - 1]) if len(page) > size else None
        return page[:size]

    def _after(self, cursor: str, side: str) -> Q:
        try:
            ordering, text, pk = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
            value = (read_instant if self.is_instant else read_day)(text)
            if ordering != self.ordering or type(pk) is not int or not 0 <= pk < 2**63:
                raise ValueError("a cursor of another list")
        except (ValueError, TypeError, binascii.Error, RecursionError, Refused):
            raise ValidationError({"cursor": [_("Take it from “next” of a page.")]}) from None
        # The first condition alone lets the database start inside the index.
        return Q(**{f"{self.field}__{side}e": value}) & (
            Q(**{f"{self.field}__{side}": value}) | Q(**{f"{self.subject}__{side}": pk})
        )

    def _link(self, row: Any) -> str:
        value: dt.date = getattr(row, self.field)
        text = json.dumps([self.ordering, value.isoformat(), getattr(row, self.subject)])
        cursor = base64.urlsafe_b64encode(text.encode()).decode()
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {"type": ["string", "null"], "format": "uri"},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        field = view.keyset[0]
        cursor = {
            "name": "cursor",
            "in": "query",
            "required": False,
            "description": "Where the page before ended; taken from `next`.",
            "schema": {"type": "string"},
        }
        ordering = {
            "name": "ordering",
            "in": "query",
            "required": False,
            "description": "Newest first, or oldest first.",
            "schema": {"type": "string", "enum": [f"-{field}", field], "default": f"-{field}"},
        }
        return [cursor, _SIZE_PARAMETER, ordering]
