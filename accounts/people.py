"""Changes to people and roles, each with its audit entry in the same transaction.

Every change of rights or password raises the person's session epoch, which ends the sessions that are
open on the next request.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

import audit
from core.tsi import today

from .models import Person, Role, RoleGrant

Actor = Person | str


@sensitive_variables("password")
@transaction.atomic
def create(
    staff_number: str,
    full_name: str,
    password: str | None,
    *,
    by: Actor,
    check_password: bool = True,
    **fields: Any,
) -> Person:
    """A new person. Without a password nobody can sign in as them. Raises ValidationError."""
    person = Person(staff_number=staff_number.strip(), full_name=full_name.strip(), **fields)
    if password and check_password:
        validate_password(password, person)
    person.set_password(password)
    person.full_clean()
    person.save()
    audit.record(
        "person.create",
        actor=by,
        target=person,
        after={"staff_number": person.staff_number, "full_name": person.full_name},
    )
    return person


@transaction.atomic
def grant_role(
    person: Person,
    role: str,
    *,
    by: Actor,
    document: str,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    scope_kind: str = RoleGrant.ScopeKind.ALL,
    scope_id: int | None = None,
    acting_for: Person | None = None,
) -> RoleGrant:
    """Grants a role because of a document; with `acting_for` as the deputy of a person who holds it.

    Nobody grants himself (PermissionDenied). Raises ValidationError.
    """
    _refuse_self(person, by)
    if acting_for is not None:
        _check_deputy(acting_for, Role(role), starts_on or today(), ends_on)
    grant = RoleGrant(
        person=person,
        role=Role(role),
        scope_kind=scope_kind,
        scope_id=scope_id,
        starts_on=starts_on or today(),
        ends_on=ends_on,
        document=document.strip(),
        acting_for=acting_for,
        granted_by=None if isinstance(by, str) else by,
    )
    grant.full_clean()
    grant.save()
    _end_sessions(person)
    audit.record("role.grant", actor=by, target=person, because=grant.document, after=_facts(grant))
    return grant


@transaction.atomic
def end_grant(grant: RoleGrant, *, by: Actor, because: str, on: dt.date | None = None) -> None:
    """Ends a grant: on that day (default: today) it no longer holds. The row stays."""
    _refuse_self(grant.person, by)
    grant = RoleGrant.objects.select_for_update().select_related("person").get(pk=grant.pk)
    if grant.ends_on is not None and grant.ends_on <= today():
        raise ValidationError(_("This grant has already ended."), code="ended")
    before = _facts(grant)
    # A grant that has not begun yet never will.
    grant.ends_on = max(on or today(), grant.starts_on)
    grant.save(update_fields=["ends_on"])
    _end_sessions(grant.person)
    audit.record(
        "role.end",
        actor=by,
        target=grant.person,
        because=because,
        before=before,
        after=_facts(grant),
    )


@transaction.atomic
def set_active(person: Person, active: bool, *, by: Actor, because: str) -> None:
    """Switches a person's sign-in off or on. Nobody does it to himself."""
    _refuse_self(person, by)
    if not Person.objects.filter(pk=person.pk, is_active=not active).update(is_active=active):
        return
    person.is_active = active
    _end_sessions(person)
    verb = "person.activate" if active else "person.deactivate"
    audit.record(verb, actor=by, target=person, because=because)


@sensitive_variables("password")
@transaction.atomic
def change_password(person: Person, password: str, *, by: Actor, because: str = "") -> None:
    """Sets a password and ends the person's sessions. Raises ValidationError for a weak one."""
    validate_password(password, person)
    person.set_password(password)
    person.save(update_fields=["password"])
    _end_sessions(person)
    audit.record("person.change_password", actor=by, target=person, because=because)


def _check_deputy(holder: Person, role: Role, starts_on: dt.date, ends_on: dt.date | None) -> None:
    """A deputy holds for a time what the other really holds himself."""
    if ends_on is None:
        raise ValidationError({"ends_on": _("A deputy holds the role for a time: enter its end.")})
    own = (row for row in holder.grants_on(starts_on) if row.acting_for_id is None)
    if role not in {row.role for row in own}:
        raise ValidationError(
            {"acting_for": _("%(person)s does not hold this role.") % {"person": holder}}
        )


def _refuse_self(person: Person, by: Actor) -> None:
    if isinstance(by, Person) and by.pk == person.pk:
        raise PermissionDenied(_("Nobody changes his own rights."))


def _end_sessions(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(session_epoch=F("session_epoch") + 1)
    person.session_epoch = Person.objects.values_list("session_epoch", flat=True).get(pk=person.pk)
    person.forget_roles()


def _facts(grant: RoleGrant) -> dict[str, Any]:
    return {
        "grant": grant.pk,
        "role": grant.role,
        "scope": grant.scope_kind
        if grant.scope_id is None
        else f"{grant.scope_kind}:{grant.scope_id}",
        "starts_on": grant.starts_on,
        "ends_on": grant.ends_on,
        "acting_for": grant.acting_for_id,
    }
