"""The parts of the nightly benchmark: campus, database, memory, and the figures that it ends with."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from benchmarks.nightly import Night, _check_sockets, _figures
from benchmarks.parts.campus import CampusPlan, RunningChild
from benchmarks.parts.memory import MemoryWatch, cpu_seconds, family, open_sockets
from benchmarks.parts.stores import PostgresStore, SqliteStore
from tests.benchmarks.running import are_figures
from tests.postgres import Cluster


def _night(seconds: float, median_s: float, mb: float) -> Night:
    return Night(seconds, median_s, mb, 7, 40.0, 15.0, 300, {"RECORDING": {"RECORDED": 10}})


def test_the_figures_compare_medians_of_nights_with_and_without_bad_devices() -> None:
    with_them = [_night(150, 22, 300), _night(900, 90, 310), _night(160, 21, 305)]
    without = [_night(60, 20, 290)] * 3

    figures = _figures(with_them, without)

    assert are_figures(figures, "seconds", "healthy_delay", "workers_mb")
    assert (figures["seconds"], figures["healthy_delay"], figures["workers_mb"]) == (160, 1.1, 310)


def test_the_campus_in_the_child_is_the_one_that_the_parent_knows() -> None:
    with RunningChild(CampusPlan(4, 1, dead_share=0.2)) as campus:
        told = {device["address"]: device["serial"] for device in campus.control.do("devices")}
        alive = next(device for device in campus.campus.devices if not device.faults)
        socket.create_connection((alive.address, alive.http_port), 10).close()
        dead = [device for device in campus.campus.devices if device.faults]

    assert told == {device.address: device.serial for device in campus.campus.devices}
    assert len(dead) == 1


def test_a_night_on_sqlite_finds_the_inventory_as_it_was(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    file = Path(store.url.removeprefix("sqlite:///"))
    file.write_bytes(b"entered")
    store.keep()
    file.write_bytes(b"after a night")

    store.restore()

    assert file.read_bytes() == b"entered"


def test_a_night_on_postgresql_finds_the_inventory_as_it_was(postgres_cluster: Cluster) -> None:
    import psycopg2

    store = PostgresStore(postgres_cluster)
    for statement in ("CREATE TABLE entered ()", "DROP TABLE entered"):
        connection = psycopg2.connect(store.url)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()
        if statement.startswith("CREATE"):
            store.keep()
    store.restore()

    connection = psycopg2.connect(store.url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM entered")
        assert cursor.fetchone() == (0,)
    connection.close()


def test_memory_and_time_are_those_of_a_process_with_its_children() -> None:
    with MemoryWatch(os.getpid(), every_s=0.01) as memory:
        assert os.getpid() in family(os.getpid())
        assert cpu_seconds(os.getpid()) > 0

    assert memory.most_mb > 10
    assert memory.most_processes >= 1


def test_open_sockets_are_counted_and_more_than_the_cap_fails_the_night() -> None:
    """D19."""
    before = open_sockets(os.getpid())
    with socket.socket(), socket.socket():
        assert open_sockets(os.getpid()) == before + 2

    _check_sockets(500)
    with pytest.raises(RuntimeError, match="sockets were open at once"):
        _check_sockets(5_000)
