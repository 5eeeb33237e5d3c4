"""Who may see which row about a device: whoever may see the device, channel or position it is about.

Who sees the whole campus is asked no further: a join over all devices would cost more than the page.
Millions of rows are about channels and positions, and mostly the newest are wanted: EXISTS lets a database
walk them in the order that is asked for, where IN makes SQLite collect and sort all that may be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db.models import Exists, OuterRef

from core.scoping import ScopedQuerySet
from inventory.models import Channel, Device, Position
from inventory.queries import scope_of

if TYPE_CHECKING:
    from accounts.models import Person


class DeviceScoped(ScopedQuerySet[Any]):
    """Rows with a `device`."""

    def visible_to(self, person: Person) -> Self:
        if scope_of(person).everything:
            return self
        return self.filter(device__in=Device.objects.visible_to(person))


class ChannelScoped(ScopedQuerySet[Any]):
    """Rows with a `channel`."""

    def visible_to(self, person: Person) -> Self:
        if scope_of(person).everything:
            return self
        return self.filter(
            Exists(Channel.objects.visible_to(person).filter(pk=OuterRef("channel")))
        )


class PositionScoped(ScopedQuerySet[Any]):
    """Rows with a `position`."""

    def visible_to(self, person: Person) -> Self:
        if scope_of(person).everything:
            return self
        return self.filter(
            Exists(Position.objects.visible_to(person).filter(pk=OuterRef("position")))
        )
