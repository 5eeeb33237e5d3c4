"""Who may do what with requests. Views, API, tasks and templates ask here and nowhere else.

A role for one building is enough only for cases that touch that building. Being allowed here is not yet
enough: that filer, approver, exporter and verifier are different people is asked in `footage_requests.parts`
and by the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Place, Role
from inventory.permissions import places_of

from .casework.gathering import is_gathered
from .secrecy import interests

if TYPE_CHECKING:
    from accounts.models import Person

    from .models import FootageRequest

FILING = frozenset({Role.REGISTRY_CLERK, Role.OPERATOR, Role.UNIT_HEAD, Role.SECURITY_CHIEF})
ASSESSING = frozenset({Role.OPERATOR, Role.UNIT_HEAD})
DECIDING = frozenset({Role.SUPERIOR})
# Who may be the most senior person on duty when an oral, urgent request comes.
ON_DUTY = frozenset({Role.UNIT_HEAD, Role.SECURITY_CHIEF})
EXPORTING = frozenset({Role.OPERATOR})
VERIFYING = frozenset({Role.OPERATOR, Role.UNIT_HEAD})
DELIVERING = frozenset({Role.HANDOVER, Role.UNIT_HEAD, Role.OPERATOR})
GIVING_OPINIONS = frozenset({Role.LEGAL, Role.PRIVACY})
KEEPING_WEBHOOKS = frozenset({Role.UNIT_HEAD, Role.ADMIN})
EDITING_RULES = frozenset({Role.UNIT_HEAD, Role.LEGAL})
WATCHING_ACCESS = frozenset({Role.UNIT_HEAD, Role.SUPERIOR, Role.AUDITOR})
WATCHING_STORE = frozenset({Role.UNIT_HEAD, Role.SECURITY_CHIEF, Role.AUDITOR, Role.ADMIN})
READING_CASES = frozenset(
    {
        Role.REGISTRY_CLERK,
        Role.OPERATOR,
        Role.UNIT_HEAD,
        Role.SUPERIOR,
        Role.LEGAL,
        Role.PRIVACY,
        Role.HANDOVER,
        Role.AUDITOR,
        Role.SECURITY_CHIEF,
    }
)


def places_of_case(case: FootageRequest | None) -> set[Place] | None:
    """The buildings and sites that a case touches; a case that touches none belongs to the campus."""
    if case is None:
        return None
    buildings = set()
    # A case that is being entered has a building and no row yet.
    if case.pk is not None:
        items = case.items.all()
        if not is_gathered(case, "items"):
            items = items.select_related("position__floor__building")
        buildings = {item.position.floor.building for item in items}
    if case.building is not None:
        buildings.add(case.building)
    return {place for building in buildings for place in places_of(building)}


def _may(
    person: Person, roles: frozenset[Role], case: FootageRequest | None, *, binds: bool = False
) -> bool:
    """Whoever is out of a case plays no part in it. What `binds` waits until he has answered whether the
    case is his own, where something in it points to him.
    """
    if not person.has_role(*roles, scope=places_of_case(case)):
        return False
    if case is None:
        return True
    return not (interests.blocks(person, case) if binds else interests.is_out(person, case))


def can_see_requests(person: Person, obj: FootageRequest | None = None) -> bool:
    """May open the pages of requests at all; which cases they show is `visible_to`."""
    return person.has_role(*READING_CASES)


def can_file(person: Person, obj: FootageRequest | None = None) -> bool:
    """Enters requests, their papers and numbers."""
    return _may(person, FILING, obj)


def can_assess(person: Person, obj: FootageRequest | None = None) -> bool:
    """Names cameras, checks what is there, holds, asks for what is missing, submits."""
    return _may(person, ASSESSING, obj)


def can_decide(person: Person, obj: FootageRequest | None = None) -> bool:
    """Approves, refuses or returns; never his own request."""
    return _may(person, DECIDING, obj, binds=True) and (obj is None or person.pk not in obj.filers)


def can_decide_on_duty(person: Person, obj: FootageRequest) -> bool:
    """Lets an oral, urgent request be watched, as the most senior person on duty (REL-15)."""
    is_oral = obj.kind.writing_within_working_days is not None and obj.writing_came_on is None
    return is_oral and _may(person, ON_DUTY, obj, binds=True) and person.pk not in obj.filers


def can_open_decision(person: Person, obj: FootageRequest | None = None) -> bool:
    """Opens the decision screen: a superior, or whoever may be the most senior person on duty."""
    if obj is None:
        return person.has_role(*DECIDING, *ON_DUTY)
    return can_decide(person, obj) or can_decide_on_duty(person, obj)


def can_give_opinion(person: Person, obj: FootageRequest | None = None) -> bool:
    return _may(person, GIVING_OPINIONS, obj)


def can_export(person: Person, obj: FootageRequest | None = None) -> bool:
    return _may(person, EXPORTING, obj, binds=True) and not _asked_in_another(person, obj)


def can_verify(person: Person, obj: FootageRequest | None = None) -> bool:
    return _may(person, VERIFYING, obj, binds=True) and not _asked_in_another(person, obj)


def _asked_in_another(person: Person, case: FootageRequest | None) -> bool:
    """Whether he entered a request that was merged into this one. Small-unit mode does not relax it: it is
    made for who entered the case itself (`footage_requests.parts`).
    """
    return case is not None and person.pk != case.filer_id and person.pk in case.filers


def can_deliver(person: Person, obj: FootageRequest | None = None) -> bool:
    return _may(person, DELIVERING, obj, binds=True)


def can_edit_rules(person: Person, obj: object = None) -> bool:
    """Changes kinds of requesters, bases, deadlines and refusal codes."""
    return person.has_role(*EDITING_RULES, scope=())


def can_grant_small_unit(person: Person, obj: object = None) -> bool:
    """Enters small-unit periods: a superior's compensating control, never the unit's own (KFS 9)."""
    return person.has_role(Role.SUPERIOR, scope=())


def can_change_a_rule(person: Person, obj: object = None) -> bool:
    """Opens the form of some rule; which one is asked there."""
    return can_edit_rules(person) or can_grant_small_unit(person)


def can_watch_undertakings(person: Person, obj: object = None) -> bool:
    """Sees who has signed the confidentiality undertaking, and who looked at what in a month."""
    return person.has_role(*WATCHING_ACCESS, scope=())


def can_file_undertakings(person: Person, obj: object = None) -> bool:
    """Files undertakings that others signed on paper."""
    return person.has_role(Role.UNIT_HEAD, scope=())


def can_watch_store(person: Person, obj: object = None) -> bool:
    """Is told when a stored evidence file is damaged, whatever case it belongs to."""
    return person.has_role(*WATCHING_STORE, scope=())


def can_read_hold_weeks(person: Person, obj: object = None) -> bool:
    """Reads the weekly paper of holds that outlive their requests, of the whole campus."""
    return person.has_role(*ASSESSING, Role.SUPERIOR, Role.AUDITOR, scope=())


def can_check_packages(person: Person, obj: object = None) -> bool:
    """Has a package, a medium or a file checked that somebody brought back."""
    return person.has_role(*DELIVERING, Role.AUDITOR)


def can_see_webhooks(person: Person, obj: object = None) -> bool:
    """Opens the page of webhooks: addresses and deliveries, never a secret."""
    return person.has_role(*KEEPING_WEBHOOKS, Role.AUDITOR, scope=())


def can_keep_webhooks(person: Person, obj: object = None) -> bool:
    """Enters webhooks, gives them new secrets, switches them off, sends again."""
    return person.has_role(*KEEPING_WEBHOOKS, scope=())
