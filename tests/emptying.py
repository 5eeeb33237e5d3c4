"""Gives PostgreSQL's test database back to the next test as the migrations left it.

Django's flush truncates each of some hundred tables, which are as many files, and takes the rows away
that migrations have written, so that every test after it would miss them. Here the few tables that have
rows are emptied, the log with them, and the migrated rows come back with their numbers.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from tests.audit_log import guards_off

KEPT = "as_migrated"
"""The schema with a copy of every table in which migrations have written."""


def keep_migrated_rows(connection: BaseDatabaseWrapper) -> None:
    """Once, directly after the migrations."""
    tables = _with_rows(connection)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        for table in tables:
            cursor.execute(f'CREATE TABLE {KEPT}."{table}" AS TABLE "{table}"')


def give_back(connection: BaseDatabaseWrapper) -> None:
    """After a test that has committed."""
    tables = _with_rows(connection)
    with guards_off(connection), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'DELETE FROM "{table}"')
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [KEPT])
        for (table,) in cursor.fetchall():
            cursor.execute(f'INSERT INTO "{table}" SELECT * FROM {KEPT}."{table}"')


def _with_rows(connection: BaseDatabaseWrapper) -> list[str]:
    with connection.cursor() as cursor:
        asked = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")"
            for table in connection.introspection.table_names(cursor)
        )
        cursor.execute(asked)
        return [str(table) for (table,) in cursor.fetchall()]
