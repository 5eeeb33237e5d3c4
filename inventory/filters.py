"""Filters of the inventory's lists, for the API and for pages: one description of what a list can be asked.

The API refuses what it cannot read; on a page (`forms.filters.SharedFilter`) it narrows nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.strict import (
    DayFilter,
    IdFilter,
    InstantFilter,
    OneOfFilter,
    WordFilter,
    YesFilter,
)
from core.text import fold
from core.tsi import today

from .models import (
    Address,
    Building,
    Channel,
    ChannelAssignment,
    Device,
    Installation,
    Network,
    Position,
    Site,
)

WARRANTY_DAYS = ("30", "60", "90", "180")


def of_place(path: str = "") -> dict[str, filters.Filter]:
    """Filters of rows that stand at a position; `path` leads to it ("" or "position__")."""
    return {
        "site": IdFilter(f"{path}floor__building__site"),
        "building": IdFilter(f"{path}floor__building"),
        "floor": IdFilter(f"{path}floor"),
        "group": IdFilter(f"{path}group"),
    }


class NameSearch(WordFilter):
    """Turkish-aware search in a few columns of a table that is small by nature."""

    def __init__(self, *columns: str) -> None:
        super().__init__()
        self.columns = columns

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        words = fold(value or "").split()
        if not words:
            return qs
        rows = qs.order_by().values_list("pk", *self.columns)
        found = [pk for pk, *texts in rows if all(word in fold(" ".join(texts)) for word in words)]
        return qs.filter(pk__in=found)


class SiteFilters(filters.FilterSet):
    code = WordFilter()
    search = NameSearch("name", "code")

    class Meta:
        model = Site
        fields: list[str] = []


class BuildingFilters(filters.FilterSet):
    site = IdFilter()
    code = WordFilter()
    search = NameSearch("name", "code", "site__name")

    class Meta:
        model = Building
        fields: list[str] = []


class NetworkFilters(filters.FilterSet):
    search = NameSearch("name", "cidr")

    class Meta:
        model = Network
        fields: list[str] = []


class FloorFilters(filters.FilterSet):
    site = IdFilter("building__site")
    building = IdFilter()


class PositionFilters(filters.FilterSet):
    locals().update(of_place())
    code = WordFilter()
    status = OneOfFilter(codes=Position.Status.values)
    device = IdFilter(method="with_device")
    fitted = YesFilter(method="is_fitted")
    search = WordFilter(method="find")

    class Meta:
        model = Position
        fields: list[str] = []

    def with_device(self, rows: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        """Where that device hangs now."""
        return rows.filter(
            pk__in=Installation.objects.current().filter(device=value).values("position")
        )

    def is_fitted(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Whether a device hangs there now."""
        held = Installation.objects.at(timezone.now()).values("position")
        return rows.filter(pk__in=held) if value else rows.exclude(pk__in=held)

    def find(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Words of code, name or purpose, or of the device that hangs there."""
        for word in fold(value).split():
            fitted = Installation.objects.current().filter(device__search_text__contains=word)
            rows = rows.filter(Q(search_text__contains=word) | Q(pk__in=fitted.values("position")))
        return rows


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
    where = OneOfFilter(codes=["fitted", "loose", "unwired", "idle"], method="placed")
    warranty = OneOfFilter(codes=[*WARRANTY_DAYS, "expired", "none"], method="under_warranty")
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

    def placed(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        """Fitted now; cameras fitted nowhere, cameras without a channel, recorders with an idle one."""
        now = timezone.now()
        fitted = Installation.objects.at(now).values("device")
        if value == "fitted":
            return rows.filter(pk__in=fitted)
        if value == "loose":
            return rows.cameras().exclude(pk__in=fitted)
        if value == "idle":
            return rows.filter(pk__in=Channel.objects.without_camera(now).values("recorder"))
        return rows.cameras_without_channel(now)

    def under_warranty(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Ends within so many days, has ended, or has no date."""
        day = today()
        if value == "expired":
            return rows.filter(warranty_ends_on__lt=day)
        if value == "none":
            return rows.filter(warranty_ends_on=None)
        until = day + dt.timedelta(days=int(value))
        return rows.filter(warranty_ends_on__gte=day, warranty_ends_on__lte=until)

    def find(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Words of maker, model, serial, MAC, register number or purpose, of the place where it hangs,
        or the beginning of the IP that it has."""
        now = timezone.now()
        for word in fold(value).split():
            by_ip = Address.objects.at(now).filter(ip__startswith=word)
            by_place = Installation.objects.at(now).filter(position__search_text__contains=word)
            rows = rows.filter(
                Q(search_text__contains=word)
                | Q(pk__in=by_ip.values("device"))
                | Q(pk__in=by_place.values("device"))
            )
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
