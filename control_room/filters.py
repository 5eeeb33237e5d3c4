"""Filters of shift notes, the same for the page and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from core.strict import IdFilter, InstantFilter, OneOfFilter, SearchFilter, YesFilter

from .models import ShiftNote

_FROM, _TO = "from", "to"


class NoteFilters(django_filters.FilterSet):
    """By state, by what they are about, by the time at which they were left (`to` not included)."""

    status = OneOfFilter(codes=ShiftNote.Status.values)
    open = YesFilter(method="is_open")
    building = IdFilter()
    position = IdFilter()
    recorder = IdFilter()
    locals()[_FROM] = InstantFilter("left_at", lookup_expr="gte")
    locals()[_TO] = InstantFilter("left_at", lookup_expr="lt")
    search = SearchFilter("search_text")

    class Meta:
        model = ShiftNote
        fields: list[str] = []

    def is_open(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Whether nobody has closed it yet."""
        done = ShiftNote.Status.DONE
        return rows.exclude(status=done) if value else rows.filter(status=done)
