"""Days held over time against the goal, and how the nights remember them (REC-2, REC-6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from cameras.drawing.retention_plot import HeldChannel, retention_plot
from cameras.night.correlation import REMEMBERED_DAYS, _remembered

NOW = dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def recent(*held: float) -> list[list[Any]]:
    """One value a night, the last one tonight."""
    nights = [NOW - dt.timedelta(days=len(held) - 1 - n) for n in range(len(held))]
    return [[night.isoformat(), days] for night, days in zip(nights, held, strict=True)]


def test_without_a_measurement_there_is_no_plot() -> None:
    assert retention_plot([HeldChannel([], 30)]) is None


def test_a_day_spans_from_the_fewest_to_the_most_days_held() -> None:
    plot = retention_plot([HeldChannel(recent(30, 29), 30), HeldChannel(recent(31, 33), 30)])
    assert plot is not None

    assert [(day.fewest, day.most) for day in plot.days] == [(30, 31), (29, 33)]
    assert [day.is_short for day in plot.days] == [False, True]
    assert float(plot.days[1].low) > float(plot.days[1].high)
    assert "below the goal of 30 days" in plot.summary


def test_the_goal_lies_inside_the_drawing_even_where_little_is_held() -> None:
    plot = retention_plot([HeldChannel(recent(2, 2.5), 30)])
    assert plot is not None

    assert [0 < float(goal.x) < 30 for goal in plot.goals] == [True]


def test_a_channel_without_a_position_has_no_goal_to_miss() -> None:
    plot = retention_plot([HeldChannel(recent(1), None)])
    assert plot is not None

    assert not plot.days[0].is_short
    assert "No goal is set" in plot.summary


def test_one_value_a_day_is_remembered_and_not_for_ever() -> None:
    kept: list[list[Any]] = []
    for night in range(REMEMBERED_DAYS + 20):
        kept = _remembered(kept, NOW + dt.timedelta(days=night), 1.0)
        kept = _remembered(kept, NOW + dt.timedelta(days=night, hours=2), 2.0)

    assert len(kept) == REMEMBERED_DAYS
    assert {held for _at, held in kept} == {2.0}
