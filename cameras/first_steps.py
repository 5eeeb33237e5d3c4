"""What a new system has to be told before a night can be checked: its first recorder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from core import panels
from inventory.models import Building, Device

from . import permissions


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _BUILDINGS_WITHOUT_DEVICES)


def _buildings_without_devices(person: Any) -> QuerySet[Any] | None:
    """A building, if there are buildings and no device of any kind."""
    if not permissions.can_add_recorders(person):
        return None
    return Building.objects.exclude(Exists(Device.objects.all())).values_list("pk")[:1]


_BUILDINGS_WITHOUT_DEVICES = panels.Question(_buildings_without_devices)


def lines(person: Any) -> Iterable[panels.TodayLine]:
    if not permissions.can_add_recorders(person) or not _BUILDINGS_WITHOUT_DEVICES(person):
        return
    yield panels.TodayLine(
        urgency=72,
        sentence=_(
            "No recorder is entered yet: give the address of one, and its cameras and channels are proposed"
        ),
        url=reverse("cameras:add"),
        action_label=_("Add a recorder"),
        kind="first-step",
        key="recorder",
    )
