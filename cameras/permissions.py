"""Who may do what with checks, findings and pictures. Views, API, commands and templates ask here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from accounts.models import Role
from inventory.permissions import (
    SEEING,
    can_change_positions,
    can_see_inventory,
    holds_at_device,
    places_of,
)
from vault.permissions import can_set_credential

if TYPE_CHECKING:
    from accounts.models import Person
    from cameras.models import DailySheet, Finding, Run
    from inventory.models import Device, Position

CHECKING = frozenset({Role.OPERATOR, Role.UNIT_HEAD, Role.ADMIN})
EXPLAINING = frozenset({Role.OPERATOR, Role.UNIT_HEAD})
LOOKING = frozenset({Role.OPERATOR, Role.UNIT_HEAD, Role.SECURITY_CHIEF})


def can_see_cameras(person: Person, obj: object = None) -> bool:
    """May open the pages about checks and recordings; which rows they show is `visible_to`."""
    return can_see_inventory(person, obj)


def can_check_now(person: Person, obj: Device | None = None) -> bool:
    """Asks devices out of turn."""
    if obj is not None:
        return holds_at_device(person, CHECKING, obj)
    return person.has_role(*CHECKING)


def checks_everything(person: Person) -> bool:
    """Whether the person may ask every device of the campus out of turn."""
    return person.scope(CHECKING).everything


def can_cancel(person: Person, obj: Run | None = None) -> bool:
    """Stops a check: any one for the whole campus, else only those that one asked for."""
    if obj is None or not can_check_now(person):
        return can_check_now(person)
    return obj.asked_by_id == person.pk or person.has_role(*CHECKING, scope=())


def can_acknowledge(person: Person, obj: Finding | None = None) -> bool:
    """Closes a finding that only a person can close; one of the campus needs a role for the campus."""
    if obj is None:
        return person.has_role(*EXPLAINING)
    return bool(acknowledgeable(person, [obj]))


def acknowledgeable(person: Person, findings: Iterable[Finding]) -> set[int]:
    """Which of these findings the person may close, by their keys; one query."""
    held = person.scope(EXPLAINING)
    rows = list(findings)
    if not rows or not held:
        return set()
    about = type(rows[0]).objects.within(held).filter(pk__in=[row.pk for row in rows])
    return set(about.values_list("pk", flat=True))


def can_see_picture(person: Person, obj: Position | None = None) -> bool:
    """Opens the last picture of the camera at a position; every opening is audited."""
    places = None if obj is None else places_of(obj.floor.building)
    return person.has_role(*LOOKING, scope=places)


def can_set_reference(person: Person, obj: Position | None = None) -> bool:
    """Chooses the reference picture of a position and says whether its camera has moved."""
    places = None if obj is None else places_of(obj.floor.building)
    return person.has_role(*EXPLAINING, scope=places)


def sees_everything(person: Person) -> bool:
    """Whether the person's scope is the whole campus."""
    return person.scope(SEEING).everything


def can_see_sheets(person: Person, obj: object = None) -> bool:
    """Opens the daily sheets, which tell about the whole campus."""
    return sees_everything(person)


def can_sign_sheet(person: Person, obj: object = None) -> bool:
    """Explains and signs a daily sheet: an operator or unit head for the whole campus."""
    return person.has_role(Role.OPERATOR, Role.UNIT_HEAD, scope=())


def can_mark_sheet_seen(person: Person, obj: DailySheet | None = None) -> bool:
    """Takes note of a signed sheet: another unit head or a superior, never the signer."""
    if obj is not None and obj.signed_by_id == person.pk:
        return False
    return person.has_role(Role.UNIT_HEAD, Role.SUPERIOR, scope=())


def can_see_reports(person: Person, obj: object = None) -> bool:
    """Opens the reports; they tell about what the person may see."""
    return can_see_cameras(person)


def can_change_papers(person: Person, obj: object = None) -> bool:
    """Changes the head of papers, adds revisions of forms, keeps the calendar of holidays."""
    return person.has_role(Role.UNIT_HEAD, Role.ADMIN, scope=())


def can_change_frequencies(person: Person, obj: object = None) -> bool:
    """Sets how often a kind of check is asked; it holds for the whole campus."""
    return person.has_role(Role.UNIT_HEAD, Role.ADMIN, scope=())


def can_add_recorders(person: Person, obj: object = None) -> bool:
    """Asks a recorder what it is by a login that one enters, and takes over what it says."""
    return can_set_credential(person) and can_change_positions(person)
