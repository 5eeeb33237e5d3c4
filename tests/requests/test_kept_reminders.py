"""Letters about what is kept: our copies, holds, and compensating controls (domain 7b)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone

from core.tsi import day_text, today
from footage_requests.casework import reminders
from footage_requests.casework.kept_reminders import kept_occasions
from footage_requests.holds import holding
from footage_requests.models import Hold, Package
from footage_requests.release import handing_over
from tests.requests.case import Campus
from tests.requests.test_handing_over import facts, sealed

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def package(campus: Campus) -> Package:
    handing_over.add_stock("USB", 3, "fatura 12", by=campus.head)
    row = sealed(campus)
    handing_over.hand_over(row, facts(), by=campus.deliverer)
    return row


def told() -> dict[str, tuple[str, ...]]:
    """By the beginning of the occasion's name: who is written to."""
    return {
        each.kind.rstrip("0123456789"): tuple(map(str, each.roles))
        for _row, each in kept_occasions()
    }


@pytest.mark.parametrize(
    ("days", "kind"),
    [(31, None), (30, "COPY_SOON_M"), (8, "COPY_SOON_M"), (7, "COPY_SOON_W"), (0, "COPY_SOON_W"),
     (-1, "COPY_LATE_")],
)  # fmt: skip
def test_our_copy_is_written_about_a_month_and_a_week_before_its_last_day_and_after_it(
    package, days, kind
):
    """REL-24, domain 7b."""
    Package.objects.filter(pk=package.pk).update(delete_by=today() + days * DAY)
    found = told()
    assert list(found) == ([kind] if kind else [])
    if kind:
        assert ("SUPERIOR" in found[kind]) == (days < 0)


@pytest.mark.parametrize(
    ("days", "kind"), [(31, None), (30, "HOLD_SOON_"), (1, "HOLD_SOON_"), (0, "HOLD_DUE_")]
)
def test_a_hold_is_written_about_before_it_must_be_looked_at_again(campus, days, kind):
    """Domain 7b: thirty days before, and on the day."""
    (hold,) = holding.hold_request(campus.request(campus.camera()), campus.clerk)
    Hold.objects.filter(pk=hold.pk).update(keep_until=today() + days * DAY)
    assert list(told()) == ([kind] if kind else [])


@pytest.mark.parametrize(("ago", "kind"), [(0, "CONTROL_"), (12, "CONTROL_LATE_")])
def test_a_compensating_control_is_written_about_to_superiors(package, ago, kind):
    """KFS 9: reviewed within three working days."""
    at = timezone.now() - ago * DAY
    Package.objects.filter(pk=package.pk).update(is_small_unit=True, verified_at=at, delete_by=None)
    assert told() == {kind: ("SUPERIOR",)}


def test_each_letter_goes_out_once_and_names_the_day(campus, package, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    campus.head.email = "head@example.edu"
    campus.head.save()
    last = today() + 20 * DAY
    Package.objects.filter(pk=package.pk).update(delete_by=last)
    for _sweep in range(2):
        reminders.remind(timezone.now())
    (letter,) = mail.outbox
    assert package.request.number in letter.subject
    assert day_text(last) in letter.body
