"""Figures for everybody, without a token: how many cameras, how much was recorded, what became of requests.

A number below FEWEST is told as "fewer than", zero included, and there is no sum from which it could be
worked out. Computed at most every few minutes, however many ask.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.core.cache import cache
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cameras.models import PositionDay, Result
from core import tsi
from core.api import Door
from inventory.models import Position

from ..models import Decision, FootageRequest

log = logging.getLogger(__name__)

FEWEST = 5
KEPT_S = 300
KEY = "public-counters"
S = FootageRequest.Status
# In the order in which they are told.
OUTCOMES = ("GIVEN", "REFUSED", "NO_RECORDING", "WITHDRAWN", "OPEN")
_BY_DECISION = {
    Decision.Kind.REFUSE.value: "REFUSED",
    Decision.Kind.NO_RECORDING.value: "NO_RECORDING",
    **{kind.value: "GIVEN" for kind in Decision.RELEASING},
}


class Figure(serializers.Serializer[Any]):
    """A number, or null with words in its place where it is small."""

    count = serializers.IntegerField(allow_null=True)
    words = serializers.CharField()


class OutcomeFigure(Figure):
    outcome = serializers.ChoiceField(OUTCOMES)


class Counters(serializers.Serializer[Any]):
    """`coverage_percent`: of the time that was to be recorded on `day`, over the cameras that could be
    checked, rounded down; null when those are few, or not even half of all. `requests`: of this year, by
    what became of them.
    """

    at = serializers.DateTimeField()
    cameras_in_service = Figure()
    day = serializers.DateField()
    coverage_percent = serializers.FloatField(allow_null=True)
    year = serializers.IntegerField()
    requests = OutcomeFigure(many=True)


class PublicCounters(Door):
    """Open to everybody, a token is not looked at. The limit of calls is per address."""

    authentication_classes: Any = []
    permission_classes: Any = []

    @extend_schema(operation_id="public_counters", responses=Counters)
    def get(self, request: Request) -> Response:
        """Cameras in service, yesterday's coverage, this year's requests. At most five minutes old."""
        headers = {
            "Cache-Control": f"public, max-age={KEPT_S}",
            "Access-Control-Allow-Origin": "*",
        }
        return Response(_told(_remembered()), headers=headers)


def figures(now: dt.datetime | None = None) -> dict[str, Any]:
    """The numbers as they are, before small ones are hidden. Three queries."""
    now = now or timezone.now()
    today = tsi.day_of(now)
    yesterday = today - dt.timedelta(days=1)
    days = PositionDay.objects.filter(day=yesterday, expected_ms__gt=0)
    checked = ~Q(result__in=[Result.UNKNOWN, Result.EXEMPT])
    sums = days.exclude(result=Result.EXEMPT).aggregate(
        cameras=Count("pk"),
        checked=Count("pk", filter=checked),
        expected=Sum("expected_ms", filter=checked),
        recorded=Sum("recorded_ms", filter=checked),
    )
    return {
        "at": now.isoformat(),
        "cameras": Position.objects.in_service_on(today).count(),
        "day": yesterday.isoformat(),
        "percent": _percent(sums),
        "year": today.year,
        "requests": _outcomes(today.year),
    }


def _percent(sums: dict[str, int]) -> float | None:
    """Rounded down: 100 is said when nothing is missing. In a night that has only begun nothing is said."""
    if sums["checked"] < max(FEWEST, sums["cameras"] / 2):
        return None
    return 1000 * sums["recorded"] // sums["expected"] / 10


def _outcomes(year: int) -> dict[str, int]:
    start = tsi.day_bounds(dt.date(year, 1, 1))[0]
    counts = dict.fromkeys(OUTCOMES, 0)
    rows = FootageRequest.objects.filter(arrived_at__gte=start)
    for status, kind, count in _grouped(rows.exclude(status__in=[S.DRAFT, S.MERGED])):
        is_withdrawn = status == S.WITHDRAWN
        outcome = "WITHDRAWN" if is_withdrawn else _BY_DECISION.get(kind or "", "OPEN")
        counts[outcome] += count
    return counts


def _grouped(rows: QuerySet[Any]) -> Any:
    standing = Decision.objects.filter(request=OuterRef("pk"), voided_at=None)
    kinds = standing.exclude(kind=Decision.Kind.RETURN).values("kind")[:1]
    counted = rows.annotate(decided=Subquery(kinds)).values_list("status", "decided")
    return counted.annotate(count=Count("pk")).order_by()


def _remembered() -> dict[str, Any]:
    try:
        known = cache.get_or_set(KEY, figures, KEPT_S)
    except RedisError:
        log.warning("The cache does not answer: the public counters are computed.")
        known = None
    return known or figures()


def _told(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": found["at"],
        "cameras_in_service": _figure(found["cameras"]),
        "day": found["day"],
        "coverage_percent": found["percent"],
        "year": found["year"],
        "requests": [
            {"outcome": outcome, **_figure(found["requests"][outcome])} for outcome in OUTCOMES
        ],
    }


def _figure(count: int) -> dict[str, Any]:
    if count < FEWEST:
        return {"count": None, "words": _("fewer than %(number)d") % {"number": FEWEST}}
    return {"count": count, "words": str(count)}
