"""A database with the campus entered in it, which every night of a benchmark finds as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psycopg2

from tests.postgres import Cluster


class Store(Protocol):
    """`url` is the DATABASE_URL; `keep` remembers the present state, `restore` goes back to it."""

    url: str

    def keep(self) -> None: ...

    def restore(self) -> None: ...


class PostgresStore:
    """A database of a cluster; the kept state is another one, used as a template."""

    def __init__(self, cluster: Cluster) -> None:
        self._admin = cluster.url("postgres")
        self.url = cluster.url("night")
        self._do("CREATE DATABASE night")

    def keep(self) -> None:
        self._do("CREATE DATABASE campus TEMPLATE night")

    def restore(self) -> None:
        self._do("DROP DATABASE night WITH (FORCE)")
        self._do("CREATE DATABASE night TEMPLATE campus")

    def _do(self, statement: str) -> None:
        connection = psycopg2.connect(self._admin)
        try:
            connection.autocommit = True
            connection.cursor().execute(statement)
        finally:
            connection.close()


class SqliteStore:
    """A file, and a copy of it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "night.sqlite3"
        self._copy = folder / "campus.sqlite3"
        self.url = f"sqlite:///{self._file}"

    def keep(self) -> None:
        shutil.copyfile(self._file, self._copy)

    def restore(self) -> None:
        for ending in ("-wal", "-shm"):
            self._file.with_name(self._file.name + ending).unlink(missing_ok=True)
        shutil.copyfile(self._copy, self._file)


@contextmanager
def store(engine: str, folder: Path) -> Iterator[Store]:
    """An empty database of this engine, gone afterwards. PostgreSQL writes through to its disk."""
    if engine == "sqlite":
        yield SqliteStore(folder)
        return
    with Cluster(durable=True) as cluster:
        yield PostgresStore(cluster)
