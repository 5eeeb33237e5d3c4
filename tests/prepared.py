"""Migrated, empty databases of both engines, made once for a whole run: `python -m tests.prepared FOLDER`.

Bringing one database up to date takes longer than most files of tests, and a run needs about twenty.
With PREPARED_DATABASES=FOLDER in the environment every cluster of tests.postgres starts as a copy in which
`template1` and `postgres` are migrated, and a new SQLite database is filled from a migrated file. Whoever
migrates such a copy finds nothing to do. Without it each of them migrates for itself.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.postgres import Cluster, prepared_databases

ROOT = Path(__file__).parent.parent


def fill_new_sqlite(connection: Any, **_kwargs: Any) -> None:
    """Receiver of `connection_created`: a SQLite database without tables gets those of the prepared one."""
    place = prepared_databases()
    if place is None or connection.vendor != "sqlite":
        return
    (tables,) = connection.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables:
        with closing(sqlite3.connect(place / "empty.sqlite3")) as prepared:
            prepared.backup(connection.connection)


def copy_sqlite(target: Path) -> None:
    """A migrated, empty SQLite database at `target`, where this run has one; else nothing."""
    place = prepared_databases()
    if place is not None:
        shutil.copy(place / "empty.sqlite3", target)


def _migrate(url: str) -> None:
    """In a process of its own, as an installation does it."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=600,
    )


def _prepare_sqlite(place: Path) -> None:
    file = place / "empty.sqlite3"
    _migrate(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        # A copy in memory cannot have a write-ahead log, and the mode is written in the file.
        connection.execute("PRAGMA journal_mode=DELETE")


def _prepare_postgres(place: Path) -> None:
    import psycopg2

    with Cluster() as cluster:
        _migrate(cluster.url("template1"))
        connection = psycopg2.connect(cluster.url("template1"))
        connection.autocommit = True
        for statement in ("VACUUM FULL", "DROP DATABASE postgres", "CREATE DATABASE postgres"):
            connection.cursor().execute(statement)
        connection.close()
        cluster.stop()
        shutil.move(cluster.folder / "data", place / "cluster")


def main(place: Path) -> None:
    place.mkdir(parents=True)
    os.environ.pop("PREPARED_DATABASES", None)
    with ThreadPoolExecutor() as both:
        for done in [both.submit(_prepare_sqlite, place), both.submit(_prepare_postgres, place)]:
            done.result()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
