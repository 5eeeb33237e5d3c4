"""What time does to requests without people: calls lapse, and letters go out once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone

from footage_requests.casework import arriving, deadlines, reminders
from footage_requests.holds.availability import HoursLeft
from footage_requests.models import FootageRequest, RequestReminder
from tests.inventory import rows
from tests.requests import cases

pytestmark = pytest.mark.django_db
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


def with_mail(*roles):
    person = rows.person(*roles)
    person.email = f"{person.staff_number.lower()}@example.edu"
    person.save()
    return person


def lapse_of(row: FootageRequest) -> dt.datetime:
    last = deadlines.lapses_on(row)
    assert last is not None
    return deadlines.end_of(last)


@pytest.fixture
def _letters(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def kinds(row, left, now):
    return {occasion.kind: occasion.roles for occasion in reminders.occasions(row, left, now)}


def test_a_call_without_a_letter_lapses_after_its_working_days():
    row = cases.filed(code="PHONE_CALL")
    end = lapse_of(row)
    assert reminders.lapse_calls(end - HOUR) == 0

    assert reminders.lapse_calls(end) == 1
    assert reminders.lapse_calls(end) == 0
    row.refresh_from_db()
    assert row.status == "WITHDRAWN"


def test_a_call_that_became_a_letter_does_not_lapse():
    row = cases.filed(code="PHONE_CALL")
    end = lapse_of(row)
    prosecutor = cases.kind("PROSECUTOR")
    facts = {"kind": prosecutor, "basis": prosecutor.bases.get(), "reference_no": "2026/1"}
    arriving.edit(row, {**facts, "wants": "COPY"}, by=row.filer)

    assert reminders.lapse_calls(end) == 0


def test_a_prosecutors_letter_is_told_of_on_the_fifth_eighth_and_ninth_day():
    """Domain 7b: day 5, 8, 9; day 9 reaches the superior."""
    row = cases.filed()
    told = [kinds(row, None, row.arrived_at + day * dt.timedelta(days=1)) for day in (4, 5, 8, 9)]

    assert told[0] == {}
    assert [len(each) for each in told[1:]] == [1, 1, 1]
    assert list(told[2].values()) == [("UNIT_HEAD",)]
    assert list(told[3].values()) == [("UNIT_HEAD", "SUPERIOR")]


def test_a_letter_of_the_police_is_told_of_after_four_hours():
    """Domain 7b: due on the same or the next working day."""
    row = cases.filed(code="POLICE")
    assert kinds(row, None, row.arrived_at + 3 * HOUR) == {}
    assert kinds(row, None, row.arrived_at + 4 * HOUR) == {"WARN_HOURS": ("UNIT_HEAD",)}


def test_a_deadline_that_passed_reaches_the_superior():
    row = cases.filed()

    assert kinds(row, None, row.deadline_at) == {"OVERDUE": ("UNIT_HEAD", "SUPERIOR")}


@pytest.mark.parametrize(
    ("hours", "kind", "superior"),
    [(200, None, False), (160, "LOSS_168", False), (70, "LOSS_72", False), (23, "LOSS_24", True),
     (5, "LOSS_6", True), (0, "LOSS_0", True), (-3, "LOSS_0", True)],
)  # fmt: skip
def test_footage_that_is_not_held_is_told_of_at_seven_and_three_days_and_in_the_last_hours(
    hours, kind, superior
):
    """Domain 1B and 7b."""
    row = cases.filed()
    # A minute less, so that the time of the test itself moves it over no border.
    left = HoursLeft(row.pk, timezone.now() + hours * HOUR - MINUTE, False, False)
    told = kinds(row, left, row.arrived_at)

    assert list(told) == ([kind] if kind else [])
    assert any("SUPERIOR" in roles for roles in told.values()) == superior


def test_held_footage_alarms_nobody():
    row = cases.filed()
    left = HoursLeft(row.pk, timezone.now() + HOUR, False, True)

    assert kinds(row, left, row.arrived_at) == {}


@pytest.mark.usefixtures("_letters")
def test_each_letter_goes_out_once_however_often_the_sweep_runs():
    head = with_mail("UNIT_HEAD")
    row = cases.filed(event="kavga", requester_name="Ali Veli")
    now = row.arrived_at + dt.timedelta(days=5)
    reminders.remind(now)
    reminders.remind(now)

    assert [letter.to for letter in mail.outbox] == [[head.email]]
    assert row.number in mail.outbox[0].subject
    assert "Ali Veli" not in mail.outbox[0].body


@pytest.mark.usefixtures("_letters")
def test_letters_about_one_building_do_not_go_to_the_heads_of_another():
    here, elsewhere = rows.building(), rows.building()
    scope = {"scope_kind": "building", "scope_id": elsewhere.pk}
    other = rows.person("UNIT_HEAD", **scope)
    other.email = "other@example.edu"
    other.save()
    row = cases.filed(building=here)
    reminders.remind(row.arrived_at + dt.timedelta(days=5))

    assert mail.outbox == []


@pytest.mark.usefixtures("_letters")
def test_a_letter_that_cannot_be_sent_is_tried_a_few_times_and_then_left(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with_mail("UNIT_HEAD")
    row = cases.filed()
    for _sweep in range(reminders.MOST_TRIES + 2):
        reminders.remind(row.arrived_at + dt.timedelta(days=5))

    assert RequestReminder.objects.get().tried == reminders.MOST_TRIES


def test_without_a_mail_server_nothing_is_sent_and_nothing_fails(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    with_mail("UNIT_HEAD")
    row = cases.filed()
    reminders.sweep(row.deadline_at)

    assert not RequestReminder.objects.exists()
