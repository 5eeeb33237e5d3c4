"""How many days a recorder's channels held over time, against the goal, as data for an SVG.

Each day shows the span from the channel that held the fewest days to the one that held the most. Places are
per cent of the drawing (x: days of asking, y: days held, from the top).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from cameras.drawing.strips import Mark
from cameras.night.correlation import SLACK_DAYS
from core import tsi

ROOM = 1.15
TICKS = 3
TICK_SIZES = [1, 2, 5, 10, 15, 30, 60, 90, 180, 365, 3650]
CLEAR_OF_A_GOAL = 0.12


@dataclass(frozen=True)
class HeldChannel:
    """`recent` is [[asked at, days held], ...] as ChannelCondition keeps it; `goal` None = no position."""

    recent: Sequence[Sequence[Any]]
    goal: int | None


@dataclass(frozen=True)
class HeldDay:
    """One day: from the channel that held the fewest days (`low`) to the one that held the most."""

    day: dt.date
    x: str
    low: str
    high: str
    fewest: float
    most: float
    is_short: bool
    title: str


@dataclass(frozen=True)
class RetentionPlot:
    """`goals` stand at the axis in words, in place of its numbers; `summary` says the newest day."""

    days: tuple[HeldDay, ...]
    goals: tuple[Mark, ...]
    y_marks: tuple[Mark, ...]
    x_marks: tuple[Mark, ...]
    summary: str


def retention_plot(channels: Iterable[HeldChannel]) -> RetentionPlot | None:
    """The plot of all channels of one recorder; None where nothing was measured."""
    rows = list(channels)
    held: dict[dt.date, list[tuple[float, int | None]]] = defaultdict(list)
    for row in rows:
        for at, days in row.recent:
            held[tsi.day_of(dt.datetime.fromisoformat(at))].append((float(days), row.goal))
    if not held:
        return None
    goals = sorted({row.goal for row in rows if row.goal is not None})
    top = ROOM * max([*goals, *(value for day in held.values() for value, _goal in day), 1])
    first, last = min(held), max(held)
    length = max((last - first).days, 1)
    days = tuple(
        _held_day(day, held[day], 100 * (day - first).days / length, top) for day in sorted(held)
    )
    return RetentionPlot(
        days=days,
        goals=tuple(Mark(_y(goal, top), _("goal: %(days)s") % {"days": goal}) for goal in goals),
        y_marks=_y_marks(top, goals),
        x_marks=(Mark("0", tsi.day_text(first)), Mark("100", tsi.day_text(last)))
        if first != last
        else (Mark("0", tsi.day_text(first)),),
        summary=_summary(days[-1], goals),
    )


def _held_day(
    day: dt.date, values: Sequence[tuple[float, int | None]], x: float, top: float
) -> HeldDay:
    fewest, most = min(values)[0], max(values)[0]
    is_short = any(goal is not None and value < goal - SLACK_DAYS for value, goal in values)
    title = f"{tsi.day_text(day)} · {_span(fewest, most)}"
    return HeldDay(day, f"{x:.2f}", _y(fewest, top), _y(most, top), fewest, most, is_short, title)


def _y(days: float, top: float) -> str:
    return f"{100 * (1 - min(days / top, 1)):.2f}"


def _y_marks(top: float, goals: Sequence[int]) -> tuple[Mark, ...]:
    """Round numbers of days; those that would stand on the words of a goal are left out."""
    step = next((size for size in TICK_SIZES if top / size <= TICKS + 1), TICK_SIZES[-1])
    numbers = [n * step for n in range(TICKS + 2) if n * step <= top]
    return tuple(
        Mark(_y(days, top), str(days))
        for days in numbers
        if all(abs(days - goal) > CLEAR_OF_A_GOAL * top for goal in goals)
    )


def _days(value: float) -> str:
    return number_format(value, 1)


def _span(fewest: float, most: float) -> str:
    if most - fewest < SLACK_DAYS:
        return _("%(days)s days held") % {"days": _days(fewest)}
    return _("%(fewest)s to %(most)s days held") % {"fewest": _days(fewest), "most": _days(most)}


def _summary(newest: HeldDay, goals: Sequence[int]) -> str:
    words = {"day": tsi.day_text(newest.day), "span": _span(newest.fewest, newest.most)}
    if not goals:
        return _("%(day)s: %(span)s. No goal is set, because no position is assigned.") % words
    words["goal"] = " / ".join(str(goal) for goal in goals)
    if newest.is_short:
        return _("%(day)s: %(span)s, below the goal of %(goal)s days on some channel.") % words
    return _("%(day)s: %(span)s, the goal of %(goal)s days is kept.") % words
