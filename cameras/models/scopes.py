"""Who may see which row about a device: whoever may see the device, channel or position it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from core.scoping import ScopedQuerySet
from inventory.models import Channel, Device, Position

if TYPE_CHECKING:
    from accounts.models import Person


class DeviceScoped(ScopedQuerySet[Any]):
    """Rows with a `device`."""

    def visible_to(self, person: Person) -> Self:
        return self.filter(device__in=Device.objects.visible_to(person))


class ChannelScoped(ScopedQuerySet[Any]):
    """Rows with a `channel`."""

    def visible_to(self, person: Person) -> Self:
        return self.filter(channel__in=Channel.objects.visible_to(person))


class PositionScoped(ScopedQuerySet[Any]):
    """Rows with a `position`."""

    def visible_to(self, person: Person) -> Self:
        return self.filter(position__in=Position.objects.visible_to(person))
