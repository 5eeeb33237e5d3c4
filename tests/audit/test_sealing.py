"""The sealer: every committed entry gets one number, in one chain, whoever else is at work."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import time_machine
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from audit.models import Entry, Pending, Seal
from audit.sealing import FIRST_CHAIN, backlog, leaf_of, next_chain, seal_pending
from tests.audit.conftest import write_entry
from tests.audit_log import guards_off


def test_entries_are_numbered_from_zero_without_holes(log):
    entries = [write_entry(log) for _ in range(5)]

    assert seal_pending(3, using=log) == 3
    assert seal_pending(using=log) == 2
    assert [leaf_of(entry, using=log) for entry in entries] == [0, 1, 2, 3, 4]
    assert not Pending.objects.using(log).exists()


def test_the_same_entry_is_never_sealed_twice(log):
    write_entry(log)

    assert [seal_pending(using=log), seal_pending(using=log)] == [1, 0]


def test_an_entry_that_commits_late_is_sealed_late(postgres_log):
    """A11"""
    written, may_commit = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic(using=postgres_log):
            write_entry(postgres_log, "test.slow")
            written.set()
            may_commit.wait(300)
        connections[postgres_log].close()

    thread = threading.Thread(target=slow_writer)
    thread.start()
    written.wait(300)
    write_entry(postgres_log, "test.fast")
    assert seal_pending(using=postgres_log) == 1
    may_commit.set()
    thread.join(300)

    assert seal_pending(using=postgres_log) == 1
    order = Seal.objects.using(postgres_log).order_by("leaf").values_list("entry_id", flat=True)
    actions = [Entry.objects.using(postgres_log).get(pk=pk).action for pk in order]
    assert actions == ["test.fast", "test.slow"]


def test_two_sealers_at_once_make_one_chain(log):
    """A12"""
    for _ in range(60):
        write_entry(log)
    counts: list[int] = []

    def seal() -> None:
        while True:
            sealed = seal_pending(7, using=log)
            counts.append(sealed)
            if not Pending.objects.using(log).exists():
                break
        connections[log].close()

    threads = [threading.Thread(target=seal) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sum(counts) == 60
    chain = FIRST_CHAIN
    for number, seal_row in enumerate(Seal.objects.using(log).order_by("leaf")):
        at = seal_row.sealed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        chain = next_chain(chain, number, seal_row.entry_id, seal_row.leaf_hash, at)
        assert (seal_row.leaf, seal_row.chain) == (number, chain)


def test_writers_without_the_lock_cannot_fork_the_chain(log):
    """A10"""
    write_entry(log)
    seal_pending(using=log)
    outcomes: list[str] = []
    together = threading.Barrier(4)

    def fork(number: int) -> None:
        together.wait(300)
        try:
            Seal.objects.using(log).create(
                leaf=1,
                entry_id=1_000_000 + number,
                leaf_hash="0" * 64,
                chain=f"{number:064}",
                sealed_at=timezone.now(),
            )
            outcomes.append("in")
        except IntegrityError:
            outcomes.append("refused")
        finally:
            connections[log].close()

    threads = [threading.Thread(target=fork, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(outcomes) == ["in", "refused", "refused", "refused"]


def test_a_number_cannot_be_left_out(log):
    with pytest.raises(IntegrityError):
        Seal.objects.using(log).create(
            leaf=1, entry_id=1, leaf_hash="0" * 64, chain="1" * 64, sealed_at=timezone.now()
        )


def test_an_entry_that_was_changed_before_sealing_stays_pending(log):
    changed, whole = write_entry(log), write_entry(log)
    with guards_off(connections[log]), connections[log].cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET canon = '{}' WHERE id = %s", [changed.pk])

    assert seal_pending(1, using=log) == 1
    assert leaf_of(whole, using=log) == 0
    assert list(Pending.objects.using(log).values_list("pk", flat=True)) == [changed.pk]


def test_a_clock_that_went_back_is_told_and_nothing_is_lost(log):
    """A8 A9"""
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        write_entry(log)
        seal_pending(using=log)
    with time_machine.travel(now - dt.timedelta(hours=1), tick=False):
        write_entry(log)
        write_entry(log)
        assert seal_pending(using=log) == 2
        assert seal_pending(using=log) == 1
        assert seal_pending(using=log) == 0

    told = Entry.objects.using(log).filter(action="clock.regression")
    assert [leaf_of(entry, using=log) for entry in told] == [3]
    assert Seal.objects.using(log).count() == 4


def test_a_sealer_that_is_down_is_seen_after_five_minutes(log):
    """A20"""
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        write_entry(log)
        assert not backlog(using=log).late
    with time_machine.travel(now + dt.timedelta(seconds=61), tick=False):
        assert (backlog(using=log).late, backlog(using=log).alarm) == (True, False)
    with time_machine.travel(now + dt.timedelta(seconds=301), tick=False):
        assert backlog(using=log).alarm
        seal_pending(using=log)
        assert backlog(using=log).count == 0
