"""Who may touch device logins. Nobody may see one: there is no such permission yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Role

if TYPE_CHECKING:
    from accounts.models import Person


def can_set_credential(person: Person, obj: object = None) -> bool:
    """Enters a new login of a device, or frees a parked one for another try."""
    return person.has_role(Role.OPERATOR, Role.UNIT_HEAD)
