"""A deputy (vekil) holds, for a time, a role that another person really holds."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import people
from accounts.models import Role, RoleGrant
from audit.models import Entry
from core.tsi import today
from tests.inventory import rows

pytestmark = pytest.mark.django_db


def deputise(deputy, holder, **fields):
    fields.setdefault("ends_on", today() + dt.timedelta(days=7))
    return people.grant_role(
        deputy, Role.SUPERIOR, by="test", document="order 12", acting_for=holder, **fields
    )


def test_a_deputy_holds_the_role_until_the_end():
    holder, deputy = rows.person(Role.SUPERIOR), rows.person()

    grant = deputise(deputy, holder)

    assert deputy.has_role(Role.SUPERIOR)
    assert not deputy.has_role(Role.SUPERIOR, on=grant.ends_on)
    assert f'"acting_for":{holder.pk}' in Entry.objects.get(action="role.grant").canon


def test_a_deputy_without_an_end_is_refused():
    with pytest.raises(ValidationError):
        deputise(rows.person(), rows.person(Role.SUPERIOR), ends_on=None)


def test_nobody_stands_in_for_a_person_without_the_role():
    with pytest.raises(ValidationError):
        deputise(rows.person(), rows.person(Role.OPERATOR))


def test_a_deputy_does_not_pass_the_office_on():
    holder, deputy = rows.person(Role.SUPERIOR), rows.person()
    deputise(deputy, holder)

    with pytest.raises(ValidationError):
        deputise(rows.person(), deputy)


def test_the_database_refuses_a_deputy_of_himself_or_for_ever():
    person = rows.person(Role.SUPERIOR)
    for ends_on, other in [(dt.date(2030, 1, 1), person), (None, rows.person())]:
        with pytest.raises(IntegrityError), transaction.atomic():
            RoleGrant.objects.create(
                person=person,
                role=Role.SUPERIOR,
                starts_on=dt.date(2026, 1, 1),
                ends_on=ends_on,
                document="order",
                acting_for=other,
            )
