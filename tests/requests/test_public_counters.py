"""Public figures: without a token, cheap, and never small (API-6)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from cameras.models import PositionDay
from core import tsi
from footage_requests.models import FootageRequest
from footage_requests.portal import counters
from tests.api.rows import place, proven
from tests.requests import cases
from tests.requests.case import Campus

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/public/counters/"


@pytest.fixture(autouse=True)
def _no_figures_yet() -> None:
    cache.delete(counters.KEY)


def told(client: Client, language: str = "en") -> Any:
    answer = client.get(ADDRESS, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.content
    return answer.json()


def outcomes(found: dict[str, Any]) -> dict[str, Any]:
    return {row["outcome"]: row["count"] for row in found["requests"]}


def test_everybody_reads_how_much_is_recorded(client: Client) -> None:
    """API-6."""
    for _number in range(6):
        proven(place())
    found = told(client)
    assert found["cameras_in_service"] == {"count": 6, "words": "6"}
    assert found["coverage_percent"] == 95.8
    assert found["day"] == (tsi.today() - dt.timedelta(days=1)).isoformat()


def test_small_numbers_are_not_told(client: Client) -> None:
    """API-6: zero is as small as four, and there is no sum to subtract from."""
    for _number in range(4):
        proven(place())
    cases.filed()
    found = told(client)
    assert found["cameras_in_service"] == {"count": None, "words": "fewer than 5"}
    assert found["coverage_percent"] is None
    assert set(outcomes(found).values()) == {None}
    assert "total" not in str(found)
    cache.delete(counters.KEY)
    assert told(client, "tr")["cameras_in_service"]["words"] == "5 sayısından az"


def test_what_could_not_be_checked_is_not_counted_as_recorded(client: Client) -> None:
    for _number in range(5):
        proven(place())
    for _number in range(5):
        unchecked()
    assert told(client)["coverage_percent"] == 95.8


def test_of_less_than_half_of_the_cameras_nothing_is_said(client: Client) -> None:
    """API-6: at two in the night five good cameras would speak for all."""
    for _number in range(5):
        proven(place())
    for _number in range(6):
        unchecked()
    assert told(client)["coverage_percent"] is None


def test_a_hundred_percent_is_said_when_nothing_is_missing(client: Client) -> None:
    """API-6: a second that is missing is not rounded away."""
    for _number in range(5):
        proven(place())
    PositionDay.objects.update(expected_ms=86_400_000, recorded_ms=86_400_000)
    assert counters.figures()["percent"] == 100
    one = PositionDay.objects.values("pk")[:1]
    PositionDay.objects.filter(pk__in=one).update(recorded_ms=86_399_000)
    assert counters.figures()["percent"] == 99.9


def unchecked() -> None:
    PositionDay.objects.create(
        position=place().position,
        day=tsi.today() - dt.timedelta(days=1),
        result="UNKNOWN",
        reason="NOT_ASKED",
        expected_ms=86_400_000,
    )


def test_requests_are_told_by_what_became_of_them(campus: Campus) -> None:
    for _number in range(5):
        campus.decide(campus.submitted())
    for _number in range(6):
        campus.decide(campus.submitted(), "REFUSE", codes=[campus.code().code])
    for _number in range(7):
        campus.request()
    FootageRequest.objects.filter(pk=campus.request().pk).update(
        arrived_at=timezone.now() - dt.timedelta(days=400)
    )
    found = counters.figures()["requests"]
    assert found == {"GIVEN": 5, "REFUSED": 6, "NO_RECORDING": 0, "WITHDRAWN": 0, "OPEN": 7}


def test_figures_are_asked_of_the_database_at_most_every_five_minutes(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        told(client)
    with django_assert_num_queries(0):
        answer = client.get(ADDRESS)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_token_is_not_looked_at(client: Client) -> None:
    assert client.get(ADDRESS, headers={"Authorization": "Bearer nonsense"}).status_code == 200
    assert client.post(ADDRESS, "{}", content_type="application/json").status_code == 405


def test_too_many_calls_of_one_address_are_slowed(client: Client, settings: Any) -> None:
    """F12: each address for itself."""
    settings.API_CALLS_PER_MINUTE = 2
    with time_machine.travel("2026-11-23 10:00:10+03:00", tick=False):
        statuses = [
            client.get(ADDRESS, REMOTE_ADDR="192.0.2.71").status_code for _number in range(3)
        ]
        other = client.get(ADDRESS, REMOTE_ADDR="192.0.2.72").status_code
    assert (statuses, other) == ([200, 200, 429], 200)
