"""Sheets without people: made, opened, due, counted as not done, escalated once."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core import mail

from cameras.daily_sheets import sheet_sweep, sheet_today
from cameras.daily_sheets.sheets import view_of
from cameras.models import DailySheet, Run, SheetReminder
from core import tsi

from .rows import Campus, client_of, person

pytestmark = pytest.mark.django_db

MONDAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-11-23", "2026-11-24"),  # Monday's recordings: Tuesday
        ("2026-11-20", "2026-11-23"),  # Friday's: Monday
        ("2026-05-25", "2026-05-26"),  # the eve of Kurban Bayramı is a working day
        ("2026-05-26", "2026-06-01"),  # the holiday and the weekend after it
    ],
)
def test_a_sheet_is_due_at_ten_of_the_next_working_day(day: str, due: str) -> None:
    assert sheet_sweep.due_at(dt.date.fromisoformat(day)) == tsi.at(dt.date.fromisoformat(due), 10)


def test_there_is_one_sheet_a_day_however_often_the_sweep_runs() -> None:
    campus = Campus(MONDAY)
    campus.camera()
    now = tsi.at(MONDAY + dt.timedelta(days=1), 3)
    with time_machine.travel(now, tick=False):
        sheet_sweep.sweep()
        sheet_sweep.sweep()

    assert [(row.day, row.status) for row in DailySheet.objects.all()] == [(MONDAY, "OPEN")]


def test_days_of_a_standstill_get_their_sheets_and_nothing_before_the_first() -> None:
    campus = Campus(MONDAY)
    campus.camera()
    sheet_sweep.make_sheets(tsi.at(MONDAY + dt.timedelta(days=1), 3))
    sheet_sweep.make_sheets(tsi.at(MONDAY + dt.timedelta(days=4), 3))

    assert DailySheet.objects.count() == 4
    assert DailySheet.objects.last().day == MONDAY  # type: ignore[union-attr]


def test_a_sheet_opens_when_the_night_has_finished_or_is_overdue() -> None:
    campus = Campus(MONDAY)
    campus.camera()
    Run.objects.update(status=Run.Status.RUNNING, finished_at=None)
    at_three = tsi.at(MONDAY + dt.timedelta(days=1), 3)
    sheet_sweep.make_sheets(at_three)
    sheet_sweep.open_sheets(at_three)
    assert DailySheet.objects.get().status == "PLANNED"

    sheet_sweep.open_sheets(at_three + dt.timedelta(hours=4))
    assert DailySheet.objects.get().status == "OPEN"


def test_not_done_at_midnight_of_the_day_it_was_due_and_still_signable() -> None:
    campus = Campus(MONDAY)
    campus.camera()
    sheet = campus.sheet()
    midnight = tsi.day_bounds(MONDAY + dt.timedelta(days=1))[1]
    sheet_sweep.miss_sheets(midnight - dt.timedelta(seconds=1))
    assert campus.sheet().status == "OPEN"

    sheet_sweep.miss_sheets(midnight)
    sheet.refresh_from_db()
    assert sheet.status == "NOT_DONE"
    sheet.sign(view_of(sheet).canonical, by=person("OPERATOR"))
    assert sheet.status == "SIGNED"
    assert sheet.missed_at is not None


def test_the_head_of_the_unit_is_written_to_once_and_only_when_it_is_late() -> None:
    """REC-22: not closed by 10:00 escalates."""
    campus = Campus(MONDAY)
    campus.camera(name="Gizli oda")
    sheet = campus.sheet()
    head = person("UNIT_HEAD", email="amir@example.edu.tr")
    person("UNIT_HEAD")
    person("OPERATOR", email="teknisyen@example.edu.tr")

    sheet_sweep.escalate(sheet.due_at - dt.timedelta(minutes=1))
    assert mail.outbox == []
    for minutes in (0, 5, 600):
        sheet_sweep.escalate(sheet.due_at + dt.timedelta(minutes=minutes))

    assert [message.to for message in mail.outbox] == [[head.email]]
    assert "Gizli" not in mail.outbox[0].body
    assert SheetReminder.objects.get().sent_at is not None


def test_those_who_may_sign_are_warned_once_in_the_last_hour() -> None:
    """Domain 7b: warned at 09:00, escalated at 10:00."""
    campus = Campus(MONDAY)
    campus.camera(name="Gizli oda")
    sheet = campus.sheet()
    person("UNIT_HEAD", email="amir@example.edu.tr")
    person("OPERATOR", email="teknisyen@example.edu.tr", language="en")
    person("AUDITOR", email="denetci@example.edu.tr")

    sheet_sweep.warn(sheet.due_at - dt.timedelta(minutes=61))
    assert mail.outbox == []
    for minutes in (60, 30, 1):
        sheet_sweep.warn(sheet.due_at - dt.timedelta(minutes=minutes))
    sheet_sweep.warn(sheet.due_at)

    letters = {message.to[0]: message for message in mail.outbox}
    assert set(letters) == {"amir@example.edu.tr", "teknisyen@example.edu.tr"}
    assert len(mail.outbox) == 2
    assert "is still open" in letters["teknisyen@example.edu.tr"].body
    assert "Gizli" not in letters["teknisyen@example.edu.tr"].body
    sheet_sweep.escalate(sheet.due_at)
    assert [message.to for message in mail.outbox[2:]] == [["amir@example.edu.tr"]]


def test_nobody_is_warned_about_a_sheet_that_is_signed() -> None:
    campus = Campus(MONDAY)
    campus.camera()
    sheet = campus.sheet()
    signer = person("OPERATOR", email="teknisyen@example.edu.tr")
    sheet.sign(view_of(sheet).canonical, by=signer)

    sheet_sweep.warn(sheet.due_at - dt.timedelta(minutes=30))

    assert mail.outbox == []


def test_a_signed_sheet_is_not_escalated() -> None:
    campus = Campus(MONDAY)
    campus.camera()
    sheet = campus.sheet()
    person("UNIT_HEAD", email="amir@example.edu.tr")
    sheet.sign(view_of(sheet).canonical, by=person("OPERATOR"))

    sheet_sweep.escalate(sheet.due_at + dt.timedelta(hours=1))

    assert mail.outbox == []


def test_no_letter_without_a_mail_server(settings) -> None:  # type: ignore[no-untyped-def]
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    campus = Campus(MONDAY)
    campus.camera()
    person("UNIT_HEAD", email="amir@example.edu.tr")

    sheet_sweep.escalate(campus.sheet().due_at + dt.timedelta(hours=1))

    assert not SheetReminder.objects.exists()


def test_today_says_which_sheet_waits_and_who_must_close_it() -> None:
    campus = Campus(MONDAY)
    campus.camera()
    sheet = campus.sheet()
    head = person("UNIT_HEAD", full_name="Işık Gül")

    with time_machine.travel(sheet.due_at - dt.timedelta(hours=2), tick=False):
        waiting = list(sheet_today.lines(head))
    with time_machine.travel(sheet.due_at - dt.timedelta(minutes=30), tick=False):
        soon = list(sheet_today.lines(head))
    with time_machine.travel(sheet.due_at, tick=False):
        late = list(sheet_today.lines(head))

    assert "Işık Gül" in waiting[0].sentence
    assert late[0].urgency < soon[0].urgency < waiting[0].urgency
    assert list(sheet_today.lines(person("AUDITOR"))) == []


def test_people_of_one_building_do_not_see_the_sheet_of_the_campus() -> None:
    campus = Campus()
    campus.camera()
    day = campus.sheet().day
    from tests.inventory.rows import person as person_with_scope

    inside = person_with_scope("OPERATOR", scope_kind="building", scope_id=campus.floor.building_id)

    assert client_of(inside).get("/sheets/").status_code == 403
    assert client_of(inside).get(f"/sheets/{day}/").status_code == 403
    assert client_of(inside).get(f"/sheets/{day}/paper.pdf").status_code == 403
