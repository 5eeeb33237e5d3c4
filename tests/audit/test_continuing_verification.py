"""The hourly task continues from the last verified leaf, and begins again when it must."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction
from django.utils import timezone

import audit
from audit.models import Seal, VerifyOutcome
from audit.sealing import seal_pending
from audit.tasks import verify_recent
from tests.audit_log import guards_off

pytestmark = pytest.mark.django_db(transaction=True)


def seal(count: int) -> None:
    for _ in range(count):
        with transaction.atomic():
            audit.record("test.entry", actor="test", target=("test.thing", 1, "Thing"))
    while seal_pending():
        pass


def forge(leaf: int) -> None:
    entry_id = Seal.objects.get(leaf=leaf).entry_id
    with guards_off(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET because = 'x' WHERE id = %s", [entry_id])


def test_a_forgery_among_the_new_entries_is_found_within_one_cycle():
    """A1"""
    seal(3)
    verify_recent()
    seal(2)
    forge(4)
    verify_recent()

    outcome = VerifyOutcome.objects.get()
    assert (outcome.exit_code, outcome.size) == (2, 5)
    assert VerifyOutcome.objects.is_tampered()


def test_after_a_fault_everything_is_verified_until_it_is_gone():
    seal(3)
    forge(1)
    verify_recent()
    seal(2)
    verify_recent()

    outcome = VerifyOutcome.objects.get()
    assert (outcome.exit_code, outcome.findings[0]["leaf"]) == (2, 1)


def test_a_week_later_everything_is_verified_again():
    """An old entry is outside what the hourly run reads."""
    seal(3)
    verify_recent()
    forge(1)
    verify_recent()
    assert not VerifyOutcome.objects.is_tampered()

    VerifyOutcome.objects.update(full_at=timezone.now() - dt.timedelta(days=8))
    verify_recent()
    assert VerifyOutcome.objects.is_tampered()


def test_a_log_that_became_shorter_is_told():
    """A4"""
    seal(3)
    verify_recent()
    with guards_off(connection), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_entry")
        cursor.execute("DELETE FROM audit_seal")
    verify_recent()

    assert VerifyOutcome.objects.is_tampered()
