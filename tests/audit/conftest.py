"""Real databases with the log's tables, both engines, whatever DATABASE_URL says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections, transaction

from audit.models import Entry
from audit.recording import Draft, write
from cctv_ops import environment
from tests.audit_log import empty_log
from tests.postgres import Cluster


def add_database(alias: str, url: str) -> str:
    """Opens the database under `alias`. Settings are the product's own."""
    connections.databases[alias] = connections.configure_settings(
        {"default": {}, alias: environment.database(url)}
    )[alias]
    return alias


def write_entry(using: str, action: str = "test.entry", **changes: Any) -> Entry:
    with transaction.atomic(using=using):
        return write(Draft(**({"action": action, "actor": "test"} | changes)), using=using)


@pytest.fixture(scope="session")
def log_databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """Opens `log_postgresql` or `log_sqlite` at first use, with the audit migrations applied."""
    opened: list[str] = []

    def url_of(vendor: str) -> str:
        if vendor == "sqlite":
            return f"sqlite:///{tmp_path_factory.mktemp('log') / 'log.sqlite3'}"
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        return cluster.url("postgres")

    def open_one(vendor: str) -> str:
        alias = f"log_{vendor}"
        if alias not in opened:
            add_database(alias, url_of(vendor))
            call_command("migrate", "audit", database=alias, verbosity=0)
            opened.append(alias)
        return alias

    yield open_one
    for alias in opened:
        connections[alias].close()
        del connections.databases[alias]


@pytest.fixture
def _databases_allowed(request: pytest.FixtureRequest) -> Iterator[None]:
    with request.getfixturevalue("django_db_blocker").unblock():
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def log(
    request: pytest.FixtureRequest,
    log_databases: Callable[[str], str],
    _databases_allowed: None,
) -> Iterator[str]:
    """Alias of an empty log; the test runs once per engine."""
    alias = log_databases(request.param)
    empty_log(connections[alias])
    yield alias
    connections[alias].close()


@pytest.fixture
def postgres_log(log_databases: Callable[[str], str], _databases_allowed: None) -> Iterator[str]:
    alias = log_databases("postgresql")
    empty_log(connections[alias])
    yield alias
    connections[alias].close()


@pytest.fixture
def sqlite_log(log_databases: Callable[[str], str], _databases_allowed: None) -> Iterator[str]:
    alias = log_databases("sqlite")
    empty_log(connections[alias])
    yield alias
    connections[alias].close()
