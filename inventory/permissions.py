"""Who may do what in the inventory. Views, API and templates ask here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Place, Role, RoleGrant

if TYPE_CHECKING:
    from accounts.models import Person

    from .models import Building, Device, Floor, Position

SEEING = frozenset(
    {
        Role.OPERATOR,
        Role.UNIT_HEAD,
        Role.SUPERIOR,
        Role.PRIVACY,
        Role.ASSET_CLERK,
        Role.AUDITOR,
        Role.ADMIN,
        Role.SECURITY_CHIEF,
    }
)
MAINTAINING = frozenset({Role.OPERATOR, Role.UNIT_HEAD})
REGISTERING = frozenset({Role.OPERATOR, Role.UNIT_HEAD, Role.ASSET_CLERK})


def places_of(building: Building) -> set[Place]:
    """The building and its site, as role grants name them."""
    kinds = RoleGrant.ScopeKind
    return {(kinds.BUILDING, building.pk), (kinds.SITE, building.site_id)}


def can_see_inventory(person: Person, obj: object = None) -> bool:
    """May open the inventory's pages at all; which rows they show is `visible_to`."""
    return person.has_role(*SEEING)


def holds_at_device(person: Person, roles: frozenset[Role], device: Device) -> bool:
    """Whether one of these roles is held where the device hangs now, or at what it records now.

    Where it hung once gives a right to see it and no other. What hangs nowhere any more belongs to where it
    hung last. A device that is only being entered hangs nowhere yet: the role alone decides.
    """
    from .models import Position  # the models ask this module

    if device.pk is None:
        return person.has_role(*roles)
    held = person.scope(roles)
    if held.everything:
        return True
    return Position.objects.within(held).filter(pk__in=_positions_of(device)).exists()


def _positions_of(device: Device) -> set[int]:
    """The positions where the device hangs, or that it records, now; else the last ones."""
    from .models import ChannelAssignment, Installation

    rows = (
        Installation.objects.filter(device=device),
        ChannelAssignment.objects.filter(channel__recorder=device),
    )
    now = {pk for each in rows for pk in each.current().values_list("position", flat=True)}
    if now:
        return now
    last = (each.order_by("-starts_at").values_list("position", flat=True)[:1] for each in rows)
    return {pk for each in last for pk in each}


def can_change_devices(person: Person, obj: Device | None = None) -> bool:
    """Enters devices, takes their steps, gives them addresses and channels."""
    if obj is not None:
        return holds_at_device(person, REGISTERING, obj)
    return person.has_role(*REGISTERING)


def can_change_positions(person: Person, obj: Position | None = None) -> bool:
    """Plans, activates and closes positions, and fits devices at them."""
    places = None if obj is None else places_of(obj.floor.building)
    return person.has_role(*MAINTAINING, scope=places)


def can_change_plans(person: Person, obj: Floor | None = None) -> bool:
    """Hands in plans of floors and places positions on them."""
    places = None if obj is None else places_of(obj.building)
    return person.has_role(*MAINTAINING, scope=places)


def can_change_schedules(person: Person, obj: Position | None = None) -> bool:
    """Sets when a position is expected to be recorded: less expectation needs the unit head."""
    places = None if obj is None else places_of(obj.floor.building)
    return person.has_role(Role.UNIT_HEAD, scope=places)


def can_change_networks(person: Person, obj: object = None) -> bool:
    """Enters networks and the limits of groups, which hold for the whole campus."""
    return person.has_role(Role.UNIT_HEAD, Role.ADMIN, scope=())


def can_change_places(person: Person, obj: object = None) -> bool:
    """Enters sites, buildings and floors: what others' grants are given for."""
    return person.has_role(Role.UNIT_HEAD, Role.ADMIN, scope=())


def can_change_groups(person: Person, obj: object = None) -> bool:
    """Sets retention goals and the limits between recorded and partly recorded."""
    return person.has_role(Role.UNIT_HEAD, scope=())


def can_change_contracts(person: Person, obj: object = None) -> bool:
    """Enters contractors, contracts, warranties, and the life of models: they serve the whole campus."""
    return person.has_role(*REGISTERING, scope=())


def can_count(person: Person, obj: Building | None = None) -> bool:
    """Counts the stock of a building."""
    places = None if obj is None else places_of(obj)
    return person.has_role(*REGISTERING, scope=places)


def can_import_devices(person: Person, obj: object = None) -> bool:
    """Reads devices in from a spreadsheet: it may touch the whole campus."""
    return person.has_role(*REGISTERING, scope=())


def can_import_positions(person: Person, obj: object = None) -> bool:
    """Reads positions in from a spreadsheet: it may touch the whole campus."""
    return person.has_role(*MAINTAINING, scope=())


def can_attach(person: Person, obj: Device | Position | None = None) -> bool:
    """Adds photos and documents to devices and positions, and takes them away."""
    if obj is None:
        return person.has_role(*REGISTERING)
    from .models import Position  # the models ask this module

    if isinstance(obj, Position):
        return person.has_role(*REGISTERING, scope=places_of(obj.floor.building))
    return holds_at_device(person, REGISTERING, obj)
