"""Two workers and two schedulers at the same moment, on connections of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from cameras.night import claims, nights
from tests.cameras.campus import Campus, last_night

T = TypeVar("T")


def at_once(times: int, job: Callable[[], None]) -> None:
    """Runs a job in several threads and raises what any of them raised."""

    def with_its_own_connection() -> None:
        try:
            job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        for done in [pool.submit(with_its_own_connection) for _n in range(times)]:
            done.result()


def patiently(job: Callable[[], T]) -> T:
    """Repeats what SQLite's memory database refuses at once; its files and PostgreSQL wait instead."""
    while True:
        try:
            return job()
        except OperationalError:
            time.sleep(0.005)


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_moment_never_visit_a_device_twice(settings):
    """NGT-2, NGT-3, E9: also when the same device waits in two runs."""
    settings.NIGHT_JITTER_SECONDS = 0
    campus = Campus()
    for _n in range(12):
        campus.camera()
    nights.start(last_night())
    nights.check_now(by="test")
    taken: list[int] = []

    def worker() -> None:
        # More often than needed: what another holds at that moment comes back empty.
        for _n in range(12):
            checks = patiently(lambda: claims.claim(3, timezone.now()))
            taken.extend(check.device_id for check in checks)

    at_once(3, worker)

    assert len(taken) == len(set(taken)) == 12


@pytest.mark.django_db(transaction=True)
def test_schedulers_at_the_same_moment_make_and_start_one_run(settings):
    """E7."""
    started: list[tuple[int, bool]] = []

    def scheduler() -> None:
        run = patiently(last_night)
        started.append((run.pk, patiently(lambda: nights.start(run))))

    at_once(4, scheduler)

    assert len({pk for pk, _mine in started}) == 1
    assert sum(mine for _pk, mine in started) == 1
