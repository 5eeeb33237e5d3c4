"""Visits of one site begin at a set pace, and what comes back after a power cut is spread (E12)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis
import time_machine

from cameras.models import Run
from cameras.night import nights, plans
from cameras.night.pacing import OwnBucket, SharedBucket, SitePace
from tests.cameras.campus import Campus, Scripted
from tests.engine.engine import Broker
from tests.inventory import rows


class Clock:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))


def turns(pace: SitePace, *sites: int | None) -> None:
    async def take() -> None:
        for site in sites:
            await pace.turn(site)
        await pace.close()

    asyncio.run(take())


def test_a_site_gets_a_burst_and_then_its_pace() -> None:
    """E12: four a second, and four at once."""
    clock = Clock()
    pace = SitePace(OwnBucket(4, now=lambda: clock.seconds), sleep=clock.sleep)

    turns(pace, *[1] * 7)
    assert clock.slept == [0.25, 0.5, 0.75]

    clock.seconds = 10.0
    turns(pace, 1)
    assert len(clock.slept) == 3, "the bucket is full again"


def test_sites_do_not_wait_for_each_other_nor_does_a_device_of_no_site() -> None:
    clock = Clock()
    pace = SitePace(OwnBucket(2, now=lambda: clock.seconds), sleep=clock.sleep)

    turns(pace, 1, 1, 2, 2, None, None, None)

    assert clock.slept == []


ROOT = Path(__file__).parents[2]
BOTH_TAKE = """
import asyncio, sys, time
from cameras.night.pacing import SharedBucket, SitePace

SharedBucket.TIMEOUT_SECONDS = 120  # a broker that is slow for a moment is still the common one

async def take(url):
    pace = SitePace(SharedBucket(url, 40))
    await pace.turn(1)
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    for _n in range(50):
        await pace.turn(2)
    await pace.close()
    print(began, time.monotonic(), flush=True)

asyncio.run(take(sys.argv[1]))
"""


def test_two_processes_keep_one_pace_together(tmp_path: Path) -> None:
    """E12: 100 visits at 40 a second after a burst of 40; each for itself could be done after 0.25 s."""
    broker = Broker(tmp_path)
    broker.start()
    try:
        command = [sys.executable, "-c", BOTH_TAKE, broker.url]
        pipes: Any = {
            "cwd": ROOT,
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "text": True,
        }
        workers: list[Any] = [subprocess.Popen(command, **pipes) for _n in range(2)]
        assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 2
        told = []
        for worker in workers:
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in workers:
            first, last = worker.communicate(timeout=240)[0].split()
            told.append((float(first), float(last)))
    finally:
        broker.kill()

    assert max(last for _first, last in told) - min(first for first, _last in told) >= 1.499


def test_a_broker_that_does_not_answer_leaves_each_process_its_own_pace(tmp_path: Path) -> None:
    """Nobody waits for the broker, and the pace of this process holds all the same."""
    clock = Clock()
    bucket = SharedBucket(f"unix://{tmp_path / 'nobody.sock'}", 4)

    turns(SitePace(bucket, sleep=clock.sleep), *[1] * 6)

    assert len(clock.slept) == 2


def test_a_server_clock_that_was_set_back_holds_nobody_up(tmp_path: Path) -> None:
    """What the bucket remembers lies in the future then."""
    broker = Broker(tmp_path)
    broker.start()
    try:
        with redis.Redis.from_url(broker.url) as connection:
            connection.set("cctv-pace:1", str((time.time() + 3600) * 1000))
        clock = Clock()
        turns(SitePace(SharedBucket(broker.url, 4), sleep=clock.sleep), 1, 1)
    finally:
        broker.kill()

    assert clock.slept == []


def test_a_camera_is_of_the_site_where_it_hangs_and_a_recorder_of_what_it_records(
    campus: Campus,
) -> None:
    recorder = campus.recorder(Scripted(recorded={1: [], 2: []}))
    camera, stock = campus.camera(), rows.device("RECORDER")

    sites = plans.sites_of([recorder.pk, camera.pk, stock.pk])

    site = campus.building.site_id
    assert sites == {recorder.pk: site, camera.pk: site}


def test_a_night_keeps_the_pace_and_still_asks_everybody(campus, night, settings):
    settings.SITE_VISITS_PER_SECOND = 20
    for _n in range(25):
        campus.camera()
    began = datetime.now(UTC)

    run = night()

    assert (run.status, run.is_red) == ("FINISHED", False)
    last = max(run.checks.values_list("done_at", flat=True))
    assert (last - began).total_seconds() >= 5 / 20, "five have to wait behind the burst"


def test_rechecks_after_a_power_cut_are_spread(campus, settings):
    """E12: two hundred devices come back in the same minute."""
    settings.NIGHT_JITTER_SECONDS = 120
    with time_machine.travel(datetime(2026, 3, 10, 12, tzinfo=UTC), tick=False):
        for number in range(200):
            nights.plan_recheck(number + 1, datetime(2026, 3, 10, 12, tzinfo=UTC))

    starts = sorted(Run.objects.filter(kind="RECHECK").values_list("start_at", flat=True))

    assert (starts[-1] - starts[0]).total_seconds() > 60
