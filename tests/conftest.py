"""Shared fixtures. Tests use the engine of DATABASE_URL; those that need both ask for a real one here."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from tests.audit_log import empty_log
from tests.emptying import give_back, keep_migrated_rows
from tests.postgres import Cluster

pytest_plugins = ["tests.browsing"]

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
# Dear, and made once per process: whoever needs one of them goes where it was made.
DEAR = {"sealed_once": "sealing", "evidence_key": "sealing", "sealing_key": "sealing"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order and company of the tests in a run of several processes (`--dist loadgroup`)."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    places = {name: place for place, name in enumerate(LONGEST)}
    long = {i: n for i in items for n in LONGEST if i.nodeid.startswith(n)}
    items.sort(key=lambda item: places[long[item]] if item in long else len(places))
    for item in items:
        if item in long or item.get_closest_marker("xdist_group"):
            continue
        fixtures = getattr(item, "fixturenames", ())
        groups = [group for name, group in DEAR.items() if name in fixtures]
        if "chromium" in fixtures:
            groups.append(f"browser of {item.path.stem}")
        if groups:
            item.add_marker(pytest.mark.xdist_group(groups[0]))


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of our own, whatever DATABASE_URL says."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The test database, whose migrated rows outlast transactional tests."""
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock():
            keep_migrated_rows(connection)
        TransactionTestCase._fixture_teardown = lambda case: give_back(connection)  # type: ignore[attr-defined]


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
