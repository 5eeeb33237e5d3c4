"""Shift notes in the REST API, read only: they are left, taken over and closed by people on the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from core.api import READ, Access, Listing
from core.quick import Row

from . import permissions
from .filters import NoteFilters
from .models import NoteLine, ShiftNote


def _name(source: str) -> Any:
    return serializers.CharField(
        source=f"{source}.full_name", default=None, allow_null=True, read_only=True
    )


class LineSerializer(Row[NoteLine]):
    """A line that was added to a note."""

    written_by = _name("written_by")

    class Meta:
        model = NoteLine
        fields = ["id", "text", "written_by", "written_at"]


class NoteSerializer(Row[ShiftNote]):
    """One note with its lines, oldest first. At most one of building, position and recorder is set."""

    left_by = _name("left_by")
    taken_by = _name("taken_by")
    closed_by = _name("closed_by")
    lines = LineSerializer(many=True, read_only=True)

    class Meta:
        model = ShiftNote
        fields = [
            "id", "status", "text", "building", "position", "recorder", "needed_until", "left_by",
            "left_at", "taken_by", "taken_at", "closed_by", "closed_at", "outcome", "lines",
        ]  # fmt: skip


class ShiftNotes(Listing):
    """What one shift left for the next, open and closed."""

    model = ShiftNote
    access = {READ: Access("notes:read", permissions.can_see_notes)}
    serializer_class = NoteSerializer
    filterset_class = NoteFilters
    ordering_fields = ("-left_at", "needed_until", "status")

    def rows(self, person: Any) -> QuerySet[Any]:
        rows = super().rows(person).select_related("left_by", "taken_by", "closed_by")
        return rows.prefetch_related("lines__written_by")
