"""What only the owner of the tables can do to the log: empty it, or forge it, behind its guards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("audit_entry", "audit_pending", "audit_seal", "audit_checkpoint")


@contextmanager
def guards_off(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Takes the triggers away inside one transaction: the superuser of the attack table."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = [row for row in cursor.fetchall() if row[0].startswith("audit_")]
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


def empty_log(connection: BaseDatabaseWrapper) -> None:
    """Removes all entries and seals."""
    with guards_off(connection), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}")
