"""Apps add panels to pages and lines to Bugün without being imported by them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from core import panels
from core.panels import TodayLine

REQUEST = HttpRequest()
REQUEST.user = AnonymousUser()
NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _empty_registries(monkeypatch):
    monkeypatch.setattr(panels, "_panels", [])
    monkeypatch.setattr(panels, "_today_sources", [])


def everybody(person, row):
    return True


def test_a_page_shows_its_own_panels_in_order():
    panels.register("device", 20, "b.html", lambda request, row: {"row": row}, everybody)
    panels.register("device", 10, "a.html", lambda request, row: {}, everybody)
    panels.register("site", 1, "c.html", lambda request, row: {}, everybody)

    shown = list(panels.shown("device", REQUEST, "row"))

    assert [panel.template for panel in shown] == ["a.html", "b.html"]
    assert shown[1].context == {"row": "row"}


def test_who_may_not_see_a_panel_does_not_compute_it():
    asked: list[object] = []

    def context(request: HttpRequest, row: object) -> dict[str, object]:
        asked.append(row)
        return {}

    panels.register("device", 1, "a.html", context, lambda person, row: False)
    assert not list(panels.shown("device", REQUEST))
    assert not asked


def test_a_panel_with_nothing_to_say_is_left_out():
    panels.register("device", 1, "a.html", lambda request, row: None, everybody)
    assert not list(panels.shown("device", REQUEST))


def test_lines_come_most_urgent_and_oldest_first():
    def source(person):
        yield TodayLine(2, "later")
        yield TodayLine(1, "newer", age_instant=NOW)
        yield TodayLine(1, "older", age_instant=NOW - dt.timedelta(hours=1))

    panels.register_today_lines(source)
    panels.register_today_lines(source)

    assert [line.sentence for line in panels.today_lines(None)] == ["older", "newer", "later"]


def test_a_subject_is_told_once():
    panels.register_today_lines(lambda person: [TodayLine(2, "again", kind="down", key="7")])
    panels.register_today_lines(lambda person: [TodayLine(1, "down", kind="down", key="7")])

    assert [line.sentence for line in panels.today_lines(None)] == ["down"]
