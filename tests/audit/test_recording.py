"""Writing entries: in the transaction of the change, linked, and refused rather than misspelled."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import IntegrityError, connections, transaction

from audit import AppendOnly, AuditRefused
from audit.canon import leaf_hash
from audit.models import Entry, Pending
from audit.recording import Draft, write, write_many
from tests.audit.conftest import write_entry


def test_an_entry_and_its_pending_row_are_written_together(log):
    entry = write_entry(log, target=("test.thing", 7, "Thing"), because="a reason")

    stored = Entry.objects.using(log).get(pk=entry.pk)
    assert Pending.objects.using(log).get().entry_id == entry.pk
    assert stored.leaf_hash == leaf_hash(stored.canon)
    assert json.loads(stored.canon)["object"] == {"type": "test.thing", "id": "7", "name": "Thing"}


def test_an_entry_disappears_with_the_change_that_failed(log):
    def change_that_fails() -> None:
        with transaction.atomic(using=log):
            write_entry(log)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_that_fails()

    assert not Entry.objects.using(log).exists()
    assert not Pending.objects.using(log).exists()


def test_recording_outside_a_transaction_is_an_error(log):
    with pytest.raises(RuntimeError):
        write(Draft(action="test.entry", actor="test"), using=log)


def test_many_entries_are_written_as_one_and_linked(log):
    before = write_entry(log, target=("test.thing", 1, "one"))
    drafts = [
        Draft(action="test.entry", actor="test", target=("test.thing", number, "a thing"))
        for number in (1, 2, 1)
    ]
    with transaction.atomic(using=log):
        first, other, second = write_many(drafts, using=log)

    assert first.object_prev == before.leaf_hash
    assert other.object_prev == ""
    assert second.object_prev == first.leaf_hash
    assert Pending.objects.using(log).count() == 4
    stored = Entry.objects.using(log).get(pk=second.pk)
    assert stored.leaf_hash == leaf_hash(stored.canon)


def test_many_entries_are_refused_together(log):
    good = Draft(action="test.entry", actor="test")
    bad = Draft(action="test.entry", actor="test", facts={"ratio": 0.5})

    with pytest.raises(AuditRefused), transaction.atomic(using=log):
        write_many([good, bad], using=log)
    assert not Entry.objects.using(log).exists()


def test_entries_of_one_object_are_linked(log):
    first = write_entry(log, target=("test.thing", 1, "one"))
    write_entry(log, target=("test.thing", 2, "two"))
    second = write_entry(log, target=("test.thing", 1, "one"))

    assert (first.object_prev, second.object_prev) == ("", first.leaf_hash)


def test_entries_cannot_be_changed_through_django(log):
    entry = write_entry(log)
    entries = Entry.objects.using(log)

    for attempt in (
        entry.save,
        entry.delete,
        entries.delete,
        lambda: entries.update(because="x"),
        lambda: entries.bulk_update([entry], ["because"]),
        lambda: entries.bulk_create([entry], ignore_conflicts=True),
    ):
        with pytest.raises(AppendOnly):
            attempt()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET because = 'x'",
        "UPDATE audit_entry SET object_name = object_name",
        "DELETE FROM audit_entry",
        "UPDATE audit_pending SET entry_id = 99",
    ],
)
def test_the_database_refuses_what_django_was_not_asked(log, statement):
    write_entry(log)
    with pytest.raises(IntegrityError), connections[log].cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "facts",
    [
        {"ratio": 0.5},
        {"ratio": float("nan")},
        {"text": "NUL \0 inside"},
        {"text": "half \ud800 pair"},
        {"big": 2**60},
        {"ğ": 1},
        {"raw": b"bytes"},
        {"deep": [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]},
        {"long": "x" * 300_000},
    ],
)
def test_what_has_no_canonical_spelling_is_refused(log, facts):
    """A19"""
    with pytest.raises(AuditRefused):
        write_entry(log, facts=facts)

    assert not Entry.objects.using(log).exists()


def test_a_reason_of_a_megabyte_is_refused(log):
    """A19"""
    with pytest.raises(AuditRefused):
        write_entry(log, because="x" * 1_000_000)


def test_hostile_text_is_stored_as_it_is(log):
    """A19"""
    hostile = 'line\nline\r\x1b[31m red \u202e rtl " \\ \u2028 <script> =cmd() \U0001f600'

    entry = write_entry(log, because=hostile, target=("test.thing", uuid.uuid4(), hostile))

    stored = Entry.objects.using(log).get(pk=entry.pk)
    assert stored.because == hostile
    assert json.loads(stored.canon)["because"] == hostile
    assert leaf_hash(stored.canon) == stored.leaf_hash


@pytest.mark.parametrize("actor", ["", None, 3])
def test_an_entry_without_an_actor_is_refused(log, actor):
    with pytest.raises(AuditRefused):
        write_entry(log, actor=actor)


@pytest.mark.parametrize("action", ["", "Device.add", "device", "device.add x", "device..add"])
def test_an_action_is_a_noun_and_a_verb(log, action):
    with pytest.raises(AuditRefused):
        write_entry(log, action)
