"""Who may do what with people and roles. Views and templates ask here and nowhere else.

People, tokens and the log belong to the whole campus: a role for one building gives nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models import Role

if TYPE_CHECKING:
    from .models import Person

# Whoever holds one of these may read the audit log.
READING_THE_LOG = (Role.AUDITOR, Role.ADMIN, Role.UNIT_HEAD)


def can_see_people(person: Person, obj: Person | None = None) -> bool:
    """May open the page of people and roles."""
    return person.has_role(Role.ADMIN, Role.AUDITOR, scope=())


def can_create_person(person: Person, obj: object = None) -> bool:
    return person.has_role(Role.ADMIN, scope=())


def can_grant_role(person: Person, obj: Person | None = None) -> bool:
    """Grants and ends roles of others; nobody changes his own."""
    return person.has_role(Role.ADMIN, scope=()) and (obj is None or obj.pk != person.pk)


def can_deactivate(person: Person, obj: Person | None = None) -> bool:
    """Switches the sign-in of others off and on."""
    return person.has_role(Role.ADMIN, scope=()) and (obj is None or obj.pk != person.pk)


def can_read_log(person: Person, obj: object = None) -> bool:
    """Reads the audit log."""
    return person.has_role(*READING_THE_LOG, scope=())


def can_see_tokens(person: Person, obj: object = None) -> bool:
    """Opens the page of API tokens; nobody ever sees a token's secret there."""
    return person.has_role(Role.ADMIN, Role.AUDITOR, scope=())


def can_manage_tokens(person: Person, obj: object = None) -> bool:
    """Makes and revokes API tokens."""
    return person.has_role(Role.ADMIN, scope=())
