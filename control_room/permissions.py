"""Who may do what with shift notes. Views, API and templates ask here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Role
from inventory.models import Building, Device, Position
from inventory.permissions import holds_at_device, places_of

if TYPE_CHECKING:
    from accounts.models import Person

    from .models import About, ShiftNote

WRITING = frozenset(
    {
        Role.OPERATOR,
        Role.UNIT_HEAD,
        Role.SUPERIOR,
        Role.SECURITY_CHIEF,
        Role.REGISTRY_CLERK,
        Role.HANDOVER,
        Role.ASSET_CLERK,
        Role.ADMIN,
    }
)
# An auditor and the data protection contact read what was handed over, and are on no shift.
READING = WRITING | {Role.AUDITOR, Role.PRIVACY}


def can_see_notes(person: Person, obj: object = None) -> bool:
    """Opens the notes; which rows they show is `visible_to`."""
    return person.has_role(*READING)


def can_leave_note(person: Person, about: About | None = None) -> bool:
    """Leaves a note; one about a thing needs a role where that thing is."""
    if isinstance(about, Device):
        return holds_at_device(person, WRITING, about)
    building: Building | None = about.floor.building if isinstance(about, Position) else about
    return person.has_role(*WRITING, scope=None if building is None else places_of(building))


def can_answer(person: Person, note: ShiftNote) -> bool:
    """Appends a line to a note, and closes it."""
    return can_leave_note(person, note.about)


def can_take_over(person: Person, note: ShiftNote) -> bool:
    """Says "I have it now": somebody else than who left it."""
    return note.left_by_id != person.pk and can_answer(person, note)
