from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from simulator.generator import make_campus
from simulator.world import Campus
from tests.cameras.simulated import Served
from tests.engine.engine import Database, Engine, PostgresDatabases, SqliteDatabases, connected_to
from tests.postgres import Cluster

RETENTION_DAYS = 45.0


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server that these tests may crash."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres(cluster: Cluster, django_db_blocker) -> PostgresDatabases:  # type: ignore[no-untyped-def]
    with django_db_blocker.unblock():
        return PostgresDatabases(cluster)


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
def open_engine(django_db_blocker) -> Iterator[Callable[[Database], Engine]]:  # type: ignore[no-untyped-def]
    """Opens an engine on a fresh database, to which this test's own rows go as well."""
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())

        def open_it(database: Database) -> Engine:
            engine = stack.enter_context(Engine(database))
            stack.enter_context(connected_to(engine.url))
            return engine

        yield open_it


@pytest.fixture
def engine(open_engine: Callable[[Database], Engine], postgres: PostgresDatabases) -> Engine:
    return open_engine(postgres)


@pytest.fixture
def served() -> Iterator[Callable[..., Campus]]:
    """Simulated campuses on free ports, served from this process.

    Their recordings go back further than a night asks: in its turn it asks about each day of the goal.
    """
    with ExitStack() as stack:

        def serve(cameras: int, recorders: int, **more: object) -> Campus:
            campus = make_campus(
                cameras,
                recorders,
                retention_days=RETENTION_DAYS,
                http_port=0,
                rtsp_port=0,
                **more,  # type: ignore[arg-type]
            )
            stack.enter_context(Served(campus))
            return campus

        yield serve


os.environ.setdefault("PGCONNECT_TIMEOUT", "5")
