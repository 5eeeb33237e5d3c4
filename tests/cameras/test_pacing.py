"""Visits of one site begin at a set pace, and what comes back after a power cut is spread (E12)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import time_machine

from cameras import nights, pacing
from cameras.models import Run
from cameras.pacing import SitePace
from tests.cameras.campus import Campus, Scripted
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

    asyncio.run(take())


def test_a_site_gets_a_burst_and_then_its_pace() -> None:
    """E12: four a second, and four at once."""
    clock = Clock()
    pace = SitePace(4, now=lambda: clock.seconds, sleep=clock.sleep)

    turns(pace, *[1] * 7)
    assert clock.slept == [0.25, 0.5, 0.75]

    clock.seconds = 10.0
    turns(pace, 1)
    assert len(clock.slept) == 3, "the bucket is full again"


def test_sites_do_not_wait_for_each_other_nor_does_a_device_of_no_site() -> None:
    clock = Clock()
    pace = SitePace(2, now=lambda: clock.seconds, sleep=clock.sleep)

    turns(pace, 1, 1, 2, 2, None, None, None)

    assert clock.slept == []


def test_a_camera_is_of_the_site_where_it_hangs_and_a_recorder_of_what_it_records(
    campus: Campus,
) -> None:
    recorder = campus.recorder(Scripted(recorded={1: [], 2: []}))
    camera, stock = campus.camera(), rows.device("RECORDER")

    sites = pacing.sites_of([recorder.pk, camera.pk, stock.pk])

    site = campus.building.site_id
    assert sites == {recorder.pk: site, camera.pk: site}


def test_a_night_keeps_the_pace_and_still_asks_everybody(campus, night, settings):
    settings.SITE_VISITS_PER_SECOND = 20
    for _n in range(25):
        campus.camera()

    run = night()

    assert (run.status, run.is_red) == ("FINISHED", False)
    begun = sorted(run.checks.values_list("done_at", flat=True))
    assert (begun[-1] - begun[0]).total_seconds() > 0.2


def test_rechecks_after_a_power_cut_are_spread(campus, settings):
    """E12: two hundred devices come back in the same minute."""
    settings.NIGHT_JITTER_SECONDS = 120
    with time_machine.travel(datetime(2026, 3, 10, 12, tzinfo=UTC), tick=False):
        for number in range(200):
            nights.plan_recheck(number + 1, datetime(2026, 3, 10, 12, tzinfo=UTC))

    starts = sorted(Run.objects.filter(kind="RECHECK").values_list("start_at", flat=True))

    assert (starts[-1] - starts[0]).total_seconds() > 60
