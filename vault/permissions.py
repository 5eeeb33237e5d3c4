"""Who may touch device logins. Nobody may see one: there is no such permission yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Role
from inventory.permissions import holds_at_device

if TYPE_CHECKING:
    from accounts.models import Person
    from inventory.models import Device

KEEPING = frozenset({Role.OPERATOR, Role.UNIT_HEAD})


def can_set_credential(person: Person, obj: Device | None = None) -> bool:
    """Enters a new login of a device, or frees a parked one for another try."""
    if obj is not None:
        return holds_at_device(person, KEEPING, obj)
    return person.has_role(*KEEPING)
