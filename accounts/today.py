"""What people and roles add to Bugün: that the first person of a new system is still alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from core import panels

from . import permissions
from .models import Person


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _OTHERS)


def _others(person: Any) -> QuerySet[Any] | None:
    if not permissions.can_create_person(person):
        return None
    return Person.objects.exclude(pk=person.pk).values_list("pk")[:1]


_OTHERS = panels.Question(_others)


def lines(person: Any) -> Iterable[panels.TodayLine]:
    if not permissions.can_create_person(person) or _OTHERS(person):
        return
    yield panels.TodayLine(
        urgency=70,
        sentence=_("You are the only person here: enter the others, and grant their roles"),
        url=reverse("accounts:people"),
        action_label=_("Open people"),
        kind="first-step",
        key="people",
    )
