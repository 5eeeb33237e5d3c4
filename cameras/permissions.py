"""Who may do what with checks, findings and pictures. Views, API, commands and templates ask here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Role
from inventory.permissions import SEEING, can_see_inventory

if TYPE_CHECKING:
    from accounts.models import Person

CHECKING = frozenset({Role.OPERATOR, Role.UNIT_HEAD, Role.ADMIN})
EXPLAINING = frozenset({Role.OPERATOR, Role.UNIT_HEAD})
LOOKING = frozenset({Role.OPERATOR, Role.UNIT_HEAD, Role.SECURITY_CHIEF})


def can_see_cameras(person: Person, obj: object = None) -> bool:
    """May open the pages about checks and recordings; which rows they show is `visible_to`."""
    return can_see_inventory(person, obj)


def can_check_now(person: Person, obj: object = None) -> bool:
    """Asks devices out of turn, and cancels such a check."""
    return person.has_role(*CHECKING)


def can_acknowledge(person: Person, obj: object = None) -> bool:
    """Closes a finding that only a person can close."""
    return person.has_role(*EXPLAINING)


def can_see_picture(person: Person, obj: object = None) -> bool:
    """Opens the last picture of a camera; every opening is audited."""
    return person.has_role(*LOOKING)


def sees_everything(person: Person) -> bool:
    """Whether the person's scope is the whole campus."""
    return person.scope(SEEING).everything
