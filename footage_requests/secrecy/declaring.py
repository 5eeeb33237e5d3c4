"""Stepping out of a case that is one's own, taking that back by somebody else, and who comes next.

What the person did in the case before does not stand where it can still be undone: a decision becomes
void, a package that is not sealed is cancelled. What has left stays, and the case says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from accounts.models import Person, Role, RoleGrant
from core.tsi import today

from .. import permissions, said
from ..decisions import deciding
from ..errors import NotThisPerson, Refused
from ..footage import exporting
from ..models import FootageRequest, InterestDeclaration, Package
from . import interests

if TYPE_CHECKING:
    from collections.abc import Iterable

Why = InterestDeclaration.Why
TAKING_BACK = (Role.UNIT_HEAD, Role.SUPERIOR)


def step_out(request: FootageRequest, why: str, *, by: Person, note: str = "") -> None:
    """`by` says that the case is his own: from now on he plays no part in it. A second time does nothing.

    Raises Refused for a reason that is none.
    """
    if why not in Why.values or why == Why.NONE:
        raise Refused(_("Say what connects you with this case."))
    with transaction.atomic():
        row = _locked(request)
        if row.interests.standing().filter(person=by).exists():
            return
        made = InterestDeclaration.objects.create(
            request=row, person=by, is_out=True, why=why, note=note.strip()[:300]
        )
        undone = _undo(row, by)
        audit.record(
            "footagerequest.step_out",
            actor=by,
            target=row,
            because=made.as_words(),
            undone=undone,
        )
    _forget(request)


def deny(request: FootageRequest, *, by: Person, note: str = "") -> None:
    """`by` was asked because of what stands in the case, and has nothing to do with it."""
    with transaction.atomic():
        row = _locked(request)
        if row.interests.standing().filter(person=by).exists():
            raise Refused(_("You said that this case is yours: somebody else must take that back."))
        audit.record(
            "footagerequest.deny_interest",
            actor=by,
            target=row,
            because=note.strip()[:300],
            seen=interests.must_answer(by, row),
        )
        InterestDeclaration.objects.create(
            request=row, person=by, is_out=False, why=Why.NONE, note=note.strip()[:300]
        )
    _forget(request)


def carry_over(request: FootageRequest, into: FootageRequest) -> list[str]:
    """Who is out of a request is out of the one that it is merged into; the names, for the log of the merge.

    Run inside the transaction of the merge, with both locked.
    """
    there = set(into.interests.standing().values_list("person", flat=True))
    moved = [
        InterestDeclaration(
            request=into,
            person=each.person,
            is_out=True,
            why=each.why,
            note=f"{each.note[:270]} ({request.number})".strip(),
            said_at=each.said_at,
        )
        for each in request.interests.standing().select_related("person")
        if each.person_id not in there
    ]
    InterestDeclaration.objects.bulk_create(moved)
    return [each.person.full_name for each in moved]


def may_take_back(declaration: InterestDeclaration, person: Person) -> bool:
    """A unit head or superior of this place, not the person himself and not out of the case as well."""
    request = declaration.request
    return (
        declaration.is_out
        and declaration.withdrawn_at is None
        and declaration.person_id != person.pk
        and person.has_role(*TAKING_BACK, scope=permissions.places_of_case(request))
        and not interests.is_out(person, request)
    )


def take_back(declaration: InterestDeclaration, *, by: Person, because: str) -> None:
    """Lets a person play a part again, with the reason. Raises NotThisPerson, Refused."""
    if not because.strip():
        raise Refused(_("Write why the person may act on the case again."))
    with transaction.atomic():
        row = _locked(declaration.request)
        declaration.request = row
        if not may_take_back(declaration, by):
            raise NotThisPerson(
                _(
                    "Another unit head or superior, who is not out of the case himself, takes it back."
                )
            )
        done = InterestDeclaration.objects.filter(pk=declaration.pk, withdrawn_at=None).update(
            withdrawn_at=timezone.now(), withdrawn_by=by, withdrawn_because=because.strip()[:300]
        )
        if done:
            audit.record(
                "footagerequest.let_back",
                actor=by,
                target=row,
                because=because.strip()[:300],
                person=declaration.person.full_name,
            )
    _forget(row)


def _locked(request: FootageRequest) -> FootageRequest:
    """The case and its packages, locked: nobody is named in them while somebody steps out."""
    row = FootageRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
    list(row.packages.select_for_update(of=("self",), no_key=True).values_list("pk"))
    return row


def _forget(request: FootageRequest) -> None:
    interests.forget(request)


def _undo(row: FootageRequest, by: Person) -> list[str]:
    """Takes back what `by` did in the case and nobody has received yet; what that was, for the log."""
    because = said.because("STEPPED_OUT", person=by.full_name)
    undone = []
    decision = row.decisions.filter(voided_at=None, decided_by=by).exclude(kind="RETURN").first()
    if decision is not None:
        try:
            with transaction.atomic():
                deciding.void(row, because=because, by="interests")
            undone.append("decision")
        except Refused:
            # The package has been sealed on it: the declaration itself is what can still be said.
            undone.append("sealed")
    for package in row.packages.filter(status__in=Package.BEFORE_SEALING):
        if by.pk in {package.exporter_id, package.verifier_id}:
            exporting.cancel(package, by="interests", because=because)
            undone.append(package.number)
    return undone


@dataclass(frozen=True)
class Next:
    """Whose turn a case is now, after somebody has stepped out. Without `people` nobody is left."""

    what: str
    role: str
    people: tuple[str, ...]

    @property
    def advice(self) -> str:
        """Whom to appoint, when nobody is left."""
        if self.people:
            return ""
        return _(
            "Nobody is left who may do this. The system administrator grants the role “%(role)s” under "
            "People to another person, or to a deputy with an end date, because of the rector's or "
            "secretary general's written order."
        ) % {"role": self.role}


def whose_turn(request: FootageRequest) -> Next | None:
    """Who may do what the case needs next, when somebody is out of it; None where nobody is."""
    out = {each.person_id for each in interests.outs(request)}
    if not out:
        return None
    S = FootageRequest.Status
    if request.status == S.AWAITING_DECISION:
        names = _holders(request, permissions.DECIDING, out | request.filers)
        return Next(_("Decides now"), str(Role.SUPERIOR.label), names)
    if request.status == S.APPROVED:
        return _of_release(request, out)
    if request.status in FootageRequest.BEFORE_DECISION:
        names = _holders(request, permissions.ASSESSING, out)
        return Next(_("Works on it now"), str(Role.OPERATOR.label), names)
    return None


def _of_release(request: FootageRequest, out: set[int]) -> Next:
    package = request.packages.exclude(status=Package.Status.CANCELLED).first()
    decision = request.decisions.filter(voided_at=None).exclude(kind="RETURN").first()
    approver = decision.decided_by_id if decision else None
    never = out | {approver} if approver else out
    if package is None or package.status in {Package.Status.EXPORTING, Package.Status.MASKING}:
        names = _holders(request, permissions.EXPORTING, never | request.filers)
        return Next(_("Exports now"), str(Role.OPERATOR.label), names)
    if package.status == Package.Status.VERIFYING:
        names = _holders(
            request, permissions.VERIFYING, never | {package.exporter_id} | request.filers
        )
        return Next(_("Verifies now"), str(Role.OPERATOR.label), names)
    return Next(
        _("Hands over now"),
        str(Role.HANDOVER.label),
        _holders(request, permissions.DELIVERING, never | {package.exporter_id}),
    )


def _holders(
    request: FootageRequest, roles: Collection[str], never: Iterable[int | None]
) -> tuple[str, ...]:
    """Names of active people with one of the roles here, those who hold it themselves before deputies."""
    places = permissions.places_of_case(request)
    without = set(never)
    grants = [
        grant
        for grant in RoleGrant.objects.on(today())
        .filter(role__in=list(roles), person__is_active=True)
        .select_related("person", "acting_for")
        if grant.covers(places)
        and grant.person_id not in without
        and grant.acting_for_id not in request.filers
    ]
    grants.sort(key=lambda grant: (grant.acting_for_id is not None, grant.person.full_name))
    names = []
    for grant in grants:
        name = grant.person.full_name
        if grant.acting_for is not None:
            name = _("%(person)s (deputy of %(other)s)") % {
                "person": name,
                "other": grant.acting_for.full_name,
            }
        names.append(name)
    return tuple(dict.fromkeys(names))
