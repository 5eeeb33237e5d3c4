"""Many small questions are one query, and each gets the answer that it would have got alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Q, QuerySet, Value, Window
from django.test.utils import CaptureQueriesContext

from accounts.models import Person, RoleGrant
from core import panels, together
from inventory.models import Device, Position
from tests.inventory import rows

pytestmark = pytest.mark.django_db


def questions() -> dict[str, QuerySet[Any, Any]]:
    """Numbers, texts, truths, dates, instants, NULL, windows, sums, an order, and nothing at all."""
    places = Position.objects.order_by("-name")
    return {
        "places": places.values_list("pk", "name", "floor__building__name"),
        "first": places.values_list("name", Window(Count("pk")))[:1],
        "people": Person.objects.order_by("pk").values_list("full_name", "is_active", "created_at"),
        "grants": RoleGrant.objects.order_by("pk").values_list("starts_on", "ends_on", "role"),
        "counts": Device.objects.order_by()
        .values_list(Value(1))
        .annotate(all=Count("pk"), stock=Count("pk", filter=Q(status="STOCK"))),
        "percent": Position.objects.filter(name__contains="%").values_list("name"),
        "none": Position.objects.none().values_list("pk"),
        "empty": Position.objects.filter(name="no such").values_list("pk"),
    }


def test_each_question_gets_its_own_answer_by_one_query() -> None:
    building = rows.building()
    for name in ("Işık", "ılık 100 %s", 'a "b" \\'):
        place = rows.position(building)
        Position.objects.filter(pk=place.pk).update(name=name)
    rows.device(status="STOCK")
    rows.person("OPERATOR")
    alone = {name: list(asked) for name, asked in questions().items()}

    with CaptureQueriesContext(connection) as captured:
        told = together.ask(questions())

    assert told == alone
    assert len(captured) == 1
    assert len(told["places"]) == 3
    assert told["percent"] == [("ılık 100 %s",)]
    assert isinstance(told["people"][0][2], dt.datetime)


def test_nothing_to_ask_asks_nothing() -> None:
    with CaptureQueriesContext(connection) as captured:
        assert together.ask({}) == {}
        assert together.ask({"none": Position.objects.none().values_list("pk")}) == {"none": []}

    assert len(captured) == 0


def test_a_question_is_asked_alone_where_nothing_was_gathered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panels, "_today_sources", [])
    monkeypatch.setattr(panels, "_today_questions", [])
    person = rows.person("OPERATOR")
    told = panels.Question(lambda who: Person.objects.filter(pk=who.pk).values_list("full_name"))
    silent = panels.Question(lambda who: None)
    panels.register_today_lines(lambda who: [], told, silent)

    assert told(person) == [(person.full_name,)]
    assert silent(person) == []
    with panels.one_look():
        panels.gather(person)
        with CaptureQueriesContext(connection) as captured:
            assert told(person) == [(person.full_name,)]
            assert silent(person) == []
    assert len(captured) == 0
