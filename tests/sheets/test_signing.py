"""Signing a daily sheet: the password again, exactly the content that was shown, once."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
import time_machine
from django.db import IntegrityError, transaction

from audit.models import Entry
from cameras.daily_sheets.sheets import view_of
from cameras.models import DailySheet, SheetExplanation
from core import tsi
from core.steps import InvalidTransition

from .rows import PASSWORD, Campus, client_of, person

pytestmark = pytest.mark.django_db


def post(campus: Campus, who: object, **fields: str) -> int:
    sheet = campus.sheet()
    fields = {"sha256": view_of(sheet).sha256, "password": PASSWORD, **fields}
    return client_of(who).post(f"/sheets/{sheet.day}/sign/", fields).status_code  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["OPERATOR", "UNIT_HEAD"])
def test_a_person_signs_with_the_password_and_it_is_audited(campus: Campus, role: str) -> None:
    """REC-22"""
    campus.camera()
    signer = person(role)

    assert post(campus, signer) == 302

    sheet = campus.sheet()
    entry = Entry.objects.get(action="dailysheet.sign")
    assert (sheet.status, sheet.signed_by) == ("SIGNED", signer)
    assert sheet.signed.is_intact()
    assert sheet.sha256 == hashlib.sha256(sheet.signed.canonical.encode()).hexdigest()
    assert sheet.sha256 in entry.canon


@pytest.mark.parametrize("role", ["SUPERIOR", "AUDITOR", "ADMIN", "SECURITY_CHIEF"])
def test_other_roles_cannot_sign(campus: Campus, role: str) -> None:
    campus.camera()

    assert post(campus, person(role)) == 403
    assert campus.sheet().status == "OPEN"


def test_a_wrong_password_signs_nothing(campus: Campus) -> None:
    campus.camera()

    assert post(campus, person("OPERATOR"), password="yanlış") == 422
    assert campus.sheet().status == "OPEN"


def test_a_sheet_with_unexplained_exceptions_is_not_signed(campus: Campus) -> None:
    """REC-22: closed with the exceptions explained."""
    campus.camera("NOT_RECORDED")

    assert post(campus, person("OPERATOR")) == 422
    assert campus.sheet().status == "OPEN"


def test_content_that_changed_since_it_was_shown_is_not_signed(campus: Campus) -> None:
    campus.camera()
    shown = view_of(campus.sheet()).sha256
    campus.camera()

    assert post(campus, person("OPERATOR"), sha256=shown) == 422
    assert campus.sheet().status == "OPEN"


def test_a_sheet_is_signed_once(campus: Campus) -> None:
    campus.camera()
    sheet, late = campus.sheet(), campus.sheet()
    first, second = person("OPERATOR"), person("UNIT_HEAD")
    sheet.sign(view_of(sheet).canonical, by=first)

    with pytest.raises(InvalidTransition):
        late.sign(view_of(sheet).canonical, by=second)
    assert post(campus, second) == 422
    assert campus.sheet().signed_by == first


def test_signed_content_stays_whatever_happens_to_names_afterwards(campus: Campus) -> None:
    position = campus.camera(name="Eski ad")
    sheet = campus.sheet()
    sheet.sign(view_of(sheet).canonical, by=person("OPERATOR"))
    position.name = "Yeni ad"
    position.save()

    assert view_of(campus.sheet()).cameras[0]["name"] == "Eski ad"
    assert view_of(campus.sheet()).sha256 == sheet.sha256


def test_a_late_entry_carries_the_true_time(campus: Campus) -> None:
    """Nothing is back-dated."""
    campus.camera()
    sheet = campus.sheet()
    late = sheet.due_at + dt.timedelta(days=4, minutes=7)
    with time_machine.travel(late, tick=False):
        sheet.miss(by="test")
        sheet.sign(view_of(sheet).canonical, by=person("OPERATOR"))
        page = client_of(person("UNIT_HEAD")).get(f"/sheets/{sheet.day}/").content.decode()

    sheet.refresh_from_db()
    assert sheet.is_late
    assert sheet.signed_at == late
    assert tsi.stamp(late)[:16] in page


def test_nothing_is_added_to_a_signed_sheet(campus: Campus) -> None:
    position = campus.camera("NOT_RECORDED")
    sheet, by = campus.sheet(), person("OPERATOR")
    SheetExplanation.write(sheet, "disk arızası", positions=[position.pk], recorders=[], by=by)
    sheet.sign(view_of(sheet).canonical, by=by)

    with pytest.raises(InvalidTransition):
        SheetExplanation.write(sheet, "sonradan", positions=[position.pk], recorders=[], by=by)


def test_the_database_refuses_a_signed_sheet_without_a_signature(campus: Campus) -> None:
    sheet = campus.sheet()

    with pytest.raises(IntegrityError), transaction.atomic():
        DailySheet.objects.filter(pk=sheet.pk).update(status="SIGNED")
