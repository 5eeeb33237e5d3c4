"""The log outlives its people, and a change that cannot be logged does not happen."""

from __future__ import annotations

import json
import threading

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, connections, transaction

import audit
from audit.models import Entry, Seal
from audit.sealing import seal_pending
from core.jobs import Job
from tests.audit.conftest import write_entry


@pytest.mark.django_db
def test_a_person_with_entries_can_be_deleted():
    """A17"""
    person = get_user_model().objects.create_person("1001", "Ada Deneme")
    with transaction.atomic():
        entry = audit.record("test.entry", actor=person, target=person)
    identity, name = str(person.pk), entry.actor_name
    person.delete()

    kept = Entry.objects.get(pk=entry.pk)
    assert (kept.actor_id, kept.actor_name) == (identity, name)
    assert json.loads(kept.canon)["actor"]["id"] == identity
    assert not get_user_model().objects.filter(pk=identity).exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_cannot_be_logged_is_undone():
    """A20"""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO audit_gone")

    def change() -> None:
        with transaction.atomic():
            job = Job.objects.create(kind="test", title="Not logged")
            audit.record("job.create", actor="test", target=job)

    try:
        with pytest.raises(DatabaseError):
            change()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_gone RENAME TO audit_entry")

    assert not Job.objects.exists()
    assert not Entry.objects.filter(action="job.create").exists()


@pytest.mark.django_db(transaction=True)
def test_flushing_a_test_database_leaves_the_guards_alone():
    """The Django trap: TransactionTestCase flushes, and the triggers refuse a flush of the log."""
    with transaction.atomic():
        audit.record("test.entry", actor="test")

    assert Entry.objects.exists()


def test_eight_writers_at_once_are_all_sealed(log):
    """A13: the invariant; the rate is in benchmarks/audit.py."""

    def writer(number: int) -> None:
        for turn in range(5):
            write_entry(log, target=("test.thing", number, f"Thing {number}"), facts={"turn": turn})
        connections[log].close()

    threads = [threading.Thread(target=writer, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    while seal_pending(7, using=log):
        pass

    assert Seal.objects.using(log).count() == Entry.objects.using(log).count() == 40
