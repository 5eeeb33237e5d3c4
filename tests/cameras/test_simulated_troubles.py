"""Recorders in trouble, on real sockets: online without recording, a search without end, a clock that was set."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cameras.models import (
    ChannelCondition,
    CheckResult,
    ClockMeasurement,
    CoverageDay,
    PositionDay,
    Run,
)
from cameras.night import finishing, nights, work
from core.tsi import day_bounds_ms, from_ms
from inventory.models import Device
from simulator.campus_file import read_campus
from simulator.recording import tsi_midnight
from simulator.world import true_now_ms
from tests.cameras.campus import yesterday
from tests.cameras.simulated import Served, enter
from tests.cameras.test_simulated_night import recorder

HOUR = 3_600_000
SET_RIGHT = {"day": -3, "at": "12:00"}
GAP = {"cause": "CAMERA_LOST", "daily": True, "from": "09:00", "to": "10:00"}

DEVICES = [
    recorder("idle", "isapi", "127.97.2.1", "Hikvision", first={"recording": {"kind": "NONE"}}),
    recorder("endless", "isapi", "127.97.2.2", "Hikvision", faults={"endless_search": True}),
    recorder(
        "wasfast",
        "dahua",
        "127.97.2.3",
        "Dahua",
        first={"recording": {"gaps": [GAP]}},
        clock={"offset_ms": HOUR, "jumps": [[SET_RIGHT, -HOUR]]},
    ),
]


def worked(run: Run) -> Run:
    nights.start(run)
    work.work(run=run, linger=timedelta(seconds=30))
    finishing.finish_runs()
    run.refresh_from_db()
    return run


@pytest.fixture
def devices(db, settings):
    settings.PROOF_SHARE, settings.NTP_SERVERS, settings.NIGHT_JITTER_SECONDS = 0.0, [], 0
    campus = read_campus({"devices": DEVICES}, tsi_midnight(true_now_ms()))
    with Served(campus):
        entered = enter(campus.devices)
        yield {sim.key: entered[sim.address] for sim in campus.devices}


def answers(device: Device) -> dict[str, tuple[str, str]]:
    rows = CheckResult.objects.filter(device_check__device=device)
    return {
        kind: (answer, reason)
        for kind, answer, reason in rows.values_list("kind", "answer", "reason")
    }


def test_troubles_end_as_what_they_are(devices):
    """REC-1, REC-2, D13, NGT-4: answering is not recording; a search without end is "could not check"."""
    # As a night that was missed, so that the same days are asked about at whatever hour this runs.
    morning = nights.night_begins(yesterday()) + nights.LATE_AFTER + timedelta(minutes=1)
    run = worked(nights.plan_night(yesterday(), now=morning))

    one, two = CoverageDay.objects.filter(
        channel__recorder=devices["idle"], day=yesterday()
    ).order_by("channel__number")
    assert answers(devices["idle"])["IDENTITY"] == ("YES", "")
    assert (one.result, two.result) == ("NOT_RECORDED", "RECORDED")
    reach = ChannelCondition.objects.get(channel=two.channel)
    assert reach.earliest_at is not None
    assert reach.held_days is not None
    assert reach.earliest_at < from_ms(day_bounds_ms(yesterday())[0]) - timedelta(days=5)
    assert reach.held_days > 5

    assert answers(devices["endless"])["RECORDING"] == ("UNKNOWN", "NO_PROGRESS")
    assert answers(devices["endless"])["CLOCK"][0] == "YES"
    assert not run.is_red, run.red_because
    assert PositionDay.tally(yesterday()) == {
        "RECORDED": 2,
        "PARTLY": 1,
        "NOT_RECORDED": 1,
        "UNKNOWN": 2,
        "EXEMPT": 0,
    }


def test_days_before_a_correction_are_read_with_the_offset_of_their_time(devices):
    """CLK-2, CLK-4: the recorder was an hour fast until it was set right three days ago."""
    day = yesterday() - timedelta(days=4)
    start_ms = day_bounds_ms(day)[0]
    set_right_ms = start_ms + 2 * 24 * HOUR + 12 * HOUR
    for at_ms, offset_ms in (
        (start_ms + 1 * HOUR, HOUR),
        (set_right_ms - 6 * HOUR, HOUR),
        (set_right_ms + HOUR, 0),
    ):
        ClockMeasurement.objects.create(
            device=devices["wasfast"],
            measured_at=from_ms(at_ms),
            offset_ms=offset_ms,
            utc_offset_ms=offset_ms,
            uncertainty_ms=100,
            method="EDGE",
            verdict="OK",
        )

    for run in nights.plan_backfill([day]):
        worked(run)

    row = CoverageDay.objects.get(channel__recorder=devices["wasfast"], channel__number=1, day=day)
    [gap] = [(a - start_ms, b - start_ms) for a, b, _cause in row.gaps if b - a > 60_000]
    assert row.offset_ms == HOUR
    assert abs(gap[0] - 9 * HOUR) < 3_000
    assert abs(gap[1] - 10 * HOUR) < 3_000
