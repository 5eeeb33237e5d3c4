"""Daily sheets in the REST API, read only: they are explained, signed and seen by people on the pages.

A sheet is about one calendar day of Türkiye time and about the whole campus.
"""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Count, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cameras import permissions
from cameras.daily_sheets.sheets import SheetView, view_of
from cameras.models import DailySheet
from core.api import READ, Access, Listing
from core.quick import Row
from core.strict import DayFilter, OneOfFilter

_FROM, _TO = "from", "to"


class SheetFilters(django_filters.FilterSet):
    """One state; one day, or the days from `from` until `to`, both included."""

    status = OneOfFilter(codes=DailySheet.Status.values)
    day = DayFilter()
    locals()[_FROM] = DayFilter("day", lookup_expr="gte")
    locals()[_TO] = DayFilter("day", lookup_expr="lte")

    class Meta:
        model = DailySheet
        fields: list[str] = []


class SheetSerializer(Row[DailySheet]):
    """One sheet: its state, who signed and saw it, and the hash that was signed."""

    signed_by = serializers.CharField(
        source="signed_by.full_name", default=None, allow_null=True, read_only=True
    )
    seen_by = serializers.CharField(
        source="seen_by.full_name", default=None, allow_null=True, read_only=True
    )
    is_late = serializers.BooleanField(
        read_only=True, help_text="Whether it was signed after it was due."
    )
    explanations = serializers.IntegerField(source="explained", read_only=True)

    class Meta:
        model = DailySheet
        fields = [
            "id", "day", "status", "due_at", "opened_at", "missed_at", "signed_by", "signed_at",
            "is_late", "sha256", "seen_by", "seen_at", "explanations",
        ]  # fmt: skip


class SheetDetail(SheetSerializer):
    """With what was signed, or what would be signed now."""

    content = serializers.SerializerMethodField()
    content_sha256 = serializers.SerializerMethodField()

    class Meta(SheetSerializer.Meta):
        fields = [*SheetSerializer.Meta.fields, "content", "content_sha256"]

    @extend_schema_field(
        serializers.DictField(
            help_text="The canonical content: totals, recorders, cameras and explanations, as codes."
        )
    )
    def get_content(self, row: DailySheet) -> dict[str, Any]:
        return _view(row).content

    def get_content_sha256(self, row: DailySheet) -> str:
        """SHA-256 of the canonical content; of a signed sheet it equals `sha256`."""
        return _view(row).sha256


def _view(row: DailySheet) -> SheetView:
    """The content with its hash, gathered once for each row that is written."""
    if "_view" not in vars(row):
        vars(row)["_view"] = view_of(row)
    view: SheetView = vars(row)["_view"]
    return view


class DailySheets(Listing):
    """Günlük Kayıt Kontrol Çizelgesi of each day."""

    model = DailySheet
    access = {READ: Access("sheets:read", permissions.can_see_sheets)}
    filterset_class = SheetFilters
    ordering_fields = ("-day", "due_at", "status")

    def get_serializer_class(self) -> type[SheetSerializer]:
        return SheetSerializer if self.action == "list" else SheetDetail

    def rows(self, person: Any) -> QuerySet[Any]:
        rows = super().rows(person).select_related("signed_by", "seen_by")
        return rows.annotate(explained=Count("explanations"))
