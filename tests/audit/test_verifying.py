"""Whoever changes the log behind its guards is found, and the report names the place."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
import time_machine
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from audit.canon import leaf_hash
from audit.faults import Level, Report
from audit.models import Checkpoint, Entry, Seal, VerifyOutcome, Witness
from audit.sealing import next_chain, seal_pending
from audit.verifying import remember, verify
from tests.audit.conftest import write_entry
from tests.audit_log import guards_off

Attack = Callable[..., None]


@pytest.fixture
def sealed(log: str) -> str:
    """A log of ten sealed entries about two objects."""
    for number in range(10):
        write_entry(
            log,
            target=("test.thing", number % 2, f"Thing {number % 2}"),
            because=f"reason {number}",
        )
    seal_pending(using=log)
    return log


@pytest.fixture
def attack(sealed: str) -> Attack:
    """Runs a statement as the owner of the tables, with the triggers gone."""

    def run(*statements: str, **values: str | int) -> None:
        with guards_off(connections[sealed]), connections[sealed].cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, values or None)

    return run


def id_of(leaf: int, using: str) -> int:
    return Seal.objects.using(using).get(leaf=leaf).entry_id


def found(report: Report) -> set[tuple[str, int | None]]:
    return {(fault.code, fault.leaf) for fault in report.faults}


def test_a_sound_log_is_sound(sealed):
    report = verify(using=sealed)

    assert (report.exit_code, report.size, report.faults) == (Level.OK, 10, [])


def test_an_empty_log_is_sound(log):
    assert verify(using=log).exit_code == Level.OK


def test_an_edited_text_is_named(sealed, attack):
    """A1"""
    canon = Entry.objects.using(sealed).get(pk=id_of(4, sealed)).canon
    attack(
        "UPDATE audit_entry SET canon = %(canon)s WHERE id = %(id)s",
        canon=canon.replace("reason 4", "reason 9"),
        id=id_of(4, sealed),
    )

    report = verify(using=sealed)
    assert found(report) == {("text_changed", 4)}
    assert report.exit_code == Level.TAMPERED
    assert report.faults[0].sentence().startswith("Leaf 4:") or "4" in report.faults[0].sentence()


def test_an_edited_text_with_its_hash_made_to_fit_is_named(sealed, attack):
    """A1"""
    canon = Entry.objects.using(sealed).get(pk=id_of(4, sealed)).canon.replace("4", "5")
    attack(
        "UPDATE audit_entry SET canon = %(canon)s, leaf_hash = %(hash)s WHERE id = %(id)s",
        canon=canon,
        hash=leaf_hash(canon),
        id=id_of(4, sealed),
    )

    assert ("entry_swapped", 4) in found(verify(using=sealed))


@pytest.mark.parametrize(
    "change",
    [
        "object_name = 'other'",
        "actor_name = 'other'",
        "actor_role = 'other'",
        "because = ''",
        "taken_at = '2020-01-01 00:00:00+00:00'",
        "ip = '10.0.0.1'",
        "leaf_hash = 'x'",
        "object_prev = ''",
    ],
)
def test_an_edited_column_is_named(sealed, attack, change):
    """A2"""
    attack(f"UPDATE audit_entry SET {change} WHERE id = %(id)s", id=id_of(6, sealed))

    report = verify(using=sealed)
    assert found(report) == {("column_differs", 6)}
    assert report.faults[0].facts["columns"] == change.split(" =")[0]


def test_a_deleted_entry_is_named(sealed, attack):
    """A3"""
    attack("DELETE FROM audit_entry WHERE id = %(id)s", id=id_of(3, sealed))

    assert ("entry_missing", 3) in found(verify(using=sealed))


def test_an_entry_deleted_with_its_seal_is_named(sealed, attack):
    """A3"""
    attack(
        "DELETE FROM audit_entry WHERE id = %(id)s",
        "DELETE FROM audit_seal WHERE leaf = 3",
        id=id_of(3, sealed),
    )

    codes = found(verify(using=sealed))
    assert ("leaf_missing", 4) in codes
    assert ("previous_missing", 5) in codes


def test_swapped_entries_are_named(sealed, attack):
    """A3"""
    attack(
        "UPDATE audit_entry SET id = -1 WHERE id = %(one)s",
        "UPDATE audit_entry SET id = %(one)s WHERE id = %(two)s",
        "UPDATE audit_entry SET id = %(two)s WHERE id = -1",
        one=id_of(2, sealed),
        two=id_of(7, sealed),
    )

    assert found(verify(using=sealed)) == {("entry_swapped", 2), ("entry_swapped", 7)}


def test_swapped_seals_are_named(sealed, attack):
    """A3"""
    attack(
        "UPDATE audit_seal SET leaf = -1 WHERE leaf = 2",
        "UPDATE audit_seal SET leaf = 2 WHERE leaf = 7",
        "UPDATE audit_seal SET leaf = 7 WHERE leaf = -1",
    )

    assert {("chain_broken", 2), ("chain_broken", 7)} <= found(verify(using=sealed))


def test_an_edited_seal_is_named(sealed, attack):
    attack("UPDATE audit_seal SET sealed_at = '2020-01-01 00:00:00+00:00' WHERE leaf = 5")

    assert found(verify(using=sealed)) == {("chain_broken", 5)}


def test_nonsense_in_the_columns_does_not_end_the_verification(sealed, attack):
    attack("UPDATE audit_seal SET leaf_hash = 'no hash' WHERE leaf = 5")
    attack("UPDATE audit_entry SET canon = 'no json' WHERE id = %(id)s", id=id_of(6, sealed))

    assert found(verify(using=sealed)) == {
        ("chain_broken", 5),
        ("entry_swapped", 5),
        ("text_changed", 6),
    }


def test_a_log_cut_short_is_seen_by_who_remembers_its_size(sealed, attack):
    """A4"""
    size = verify(using=sealed).size
    attack(
        "DELETE FROM audit_entry WHERE id >= %(id)s",
        "DELETE FROM audit_seal WHERE leaf >= 8",
        id=id_of(8, sealed),
    )

    assert verify(using=sealed).exit_code == Level.OK
    assert found(verify(seen=size, using=sealed)) == {("shrunk", None)}


def test_a_rewritten_log_differs_from_the_root_that_was_seen(sealed, attack):
    """A5"""
    Witness.objects.using(sealed).create(name="w", size=10, root=verify(using=sealed).root)
    entry = Entry.objects.using(sealed).get(pk=id_of(9, sealed))
    canon = entry.canon.replace("reason 9", "reason x")
    forged = leaf_hash(canon)
    seal = Seal.objects.using(sealed).get(leaf=9)
    before = Seal.objects.using(sealed).get(leaf=8).chain
    at = seal.sealed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    attack(
        "UPDATE audit_entry SET canon = %(canon)s, leaf_hash = %(hash)s, because = 'reason x'"
        " WHERE id = %(id)s",
        "UPDATE audit_seal SET leaf_hash = %(hash)s, chain = %(chain)s WHERE leaf = 9",
        canon=canon,
        hash=forged,
        id=entry.pk,
        chain=next_chain(before, 9, entry.pk, forged, at),
    )

    assert found(verify(using=sealed)) == {("root_differs", None)}
    Witness.objects.using(sealed).all().delete()
    assert verify(using=sealed).exit_code == Level.OK


def test_a_checkpoint_of_another_tree_is_told(sealed):
    """A5"""
    Checkpoint.objects.using(sealed).create(
        size=4, root="0" * 64, key_id="k", note="n", made_at=timezone.now()
    )

    assert found(verify(using=sealed)) == {("root_differs", None)}


def test_an_entry_removed_before_it_was_sealed_is_missed_by_the_next_one(sealed, attack):
    """A7"""
    removed = write_entry(sealed, target=("test.thing", 0, "Thing 0"))
    write_entry(sealed, target=("test.thing", 0, "Thing 0"))
    attack(
        "DELETE FROM audit_entry WHERE id = %(id)s",
        "DELETE FROM audit_pending WHERE entry_id = %(id)s",
        id=removed.pk,
    )
    seal_pending(using=sealed)

    assert found(verify(using=sealed)) == {("previous_missing", 10), ("id_gaps", None)}


def test_an_entry_removed_from_under_its_pending_row_is_told(sealed, attack):
    removed = write_entry(sealed)
    attack("DELETE FROM audit_entry WHERE id = %(id)s", id=removed.pk)

    faults = verify(using=sealed).faults
    assert [(fault.code, fault.entry_id) for fault in faults] == [
        ("pending_without_entry", removed.pk)
    ]


def test_an_entry_kept_from_the_sealer_is_told(sealed, attack):
    hidden = write_entry(sealed)
    attack("DELETE FROM audit_pending WHERE entry_id = %(id)s", id=hidden.pk)

    faults = verify(using=sealed).faults
    assert [(fault.code, fault.entry_id) for fault in faults] == [("never_sealed", hidden.pk)]


def test_an_entry_changed_before_it_was_sealed_is_told(sealed, attack):
    changed = write_entry(sealed)
    attack("UPDATE audit_entry SET canon = '{}' WHERE id = %(id)s", id=changed.pk)
    seal_pending(using=sealed)

    assert verify(using=sealed).counts == {"pending_changed": 1}


def test_a_time_in_the_past_is_a_warning_and_the_chain_holds(sealed):
    """A8"""
    with time_machine.travel(timezone.now() - dt.timedelta(minutes=33), tick=False):
        write_entry(sealed)
        while seal_pending(using=sealed):
            pass

    report = verify(using=sealed)
    assert (report.exit_code, report.counts) == (Level.WARNING, {"clock_back": 1})
    assert report.faults[0].leaf == 10


def test_unsealed_entries_are_a_warning_after_a_minute(sealed):
    write_entry(sealed)

    assert verify(using=sealed).exit_code == Level.OK
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=90), tick=False):
        assert verify(using=sealed).counts == {"unsealed": 1}


def test_verification_continues_where_it_stopped(sealed, attack):
    first = verify(using=sealed)
    write_entry(sealed, target=("test.thing", 1, "Thing 1"))
    seal_pending(using=sealed)

    again = verify(since=first.size, known_chain=first.chain, seen=first.size, using=sealed)
    assert (again.exit_code, again.since, again.size) == (Level.OK, 10, 11)
    attack("UPDATE audit_seal SET chain = 'x' WHERE leaf = 9")
    broken = verify(since=first.size, known_chain=first.chain, using=sealed)
    assert {("chain_broken", 9), ("chain_broken", 10)} == found(broken)


def test_the_outcome_is_remembered_in_one_row(sealed, attack):
    remember(verify(using=sealed), using=sealed)
    attack("UPDATE audit_entry SET because = 'x' WHERE id = %(id)s", id=id_of(1, sealed))
    remember(verify(using=sealed), using=sealed)

    row = VerifyOutcome.objects.using(sealed).get()
    assert (row.exit_code, row.size, row.findings[0]["leaf"]) == (2, 10, 1)


def test_the_command_tells_and_exits_with_the_code(sealed, attack, capsys):
    """A1"""
    attack("UPDATE audit_entry SET because = 'x' WHERE id = %(id)s", id=id_of(1, sealed))

    with pytest.raises(SystemExit) as stop:
        call_command("audit_verify", "--json", f"--database={sealed}")
    assert stop.value.code == 2
    told = json.loads(capsys.readouterr().out)
    assert told["faults"][0]["leaf"] == 1
    with pytest.raises(SystemExit) as stop:
        call_command("audit_verify", f"--database={sealed}", "--since=5")
    assert stop.value.code == 0


def test_a_log_that_cannot_be_read_is_neither_sound_nor_tampered(log, capsys):
    with connections[log].cursor() as cursor:
        cursor.execute("ALTER TABLE audit_witness RENAME TO audit_gone")
    try:
        with pytest.raises(SystemExit) as stop:
            call_command("audit_verify", f"--database={log}")
    finally:
        with connections[log].cursor() as cursor:
            cursor.execute("ALTER TABLE audit_gone RENAME TO audit_witness")
    assert stop.value.code == 3
    assert "Cannot check" in capsys.readouterr().err
