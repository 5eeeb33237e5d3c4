"""The app's role adds entries and can do nothing else to the log; the sealer's role can seal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import psycopg2
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from audit.models import Entry, Seal
from audit.sealing import seal_pending
from audit.verifying import verify
from tests.audit.conftest import add_database, write_entry
from tests.postgres import Cluster

NAMES = ("--app=cctv_app", "--sealer=cctv_sealer")


@pytest.fixture
def roles(postgres_log: str, postgres_cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Aliases of connections as the app's and the sealer's roles."""
    with connections[postgres_log].cursor() as cursor:
        for role in ("cctv_app", "cctv_sealer"):
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {role} LOGIN")
    call_command("audit_roles", "--apply", *NAMES, f"--database={postgres_log}", verbosity=0)
    aliases = ("log_app", "log_sealer")
    for alias, role in zip(aliases, ("cctv_app", "cctv_sealer"), strict=True):
        add_database(alias, postgres_cluster.url("postgres", role))
    yield aliases
    for alias in aliases:
        connections[alias].close()
        del connections.databases[alias]


def test_the_app_writes_the_sealer_seals_and_the_app_verifies(roles):
    app, sealer = roles
    entry = write_entry(app, target=("test.thing", 1, "Thing"))
    write_entry(app, target=("test.thing", 1, "Thing"))

    assert seal_pending(using=sealer) == 2
    assert Seal.objects.using(app).get(leaf=0).entry_id == entry.pk
    assert verify(using=app).counts.get("previous_missing") is None
    assert verify(using=app).exit_code < 2


def test_the_sealer_tells_a_clock_that_went_back(roles):
    app, sealer = roles
    write_entry(app)
    with time_machine.travel(timezone.now() - dt.timedelta(hours=1), tick=False):
        write_entry(app)
    while seal_pending(using=sealer):
        pass

    assert Entry.objects.using(app).filter(action="clock.regression").count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET because = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "INSERT INTO audit_entry SELECT * FROM audit_entry"
        " ON CONFLICT (id) DO UPDATE SET because = 'x'",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_entry_rows ON audit_entry",
        "DROP TABLE audit_entry",
        "SET session_replication_role = replica",
        "INSERT INTO audit_seal VALUES (0, 1, 'x', 'x', now())",
        "DELETE FROM audit_pending",
        "UPDATE audit_pending SET entry_id = 0",
        "TRUNCATE audit_pending",
        "DELETE FROM audit_seal",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NEW; END $$",
        "CREATE TABLE public.other (id int)",
        "SET ROLE postgres",
    ],
)
def test_the_app_is_refused(roles, postgres_cluster, statement):
    """A15"""
    write_entry(roles[0])
    link = psycopg2.connect(host=str(postgres_cluster.folder), dbname="postgres", user="cctv_app")
    link.autocommit = True
    try:
        with link.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)
    finally:
        link.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET because = 'x'",
        "DELETE FROM audit_entry",
        "UPDATE audit_seal SET chain = 'x'",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_seal",
        "ALTER TABLE audit_seal DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
def test_the_sealer_is_refused_what_is_not_sealing(roles, postgres_cluster, statement):
    """A15"""
    link = psycopg2.connect(
        host=str(postgres_cluster.folder), dbname="postgres", user="cctv_sealer"
    )
    link.autocommit = True
    try:
        with link.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)
    finally:
        link.close()


def test_even_the_owner_meets_the_triggers(postgres_log):
    """A15"""
    write_entry(postgres_log)
    for statement in ("TRUNCATE audit_entry", "TRUNCATE audit_pending", "TRUNCATE audit_seal"):
        with (
            connections[postgres_log].cursor() as cursor,
            pytest.raises(Exception, match="append-only"),
        ):
            cursor.execute(statement)


def test_the_grants_can_be_printed_and_read(postgres_log, capsys):
    call_command("audit_roles", "--app=web", "--sealer=seal", f"--database={postgres_log}")

    assert 'GRANT INSERT ON audit_entry, audit_pending TO "web"' in capsys.readouterr().out


def test_a_missing_role_is_made_and_the_server_never_sees_its_password(
    roles, postgres_log, settings
):
    """Its log would keep the statement, and the password with it."""
    settings.APP_DATABASE = {"USER": "new_app", "PASSWORD": "quite a secret"}
    for _twice in range(2):
        call_command("audit_roles", "--apply", "--sealer=cctv_sealer", f"--database={postgres_log}")

    with connections[postgres_log].cursor() as cursor:
        cursor.execute("SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'new_app'")
        may_sign_in, stored = cursor.fetchone()
        cursor.execute("DROP OWNED BY new_app; DROP ROLE new_app")
    assert may_sign_in
    assert stored.startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("--app=nobody_here", "--sealer=cctv_sealer"), "nobody_here does not exist"),
        (("--app=postgres", "--sealer=cctv_sealer"), "a role of its own"),
        (("--app=cctv_sealer", "--sealer=cctv_sealer"), "a role each"),
    ],
)
def test_roles_that_would_prove_nothing_are_refused(roles, postgres_log, names, said):
    """An app that owns the tables, or seals, could change the log."""
    with pytest.raises(CommandError, match=said):
        call_command("audit_roles", "--apply", *names, f"--database={postgres_log}")


def test_sqlite_has_no_roles(sqlite_log):
    with pytest.raises(CommandError):
        call_command("audit_roles", f"--database={sqlite_log}")
