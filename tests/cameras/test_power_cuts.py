"""A recorder that lost power and wrote no event for it: the hole is found or unknown, and never green."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import translation

from cameras.days.coverage import Interval
from cameras.models import CoverageDay
from cameras.night import finishing, nights, work
from cameras.visiting.replay_probes import EDGE_PROBES, LONG_EDGE_PROBES, Searched, narrowed, search
from cameras.wording.evidence_words import evidence_words
from core.tsi import day_bounds_ms
from simulator.campus_file import read_campus
from simulator.recording import tsi_midnight
from simulator.world import Campus, true_now_ms
from tests.cameras.campus import last_night, yesterday
from tests.cameras.simulated import Served, enter
from tests.cameras.test_simulated_night import recorder

HOUR = 3_600_000
MINUTE = 60_000
CUT = {"day": -1, "at": "03:00"}, {"day": -1, "at": "05:00"}


@pytest.fixture
def night(db: None, settings: Any) -> Iterator[Callable[..., list[CoverageDay]]]:
    """A night over one Profile G recorder without power from three to five."""
    settings.PROOF_SHARE, settings.NTP_SERVERS, settings.NIGHT_JITTER_SECONDS = 0.0, [], 0
    served: list[Served] = []

    def over(down: tuple[Any, ...] = CUT, **faults: object) -> list[CoverageDay]:
        cuts = [list(down)] if down else []
        dialect = str(faults.pop("dialect", "onvif"))
        maker = {"isapi": "Hikvision", "dahua": "Dahua"}.get(dialect, "Anatolia")
        sim = recorder("cut", dialect, "127.97.5.1", maker, down=cuts, faults=faults)
        campus: Campus = read_campus({"devices": [sim]}, tsi_midnight(true_now_ms()))
        served.append(Served(campus))
        served[-1].__enter__()
        enter(campus.devices)
        run = last_night()
        nights.start(run)
        work.work(run=run)
        finishing.finish_runs()
        return list(CoverageDay.objects.filter(day=yesterday()).order_by("channel__number"))

    yield over
    for one in served:
        one.__exit__()


def hours(rows: list[list[Any]]) -> list[tuple[float, float]]:
    """Gaps or doubts of yesterday in hours."""
    start = day_bounds_ms(yesterday())[0]
    return [(round((a - start) / HOUR, 2), round((b - start) / HOUR, 2)) for a, b, *_cause in rows]


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
    assert all(2 * HOUR <= row.disputed_ms <= 3 * HOUR for row in rows), [
        hours(row.doubts) for row in rows
    ]
    for row in rows:
        ((start, end),) = hours(row.doubts)
        assert 2.5 <= start <= 3 < 5 <= end <= 5.5


def test_a_file_list_that_shows_the_open_file_until_power_came_back_is_not_believed(night):
    """REC-18: the recorder has not been running for that long. Vendors' lists, their own uptime."""
    rows = night(dialect="isapi", open_at_power_cut=True)

    assert {(row.result, row.reason) for row in rows} == {("UNKNOWN", "END_NOT_TOLD")}
    for row in rows:
        ((start, end),) = hours(row.doubts)
        assert 2.5 <= start <= 3 < 5 <= end <= 5.5


@pytest.mark.parametrize("dialect", ["isapi", "dahua"])
def test_files_that_end_where_the_power_ended_need_no_doubt(night, dialect):
    """REC-3, REC-4: the start is just where a file begins."""
    rows = night(dialect=dialect)

    assert {(row.result, row.disputed_ms, row.unseen_cut_ms) for row in rows} == {
        ("PARTLY", 0, None)
    }
    assert [hours(row.gaps) for row in rows] == [[(3.0, 5.0)], [(3.0, 5.0)]]


def test_a_source_that_cannot_show_short_power_cuts_says_so(night):
    """REC-18: playing every two hours finds no shorter one, and without a picture none at all."""
    (row, _other) = night(down=(), no_last_reboot=True)

    assert (row.result, row.unseen_cut_ms) == ("RECORDED", 2 * HOUR)
    with translation.override("en"):
        assert "A power cut of the recorder shorter than 2 h 00 min" in evidence_words(row)
        row.unseen_cut_ms = row.expected_ms
        assert "does not show power cuts" in evidence_words(row)
        row.unseen_cut_ms = None
        assert "power cut" not in evidence_words(row)


def test_a_recorder_that_tells_its_last_start_hides_nothing(night):
    assert {row.unseen_cut_ms for row in night(down=())} == {None}


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

    found = asyncio.run(search([(0, 24 * HOUR)], plays))

    ((start, end),) = found.holes
    assert found.is_whole
    assert 7 * HOUR - 10 * MINUTE <= start <= 7 * HOUR
    assert 11 * HOUR <= end <= 11 * HOUR + 10 * MINUTE
    assert len(asked) <= 12 + 2 * EDGE_PROBES
    assert asyncio.run(search([(0, 24 * HOUR)], troubled)) == Searched([], is_whole=False)


@pytest.mark.parametrize("length_minutes", [4, 17, 110, 600])
def test_a_doubt_that_ends_at_a_start_is_narrowed_to_the_hole(length_minutes):
    """The hole is never narrower than it is, and found with a bounded number of pictures."""
    started, asked = 15 * HOUR, []
    hole = (started - length_minutes * MINUTE, started + MINUTE)

    async def plays(minute: Interval) -> bool | None:
        asked.append(minute)
        return minute[1] <= hole[0] or minute[0] >= hole[1] or minute[0] < hole[0] < minute[1]

    ((start, end),) = asyncio.run(narrowed((0, started + 10 * MINUTE), started, plays))

    assert hole[0] - 6 * MINUTE <= start <= hole[0]
    assert hole[1] <= end <= started + 5 * MINUTE
    assert len(asked) <= 1 + 2 * LONG_EDGE_PROBES


def test_a_doubt_that_no_picture_contradicts_stays_as_wide_as_it_is():
    async def plays(minute: Interval) -> bool | None:
        return True

    async def troubled(minute: Interval) -> bool | None:
        return None

    assert asyncio.run(narrowed((0, 9 * HOUR), None, plays)) == [(0, 9 * HOUR)]
    assert asyncio.run(narrowed((0, 9 * HOUR), 5 * HOUR, troubled)) == [(0, 9 * HOUR)]
    around = asyncio.run(narrowed((0, 9 * HOUR), 5 * HOUR, plays))
    assert around == [(5 * HOUR - 4 * MINUTE, 5 * HOUR + 5 * MINUTE)]
