"""The simulated clocks are wrong in exactly the ways that real ones are."""

import datetime as dt

import pytest

from simulator.clocks import HOUR_MS, Base, SimClock, Zone, ZoneShows, is_eu_summer


def true(text: str) -> int:
    return int(dt.datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


WINTER = true("2026-11-23T12:00:00")
SUMMER = true("2026-07-01T12:00:00")


@pytest.mark.parametrize(
    ("zone", "winter_h", "summer_h"),
    [
        (Zone.TRT, 0, 0),
        (Zone.GMT3_DST, 0, 1),
        (Zone.GMT2_DST, -1, 0),
        (Zone.GMT2, -1, -1),
        (Zone.DST_ALL_YEAR, 1, 1),
        (Zone.UTC, -3, -3),
        (Zone.LOCAL_AS_UTC, 0, 0),
    ],
)
def test_each_zone_mistake_moves_the_wall_clock_by_whole_hours(
    zone: Zone, winter_h: int, summer_h: int
) -> None:
    clock = SimClock(zone=zone)
    assert clock.offset_at(WINTER, Base.LOCAL) == winter_h * HOUR_MS
    assert clock.offset_at(SUMMER, Base.LOCAL) == summer_h * HOUR_MS


def test_local_time_in_the_utc_field_is_three_hours_fast() -> None:
    clock = SimClock(zone=Zone.LOCAL_AS_UTC)
    assert clock.offset_at(WINTER, Base.UTC) == 3 * HOUR_MS


def test_a_wall_clock_set_by_hand_spoils_utc_instead() -> None:
    clock = SimClock(zone=Zone.GMT2, zone_shows=ZoneShows.UTC)
    assert clock.offset_at(WINTER, Base.LOCAL) == 0
    assert clock.offset_at(WINTER, Base.UTC) == HOUR_MS


def test_summer_time_switches_on_the_last_sundays_of_march_and_october() -> None:
    switch = true("2026-03-29T01:00:00")
    assert not is_eu_summer(switch - 1)
    assert is_eu_summer(switch)
    assert is_eu_summer(true("2026-10-25T00:59:59"))
    assert not is_eu_summer(true("2026-10-25T01:00:00"))


def test_drift_grows_by_the_day() -> None:
    clock = SimClock(drift_s_per_day=4, drift_since_ms=WINTER)
    assert clock.offset_at(WINTER + 10 * 24 * HOUR_MS) == 40_000


def test_a_dead_battery_starts_again_in_1970() -> None:
    clock = SimClock(resets=[(WINTER, 0)])
    assert clock.at(WINTER - 1) == WINTER - 1
    assert clock.at(WINTER + 5000) == 5000


def test_a_jump_forward_leaves_an_hour_out() -> None:
    clock = SimClock(jumps=[(WINTER, HOUR_MS)])
    assert clock.true_times(WINTER + HOUR_MS // 2) == []
    assert clock.true_times(WINTER + HOUR_MS) == [WINTER]


def test_a_jump_backward_shows_an_hour_twice() -> None:
    clock = SimClock(jumps=[(WINTER, -HOUR_MS)])
    shown = WINTER - HOUR_MS // 2
    assert clock.true_times(shown) == [shown, shown + HOUR_MS]


@pytest.mark.parametrize("base", list(Base))
@pytest.mark.parametrize("zone", list(Zone))
def test_device_time_leads_back_to_true_time(zone: Zone, base: Base) -> None:
    clock = SimClock(offset_ms=1234, drift_s_per_day=3.7, drift_since_ms=SUMMER, zone=zone)
    for instant in (SUMMER, WINTER):
        found = clock.true_times(clock.at(instant, base), base)
        assert any(abs(each - instant) <= 1 for each in found)


def test_jitter_and_leaps_touch_readings_only() -> None:
    clock = SimClock(jitter_ms=30_000, leap_ms=7000)
    readings = {clock.reading(WINTER + n) - WINTER - n for n in range(5)}
    assert len(readings) == 5
    assert clock.at(WINTER) == WINTER


def test_2099_is_a_date_like_any_other() -> None:
    ahead = true("2099-01-01T00:00:00") - WINTER
    assert SimClock(offset_ms=ahead).at(WINTER) == true("2099-01-01T00:00:00")
