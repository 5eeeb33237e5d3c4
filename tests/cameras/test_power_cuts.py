"""A recorder that lost power and wrote no event for it: the hole is found or unknown, and never green."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cameras import finishing, nights, work
from cameras.coverage import Interval
from cameras.models import CoverageDay
from cameras.replay_probes import doubted
from core.tsi import day_bounds_ms
from simulator.campus_file import read_campus
from simulator.recording import tsi_midnight
from simulator.world import Campus, true_now_ms
from tests.cameras.campus import yesterday
from tests.cameras.simulated import Served, enter
from tests.cameras.test_simulated_night import recorder

HOUR = 3_600_000
CUT = {"day": -1, "at": "03:00"}, {"day": -1, "at": "05:00"}


@pytest.fixture
def night(db: None, settings: Any) -> Iterator[Callable[..., list[CoverageDay]]]:
    """A night over one Profile G recorder without power from three to five."""
    settings.PROOF_SHARE, settings.NTP_SERVERS, settings.NIGHT_JITTER_SECONDS = 0.0, [], 0
    served: list[Served] = []

    def over(down: tuple[Any, ...] = CUT, **faults: object) -> list[CoverageDay]:
        cuts = [list(down)] if down else []
        sim = recorder("cut", "onvif", "127.97.5.1", "Anatolia", down=cuts, faults=faults)
        campus: Campus = read_campus({"devices": [sim]}, tsi_midnight(true_now_ms()))
        served.append(Served(campus))
        served[-1].__enter__()
        enter(campus.devices)
        run = nights.plan_night(yesterday())
        nights.start(run)
        work.work(run=run)
        finishing.finish_runs()
        return list(CoverageDay.objects.filter(day=yesterday()).order_by("channel__number"))

    yield over
    for one in served:
        one.__exit__()


def hours(rows: list[list[Any]]) -> list[tuple[float, float]]:
    start = day_bounds_ms(yesterday())[0]
    return [(round((a - start) / HOUR, 2), round((b - start) / HOUR, 2)) for a, b, _cause in rows]


def test_a_power_cut_with_its_events_is_a_gap_of_its_length(night):
    """REC-3."""
    one, two = night()

    assert (one.result, two.result) == ("PARTLY", "PARTLY")
    assert hours(one.gaps) == [(3.0, 5.0)]
    assert {cause for _a, _b, cause in one.gaps} == {"RECORDER_DOWN"}


@pytest.mark.parametrize(
    "faults",
    [
        {"power_cut_events": "end", "no_last_reboot": True},
        {"power_cut_events": "none"},
        {"power_cut_events": "none", "no_last_reboot": True},
        {"power_cut_events": "none", "no_events": True},
    ],
    ids=["a second start", "the last start only", "no word of it", "no event service"],
)
def test_a_power_cut_whose_end_nobody_wrote_is_not_called_recorded(night, faults):
    """REC-18: told by a second "on", by the start of the recorder, or by playing into the day."""
    rows = night(**faults)

    assert {(row.result, row.reason) for row in rows} == {("UNKNOWN", "END_NOT_TOLD")}
    assert all(row.disputed_ms >= 2 * HOUR for row in rows)


def test_what_contradicted_the_events_once_is_not_undone_when_it_is_forgotten(night):
    """REC-18, REC-19: a check by day does not play, and the same events would look whole."""
    night(power_cut_events="none", no_last_reboot=True)
    run = nights.check_now(by="test")

    work.work(run=run)

    results = CoverageDay.objects.filter(day=yesterday()).values_list("result", flat=True)
    assert set(results) == {"UNKNOWN"}


def test_a_whole_day_that_plays_everywhere_is_recorded(night):
    rows = night(down=(), no_last_reboot=True)

    assert {row.result for row in rows} == {"RECORDED"}


def test_playing_every_two_hours_doubts_a_hole_between_what_plays():
    """Between the neighbours that play; a trouble on the way ends the questions and doubts nothing."""
    asked: list[Interval] = []

    async def plays(minute: Interval) -> bool | None:
        asked.append(minute)
        return not 7 * HOUR <= minute[0] < 11 * HOUR

    async def troubled(minute: Interval) -> bool | None:
        return None

    assert asyncio.run(doubted([(0, 24 * HOUR)], plays)) == [(5 * HOUR, 11 * HOUR)]
    assert len(asked) == 12
    assert asyncio.run(doubted([(0, 24 * HOUR)], troubled)) == []
