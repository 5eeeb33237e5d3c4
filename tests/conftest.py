"""Shared fixtures. Tests use the engine of DATABASE_URL; those that need both ask for a real one here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.audit_log import empty_log
from tests.postgres import Cluster

pytest_plugins = ["tests.browsing"]


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of our own, whatever DATABASE_URL says."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def _log_is_emptied_after_transactional_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Flush leaves the append-only tables alone, so a transactional test's entries would stay."""
    yield
    marker = request.node.get_closest_marker("django_db")
    transactional = marker is not None and marker.kwargs.get("transaction")
    if transactional or "transactional_db" in request.fixturenames:
        request.getfixturevalue("django_db_blocker").unblock()
        try:
            empty_log(connection)
        finally:
            request.getfixturevalue("django_db_blocker").restore()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that was skipped proves nothing, so a run with one has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    left_out = [kind for kind in ("skipped", "xfailed") if reporter and reporter.stats.get(kind)]
    if left_out and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
