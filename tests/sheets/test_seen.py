"""Taking note of a signed sheet: one click of another person, never of the signer."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Person
from audit.models import Entry
from cameras.daily_sheets.sheets import view_of
from cameras.models import DailySheet
from core.steps import InvalidTransition

from .rows import Campus, client_of, person

pytestmark = pytest.mark.django_db


def signed(campus: Campus, by: Person) -> DailySheet:
    campus.camera()
    sheet = campus.sheet()
    sheet.sign(view_of(sheet).canonical, by=by)
    return sheet


@pytest.mark.parametrize("role", ["UNIT_HEAD", "SUPERIOR"])
def test_another_person_takes_note_and_it_is_audited(campus: Campus, role: str) -> None:
    sheet, other = signed(campus, person("OPERATOR")), person(role)

    client_of(other).post(f"/sheets/{sheet.day}/seen/")

    sheet.refresh_from_db()
    assert (sheet.status, sheet.seen_by) == ("SEEN", other)
    assert Entry.objects.filter(action="dailysheet.see").count() == 1


def test_the_signer_never_takes_note_of_the_own_sheet(campus: Campus) -> None:
    """Segregation of duties, in the page, in the row and in the database."""
    head = person("UNIT_HEAD")
    sheet = signed(campus, head)

    client_of(head).post(f"/sheets/{sheet.day}/seen/")
    with pytest.raises(InvalidTransition):
        sheet.see(by=head)
    with pytest.raises(IntegrityError), transaction.atomic():
        DailySheet.objects.filter(pk=sheet.pk).update(
            status="SEEN", seen_by=head, seen_at=timezone.now()
        )

    sheet.refresh_from_db()
    assert sheet.status == "SIGNED"


@pytest.mark.parametrize("role", ["OPERATOR", "AUDITOR", "ADMIN"])
def test_other_roles_do_not_take_note(campus: Campus, role: str) -> None:
    sheet = signed(campus, person("UNIT_HEAD"))

    assert client_of(person(role)).post(f"/sheets/{sheet.day}/seen/").status_code == 403


def test_an_unsigned_sheet_is_not_seen_and_a_seen_one_not_twice(campus: Campus) -> None:
    campus.camera()
    sheet, head = campus.sheet(), person("SUPERIOR")
    with pytest.raises(InvalidTransition):
        sheet.see(by=head)

    sheet.sign(view_of(sheet).canonical, by=person("OPERATOR"))
    sheet.see(by=head)
    with pytest.raises(InvalidTransition):
        sheet.see(by=person("SUPERIOR"))
    assert sheet.seen_by == head
