"""Brings a benchmark's empty database up to date."""

from __future__ import annotations


def make_tables() -> None:
    """Migrates; where a run of tests has a migrated file already, a new SQLite database is filled from it."""
    from django.core.management import call_command
    from django.db.backends.signals import connection_created

    from tests.prepared import fill_new_sqlite

    connection_created.connect(fill_new_sqlite)
    call_command("migrate", verbosity=0)
