"""Shared fixtures. Tests use the engine of DATABASE_URL; those that need both ask for a real one here."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.audit_log import empty_log
from tests.emptying import give_back, keep_migrated_rows
from tests.postgres import Cluster

pytest_plugins = ["tests.browsing", "tests.steady"]

# With several processes these start first, so that none is left alone with one of them at the end.
LONGEST = (
    "tests/engine/",
    "tests/requests/test_from_letter_to_destruction.py",
    "tests/cctv_ops/test_running.py",
    "tests/benchmarks/",
    "tests/test_access.py",
    "tests/requests/test_package_killed.py",
    "tests/audit/test_sealer_process.py",
    "tests/api/test_portal_schema.py",
    "tests/test_list_queries.py",
)
# In one process, one after the other: they keep several processes busy, or share what is dear to make
# (a key, a sealed package, a browser per file). A pattern for the whole is one company.
TOGETHER = (
    re.compile(r"tests/engine/"),
    re.compile(r"tests/cctv_ops/test_running"),
    re.compile(r"tests/requests/test_(package_(is|for|sealing|tampering)|evidence_key)"),
    re.compile(r"tests/(browser/|pages/test_browser|\w+/\w+_in_the_browser)\w*"),
)


class InCompany(LoadScopeScheduling):
    """pytest-xdist 3.8 finds no groups with pytest 9.2, which keeps the ids of tests to itself."""

    def _split_scope(self, nodeid: str) -> str:
        found = (pattern.match(nodeid) for pattern in TOGETHER)
        return next((match[0] for match in found if match), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InCompany:
    return InCompany(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a run of several processes the longest tests come first."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        long = {i: n for i in items for n, name in enumerate(LONGEST) if i.nodeid.startswith(name)}
        items.sort(key=lambda item: long.get(item, len(LONGEST)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays for the whole run: going through it again and again is waste.

    Tests make their own rubbish slowly: looking for it after every 700 objects took 6 % of their time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of our own, whatever DATABASE_URL says."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database, whose migrated rows outlast transactional tests."""
    if connection.vendor != "postgresql":
        yield
        return
    with django_db_blocker.unblock():
        keep_migrated_rows(connection)
    TransactionTestCase._fixture_teardown = lambda case: give_back(connection)  # type: ignore[attr-defined]
    yield
    # A browser that was closed while a film played may have left the server's thread with a session.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _log_is_emptied_after_transactional_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Flush leaves the append-only tables alone, so a transactional test's entries would stay."""
    yield
    marker = request.node.get_closest_marker("django_db")
    transactional = marker is not None and marker.kwargs.get("transaction")
    if connection.vendor != "postgresql" and (
        transactional or "transactional_db" in request.fixturenames
    ):
        with request.getfixturevalue("django_db_blocker").unblock():
            empty_log(connection)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that was skipped proves nothing, so a run with one has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    left_out = [kind for kind in ("skipped", "xfailed") if reporter and reporter.stats.get(kind)]
    if left_out and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
