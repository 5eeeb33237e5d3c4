"""Filters of the inventory's lists, for the API and for pages: one description of what a list can be asked."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.strict import (
    DayFilter,
    IdFilter,
    InstantFilter,
    OneOfFilter,
    SearchFilter,
    WordFilter,
    YesFilter,
)
from core.text import fold

from .models import Building, Channel, ChannelAssignment, Device, Installation, Position, Site


class NameSearch(WordFilter):
    """Turkish-aware search in `name` and `code` of a table that is small by nature."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        words = fold(value or "").split()
        if not words:
            return qs
        rows = qs.order_by().values_list("pk", "name", "code")
        found = [pk for pk, *texts in rows if all(word in fold(" ".join(texts)) for word in words)]
        return qs.filter(pk__in=found)


class SiteFilters(filters.FilterSet):
    code = WordFilter()
    search = NameSearch()

    class Meta:
        model = Site
        fields: list[str] = []


class BuildingFilters(filters.FilterSet):
    site = IdFilter()
    code = WordFilter()
    search = NameSearch()

    class Meta:
        model = Building
        fields: list[str] = []


class FloorFilters(filters.FilterSet):
    site = IdFilter("building__site")
    building = IdFilter()


class PositionFilters(filters.FilterSet):
    site = IdFilter("floor__building__site")
    building = IdFilter("floor__building")
    floor = IdFilter()
    group = IdFilter()
    code = WordFilter()
    status = OneOfFilter(codes=Position.Status.values)
    device = IdFilter(method="fitted")
    search = SearchFilter("search_text")

    class Meta:
        model = Position
        fields: list[str] = []

    def fitted(self, rows: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        """Where that device hangs now."""
        return rows.filter(
            pk__in=Installation.objects.current().filter(device=value).values("position")
        )


class DeviceFilters(filters.FilterSet):
    kind = OneOfFilter(codes=Device.Kind.values)
    status = OneOfFilter(codes=Device.Status.values)
    maker = WordFilter(lookup_expr="iexact")
    model = WordFilter(lookup_expr="iexact")
    serial = WordFilter(lookup_expr="iexact")
    mac = WordFilter(lookup_expr="iexact")
    ip = WordFilter(method="has_ip")
    site = IdFilter(method="in_place")
    building = IdFilter(method="in_place")
    warranty_ends_before = DayFilter("warranty_ends_on", lookup_expr="lt")
    search = WordFilter(method="find")

    class Meta:
        model = Device
        fields: list[str] = []

    def has_ip(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.with_address(value, timezone.now())  # type: ignore[attr-defined]

    def in_place(self, rows: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        """Devices that hang there now, and recorders that record there now."""
        path = {
            "site": "position__floor__building__site",
            "building": "position__floor__building",
        }[name]
        fitted = Installation.objects.current().filter(**{path: value})
        wired = ChannelAssignment.objects.current().filter(**{path: value})
        return rows.filter(
            Q(pk__in=fitted.values("device")) | Q(pk__in=wired.values("channel__recorder"))
        )

    def find(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Words of maker, model, serial, MAC, register number or purpose, or the beginning of an IP."""
        for word in fold(value).split():
            beginning = Q(addresses__ip__startswith=word)
            by_address = Device.objects.filter(beginning).values("pk")
            rows = rows.filter(Q(search_text__contains=word) | Q(pk__in=by_address))
        return rows


class ChannelFilters(filters.FilterSet):
    recorder = IdFilter()
    position = IdFilter(method="recording")

    class Meta:
        model = Channel
        fields: list[str] = []

    def recording(self, rows: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        """The channels that record that position now."""
        wired = ChannelAssignment.objects.current().filter(position=value)
        return rows.filter(pk__in=wired.values("channel"))


class DatedFilters(filters.FilterSet):
    """Rows that hold for a time: at an instant, or still."""

    at = InstantFilter(method="holding")
    current = YesFilter(method="still")

    def holding(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.at(value)  # type: ignore[attr-defined]

    def still(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        current = rows.current()  # type: ignore[attr-defined]
        return current if value else rows.exclude(pk__in=current.values("pk"))


class InstallationFilters(DatedFilters):
    device = IdFilter()
    position = IdFilter()
    building = IdFilter("position__floor__building")


class AssignmentFilters(DatedFilters):
    channel = IdFilter()
    recorder = IdFilter("channel__recorder")
    position = IdFilter()
