"""The last day before footage is overwritten: a letter every hour, one a person with all cases."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Person
from footage_requests.casework import reminders
from footage_requests.models import FootageRequest, Package, RequestReminder
from tests.inventory import rows
from tests.requests import cases
from tests.requests.case import package_of
from tests.requests.test_reminders import with_mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_letters")]
HOUR = dt.timedelta(hours=1)
NOON = dt.datetime(2026, 6, 1, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def _letters(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def last(row: FootageRequest, left: float) -> None:
    """So many hours are left of the case's footage, measured just now."""
    now = timezone.now()
    row.items.update(lost_at=now + left * HOUR, retention_at=now)


def case(left: float) -> FootageRequest:
    row = cases.filed(positions=[rows.position()])
    last(row, left)
    return row


def hourly(person: Person) -> list[str]:
    sent = RequestReminder.objects.filter(person=person, sent_at__isnull=False)
    return [row.kind for row in sent.filter(kind__startswith="HOUR_").order_by("pk")]


def test_all_cases_of_the_last_day_stand_in_one_letter_an_hour():
    """Domain 1B: hourly inside 24 hours, and never a letter a case."""
    operator = with_mail("OPERATOR")
    first, second, far = (case(left) for left in (5.5, 11.5, 60))
    for _sweep in range(3):
        reminders.remind(NOON)
    (letter,) = [each for each in mail.outbox if first.number in each.body]
    assert letter.to == [operator.email]
    assert second.number in letter.body
    assert far.number not in letter.body
    assert "6" in letter.subject
    assert hourly(operator) == ["HOUR_2026060112"]

    reminders.remind(NOON + HOUR)
    assert hourly(operator) == ["HOUR_2026060112", "HOUR_2026060113"]


def test_who_cannot_act_on_it_is_not_written_to_every_hour():
    """Domain 7b: the superior hears of it at 24 hours and at six."""
    superior = with_mail("SUPERIOR")
    row = case(20.5)
    for left in (20.5, 5.5, 4.5):
        last(row, left)
        reminders.remind(NOON)
    assert hourly(superior) == []
    kinds = row.reminders.filter(person=superior).values_list("kind", flat=True)
    assert sorted(kinds) == ["LOSS_24", "LOSS_6"]


@pytest.mark.parametrize("left", [24.5, 23.5, 0, -2])
def test_before_the_last_day_and_after_it_there_is_no_hourly_letter(left):
    operator = with_mail("OPERATOR")
    case(left)
    reminders.remind(NOON)
    assert hourly(operator) == []


def test_a_letter_that_could_not_go_out_is_tried_again_in_the_same_hour(settings):
    operator = with_mail("OPERATOR")
    case(5.5)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    reminders.remind(NOON)
    assert hourly(operator) == []
    settings.EMAIL_BACKEND = working
    reminders.remind(NOON)
    assert hourly(operator) == ["HOUR_2026060112"]


def test_what_lies_exported_in_the_store_alarms_nobody(campus):
    """The recorder may overwrite what has been fetched."""
    operator = with_mail("OPERATOR")
    decision = campus.decide(campus.submitted())
    last(decision.request, 5.5)
    package = package_of(campus, decision)
    reminders.remind(NOON)
    assert hourly(operator) == ["HOUR_2026060112"]
    Package.objects.filter(pk=package.pk).update(status="VERIFYING")
    reminders.remind(NOON + HOUR)
    assert hourly(operator) == ["HOUR_2026060112"]
