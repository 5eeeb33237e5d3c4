"""The sealer as a process: killed, stopped, and with its database restarted, it loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from django.db import connections

from audit.faults import Level
from audit.models import Pending, Seal
from audit.verifying import verify
from tests.audit.conftest import write_entry
from tests.postgres import Cluster

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_sealer(postgres_cluster: Cluster) -> Iterator[Start]:
    running: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "audit_sealer"],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": postgres_cluster.url("postgres")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait(300)


def write_until(log: str, condition: Callable[[], bool]) -> int:
    """Writes entries until the condition holds; returns how many. Gives up after a minute."""
    written, deadline = 0, time.monotonic() + 240
    while not condition():
        assert time.monotonic() < deadline, "the sealer did nothing"
        write_entry(log, target=("test.thing", written % 3, "Thing"))
        written += 1
        time.sleep(0.005)
    return written


def sealed(log: str) -> int:
    return Seal.objects.using(log).count()


def _more_than(log: str, count: int) -> bool:
    return sealed(log) > count


def wait_until_all_is_sealed(log: str) -> None:
    deadline = time.monotonic() + 240
    while Pending.objects.using(log).exists():
        assert time.monotonic() < deadline, "entries stay unsealed"
        time.sleep(0.05)


def test_sealers_that_are_killed_lose_nothing_and_number_nothing_twice(postgres_log, start_sealer):
    """A12"""
    sealers = [start_sealer(), start_sealer()]
    written = write_until(postgres_log, lambda: sealed(postgres_log) > 5)
    for _round in range(2):
        before = sealed(postgres_log)
        sealers[0].send_signal(signal.SIGKILL)
        sealers = [sealers[1], start_sealer()]
        written += write_until(postgres_log, partial(_more_than, postgres_log, before))
    wait_until_all_is_sealed(postgres_log)

    assert sealed(postgres_log) == written
    assert verify(using=postgres_log).exit_code < Level.TAMPERED


def test_the_sealer_survives_a_restart_of_the_database_and_stops_when_told(
    postgres_log, postgres_cluster, start_sealer
):
    sealer = start_sealer()
    write_until(postgres_log, lambda: sealed(postgres_log) > 0)
    connections[postgres_log].close()
    postgres_cluster.stop("immediate")
    postgres_cluster.start()
    write_until(postgres_log, lambda: not Pending.objects.using(postgres_log).exists())
    before = sealed(postgres_log)
    write_until(postgres_log, lambda: sealed(postgres_log) > before)

    sealer.send_signal(signal.SIGTERM)
    assert sealer.wait(300) == 0
