"""What last night found, for the marks on floor plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from cameras.models import PositionDay
from cameras.models.coverage import Result
from core import tsi
from inventory import floorplan_states
from inventory.floorplan_states import State, States

if TYPE_CHECKING:
    from accounts.models import Person


def register() -> None:
    """Called once when Django is ready."""
    floorplan_states.register(last_night)


def last_night(person: Person, position_ids: Collection[int]) -> States:
    """Yesterday's answer of each position; positions that nobody asked about are left out."""
    day = tsi.today() - dt.timedelta(days=1)
    rows = PositionDay.objects.visible_to(person).filter(day=day, position__in=position_ids)
    labels = dict(Result.choices)
    return States(
        _("Recording of %(day)s") % {"day": tsi.day_text(day)},
        {
            position: State(result, str(labels[Result(result)]))
            for position, result in rows.values_list("position", "result")
        },
    )
