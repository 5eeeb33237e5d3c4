"""Roles hold for a time and a place, because of a document; nobody grants himself."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts import people
from accounts.models import Person, Role, RoleGrant
from audit.access import may_read_log
from audit.models import Entry
from core.tsi import today
from tests.inventory import rows

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def test_a_grant_holds_from_its_first_day_until_the_day_of_its_end():
    person = rows.person()
    RoleGrant.objects.create(
        person=person, role=Role.OPERATOR, starts_on=rows.D, ends_on=rows.D + 2 * DAY, document="x"
    )

    held = [person.has_role(Role.OPERATOR, on=rows.D + n * DAY) for n in (-1, 0, 1, 2)]

    assert held == [False, True, True, False]


def test_a_role_for_a_building_holds_there_and_nowhere_else():
    person = rows.person("OPERATOR", scope_kind="building", scope_id=7)

    assert person.has_role(Role.OPERATOR)
    assert person.has_role(Role.OPERATOR, scope={("building", 7), ("site", 1)})
    assert not person.has_role(Role.OPERATOR, scope={("building", 8), ("site", 1)})
    assert not person.has_role(Role.OPERATOR, scope=())


def test_a_role_for_everything_holds_everywhere():
    assert rows.person("OPERATOR").has_role(Role.OPERATOR, scope={("building", 8)})


def test_several_roles_are_held_together_and_read_once(django_assert_num_queries):
    person = Person.objects.get(pk=rows.person("OPERATOR", "HANDOVER").pk)

    with django_assert_num_queries(1):
        assert person.roles() == {Role.OPERATOR, Role.HANDOVER}
        assert person.has_role(Role.HANDOVER)
        assert not person.has_role(Role.SUPERIOR)


def test_somebody_switched_off_holds_no_role():
    person = rows.person("OPERATOR")
    person.is_active = False

    assert not person.roles()


def test_a_grant_is_audited_with_its_document(admin):
    person = rows.person()

    people.grant_role(person, Role.UNIT_HEAD, by=admin, document="Order 2026/4")

    entry = Entry.objects.get(action="role.grant")
    assert (entry.actor_id, entry.object_id) == (str(admin.pk), str(person.pk))
    assert entry.because == "Order 2026/4"
    assert entry.actor_role == "ADMIN"
    assert person.has_role(Role.UNIT_HEAD)


def test_nobody_grants_himself_or_ends_his_own(admin):
    with pytest.raises(PermissionDenied):
        people.grant_role(admin, Role.SUPERIOR, by=admin, document="x")
    with pytest.raises(PermissionDenied):
        people.end_grant(admin.grants.get(), by=admin, because="x")
    with pytest.raises(PermissionDenied):
        people.set_active(admin, False, by=admin, because="x")


def test_the_database_refuses_a_grant_to_oneself(admin):
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(
            person=admin, role=Role.SUPERIOR, starts_on=rows.D, document="x", granted_by=admin
        )


def test_an_ended_grant_stays_as_a_row_and_no_longer_holds(admin):
    person = rows.person("OPERATOR")
    grant = person.grants.get()

    people.end_grant(grant, by=admin, because="moved")

    grant.refresh_from_db()
    assert grant.ends_on == today()
    assert not Person.objects.get(pk=person.pk).roles()
    assert Entry.objects.get(action="role.end").because == "moved"
    with pytest.raises(ValidationError):
        people.end_grant(grant, by=admin, because="again")


@pytest.mark.parametrize("wrong", [{"scope_kind": "site"}, {"scope_id": 3}, {"document": " "}])
def test_a_grant_without_place_or_document_is_refused(admin, wrong):
    with pytest.raises(ValidationError):
        people.grant_role(rows.person(), Role.OPERATOR, by=admin, **({"document": "x"} | wrong))


def test_a_person_with_audit_entries_can_be_deleted_and_stays_readable(admin):
    """A17: the log keeps id and name as text."""
    person = rows.person()
    device = rows.device(status="COMMISSIONING")
    device.put_in_service(on_date=rows.D, by=person, document="x")
    name, number = person.full_name, str(person.pk)

    person.delete()

    entry = Entry.objects.get(action="device.put_in_service")
    assert (entry.actor_id, entry.actor_name) == (number, name)
    assert device.steps.get().by_name == name


@pytest.mark.parametrize(
    ("role", "allowed"), [("AUDITOR", True), ("ADMIN", True), ("OPERATOR", False)]
)
def test_the_log_is_read_by_its_roles(role, allowed):
    assert may_read_log(rows.person(role)) is allowed


def test_the_commands_make_the_first_administrator(monkeypatch, capsys):
    monkeypatch.setenv("PERSON_PASSWORD", "a long first password")

    call_command("person_create", "1001", "Ayşe Yılmaz", "--admin")
    call_command("role_grant", "1001", "OPERATOR", "--document", "Order", "--scope", "site:3")

    person = Person.objects.get(staff_number="1001")
    assert person.roles() == {Role.ADMIN, Role.OPERATOR}
    assert person.check_password("a long first password")
    assert "password" not in capsys.readouterr().out


def test_the_commands_refuse_what_is_wrong(monkeypatch):
    monkeypatch.setenv("PERSON_PASSWORD", "short")

    with pytest.raises(CommandError):
        call_command("person_create", "1002", "Somebody")
    with pytest.raises(CommandError):
        call_command("role_grant", "nobody", "OPERATOR", "--document", "x")
    person = rows.person()
    with pytest.raises(CommandError):
        call_command(
            "role_grant", person.staff_number, "OPERATOR", "--document", "x", "--scope", "site"
        )
    assert not Person.objects.filter(staff_number="1002").exists()
