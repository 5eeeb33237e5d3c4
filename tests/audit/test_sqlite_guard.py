"""SQLite's INSERT OR REPLACE deletes rows without delete triggers: it needs a guard of its own."""

from __future__ import annotations

import sqlite3

import pytest
from django.db import connections

from audit.models import Entry
from audit.sealing import seal_pending
from tests.audit.conftest import write_entry

COPY = "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE id = ?"


def test_replace_is_refused(sqlite_log):
    """A16"""
    entry = write_entry(sqlite_log)
    with connections[sqlite_log].cursor() as cursor:
        for statement in (
            f"INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE id = {entry.pk}",
            f"REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE id = {entry.pk}",
        ):
            with pytest.raises(Exception, match="append-only"):
                cursor.execute(statement)


@pytest.mark.parametrize("recursive", [0, 1])
def test_replace_is_refused_by_a_foreign_program_too(sqlite_log, recursive):
    """A16: another program opens the file without our pragma."""
    entry = write_entry(sqlite_log, because="kept")
    seal_pending(using=sqlite_log)
    name = connections[sqlite_log].settings_dict["NAME"]
    link = sqlite3.connect(name)
    link.execute(f"PRAGMA recursive_triggers = {recursive}")
    try:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            link.execute(COPY, [entry.pk])
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            # Another id, the same uuid: REPLACE would delete the row with the same unique value.
            link.execute(
                COPY.replace("SELECT *", "SELECT id + 1000, " + _columns(link)), [entry.pk]
            )
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            link.execute("INSERT OR REPLACE INTO audit_seal SELECT * FROM audit_seal")
    finally:
        link.close()

    assert Entry.objects.using(sqlite_log).get().because == "kept"


def _columns(link: sqlite3.Connection) -> str:
    names = [row[1] for row in link.execute("PRAGMA table_info(audit_entry)")]
    return ", ".join(name for name in names if name != "id")
