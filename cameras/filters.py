"""Filters of lists about coverage, clocks, findings and checks, for the API and for pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet

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
from core.tsi import day_of
from inventory.filters import PositionFilters, of_place
from inventory.models import ChannelAssignment, Device, Installation, Position

from .models import CoverageDay, Finding, PositionDay, Result, Run

# Names of Python that are names of parameters as well.
_FROM, _TO = "from", "to"


class OverDays(filters.FilterSet):
    """One day, or the days from `from` until `to`, both included."""

    day = DayFilter()
    locals()[_FROM] = DayFilter("day", lookup_expr="gte")
    locals()[_TO] = DayFilter("day", lookup_expr="lte")
    result = OneOfFilter(codes=Result.values)


class CoverageFilters(OverDays):
    channel = IdFilter()
    recorder = IdFilter("channel__recorder")
    position = IdFilter(method="of_position")

    class Meta:
        model = CoverageDay
        fields: list[str] = []

    def of_position(self, rows: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        """The days of those channels on which they recorded that position."""
        person: Any = self.request.user if self.request else None
        spans = Q(pk__in=[])
        for held in ChannelAssignment.objects.visible_to(person).filter(position=value):
            span = Q(channel=held.channel_id, day__gte=day_of(held.starts_at))
            spans |= span & Q(day__lte=day_of(held.ends_at)) if held.ends_at else span
        return rows.filter(spans)


class PositionDayFilters(OverDays):
    locals().update(of_place("position__"))
    position = IdFilter()
    status = OneOfFilter("position__status", codes=Position.Status.values)
    search = SearchFilter("position__search_text")

    class Meta:
        model = PositionDay
        fields: list[str] = []


class CameraFilters(PositionFilters):
    """Positions by what they are and by the answer of one day; "none" was not asked that day."""

    NOT_ASKED = "none"
    result = OneOfFilter(codes=[*Result.values, NOT_ASKED], method="answered")

    def __init__(self, *args: Any, day: dt.date, **kwargs: Any) -> None:
        self.day = day
        super().__init__(*args, **kwargs)

    def answered(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        answers = PositionDay.objects.filter(day=self.day)
        if value == self.NOT_ASKED:
            return rows.exclude(pk__in=answers.values("position"))
        return rows.filter(pk__in=answers.filter(result=value).values("position"))


class ClockFilters(filters.FilterSet):
    """Measurements from `from` (included) to `to` (not included)."""

    device = IdFilter()
    verdict = WordFilter()
    locals()[_FROM] = InstantFilter("measured_at", lookup_expr="gte")
    locals()[_TO] = InstantFilter("measured_at", lookup_expr="lt")


class FindingFilters(filters.FilterSet):
    kind = OneOfFilter(codes=Finding.Kind.values)
    subject_kind = OneOfFilter(codes=Finding.Subject.values)
    subject_id = IdFilter()
    open = YesFilter("closed_at", lookup_expr="isnull")
    opened_from = InstantFilter("opened_at", lookup_expr="gte")
    opened_to = InstantFilter("opened_at", lookup_expr="lt")
    search = WordFilter(method="find")

    class Meta:
        model = Finding
        fields: list[str] = []

    def find(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Every word occurs, by Turkish rules, in what is known of the camera, recorder or place."""
        kinds = Finding.Subject
        for word in fold(value).split():
            places = Position.objects.filter(search_text__contains=word)
            fitted = Installation.objects.current().filter(position__in=places)
            devices = Device.objects.filter(search_text__contains=word)
            channels = ChannelAssignment.objects.current().filter(position__in=places)
            rows = rows.filter(
                Q(subject_kind=kinds.POSITION, subject_id__in=places.values("pk"))
                | Q(subject_kind=kinds.DEVICE, subject_id__in=devices.values("pk"))
                | Q(subject_kind=kinds.DEVICE, subject_id__in=fitted.values("device"))
                | Q(subject_kind=kinds.CHANNEL, subject_id__in=channels.values("channel"))
            )
        return rows


class RunFilters(filters.FilterSet):
    kind = OneOfFilter(codes=Run.Kind.values)
    status = OneOfFilter(codes=Run.Status.values)
    day = DayFilter()
    locals()[_FROM] = DayFilter("day", lookup_expr="gte")
    locals()[_TO] = DayFilter("day", lookup_expr="lte")
    is_red = YesFilter()

    class Meta:
        model = Run
        fields: list[str] = []
