"""What the inventory adds to Bugün: stock counts that are overdue, and where a new system begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Window
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import panels, tsi

from . import permissions
from .models import Building, StockCount


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _OVERDUE, _BUILDINGS)


def _overdue(person: Any) -> QuerySet[Any] | None:
    """The building whose next count is due longest, since when, and how many there are (INV-12)."""
    if not permissions.can_count(person):
        return None
    of_building = StockCount.objects.filter(building=OuterRef("pk"))
    last = of_building.filter(status=StockCount.Status.CLOSED).order_by("-closed_on", "-pk")
    rows = (
        Building.objects.visible_to(person)
        .annotate(due_on=Subquery(last.values("next_due_on")[:1]))
        .filter(due_on__lt=tsi.today())
        .exclude(Exists(of_building.filter(status=StockCount.Status.OPEN)))
        .order_by("due_on", "pk")
    )
    return rows.values_list("name", "due_on", Window(Count("pk")))[:1]


def _buildings(person: Any) -> QuerySet[Any] | None:
    if not permissions.can_change_places(person):
        return None
    return Building.objects.values_list("pk")[:1]


_OVERDUE = panels.Question(_overdue)
_BUILDINGS = panels.Question(_buildings)


def lines(person: Any) -> Iterable[panels.TodayLine]:
    yield from _first_steps(person)
    yield from _overdue_counts(person)


def _first_steps(person: Any) -> Iterable[panels.TodayLine]:
    if not permissions.can_change_places(person) or _BUILDINGS(person):
        return
    yield panels.TodayLine(
        urgency=71,
        sentence=_("No building is entered yet: cameras and recorders hang in buildings"),
        url=reverse("inventory:buildings"),
        action_label=_("Open buildings"),
        kind="first-step",
        key="buildings",
    )


def _overdue_counts(person: Any) -> Iterable[panels.TodayLine]:
    """One line, however many buildings wait."""
    first = next(iter(_OVERDUE(person)), None)
    if first is None:
        return
    name, due_on, count = first
    text = ngettext(
        "The stock count of %(name)s has been due since %(day)s",
        "The stock counts of %(count)d buildings are overdue, that of %(name)s since %(day)s",
        count,
    )
    yield panels.TodayLine(
        urgency=72,
        sentence=text % {"name": name, "count": count, "day": tsi.day_text(due_on)},
        url=reverse("inventory:counts"),
        action_label=_("Open stock counts"),
        kind="stock-count",
        key="due",
    )
