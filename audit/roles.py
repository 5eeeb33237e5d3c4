"""The three roles of PostgreSQL: owner (migrations), app (pages and workers), sealer.

The app must not own the tables: an owner may switch triggers off. The app adds entries and nothing
else; only the sealer numbers them and clears what waits. The sealer may add entries too, because it
tells that the clock went back. On SQLite there are no roles: whoever holds the file holds the log.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg2.extensions import encrypt_password

LOG_TABLES = ("audit_entry", "audit_pending", "audit_seal", "audit_checkpoint")
_SEQUENCE = "audit_entry_id_seq"


def grants(connection: BaseDatabaseWrapper, *, app: str, sealer: str) -> Iterator[str]:
    """SQL statements for the owner to run after `migrate`; running them again changes nothing.

    The roles must exist: see `is_missing` and `creation`.
    """
    app, sealer = connection.ops.quote_name(app), connection.ops.quote_name(sealer)
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {app}, {sealer}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app}"
    yield (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        f" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}"
    )
    yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}"
    yield f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {app}"
    for table in LOG_TABLES:
        yield f"REVOKE ALL ON {table} FROM PUBLIC, {app}, {sealer}"
        yield f"GRANT SELECT ON {table} TO {app}, {sealer}"
    yield f"GRANT INSERT ON audit_entry, audit_pending TO {app}, {sealer}"
    yield f"GRANT DELETE ON audit_pending TO {sealer}"
    yield f"GRANT INSERT ON audit_seal, audit_checkpoint TO {sealer}"
    yield f"GRANT USAGE ON SEQUENCE {_SEQUENCE} TO {sealer}"


def is_missing(connection: BaseDatabaseWrapper, role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        return cursor.fetchone() is None


def creation(connection: BaseDatabaseWrapper, role: str, password: str) -> None:
    """Makes a role that may sign in.

    The server gets the SCRAM verifier and never the password, because servers write such statements into their log.
    """
    connection.ensure_connection()
    verifier = encrypt_password(
        password, role, scope=connection.connection, algorithm="scram-sha-256"
    )
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(role)
        cursor.execute(f"CREATE ROLE {name} LOGIN PASSWORD %s", [verifier])
