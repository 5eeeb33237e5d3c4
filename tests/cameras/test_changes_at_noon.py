"""What changes in the middle of a day, or of a night: each minute is told by whoever recorded it then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from cameras.models import CoverageDay, DeviceCheck, Finding, PositionDay, Run
from cameras.night import claims, findings, nights, plans
from core.tsi import TSI, day_bounds, day_bounds_ms, from_ms, to_ms
from inventory import moves
from inventory.models import Address, Channel, Position
from tests.cameras.campus import Campus, Scripted, hours, last_night, whole, yesterday
from tests.inventory import rows

HOUR = 3_600_000
Night = Callable[[], Run]


def noon() -> datetime:
    return datetime.combine(yesterday(), time(12), TSI)


def position_of(channel: Channel) -> Position:
    position: Position = channel.assignments.order_by("starts_at")[0].position
    return position


def answer(position: Position) -> PositionDay:
    return PositionDay.objects.get(position=position, day=yesterday())


def morning_only(channel: Channel) -> CoverageDay:
    """What the night before told about "today so far": the first 58 minutes."""
    start = day_bounds_ms(yesterday())[0]
    until = from_ms(start + 58 * 60_000)
    facts: dict[str, Any] = {"source": "ISAPI_SEARCH", "canonical": "{}", "sha256": "x"}
    spans = {"expected_ms": 58 * 60_000, "recorded_ms": 58 * 60_000}
    return CoverageDay.objects.create(
        channel=channel,
        day=yesterday(),
        result="RECORDED",
        is_provisional=True,
        asked_at=until,
        asked_until=until,
        is_complete=True,
        **facts,
        **spans,
    )


def test_a_channel_that_changed_its_position_at_noon_tells_each_its_half(
    campus: Campus, night: Night
) -> None:
    """INV-13: what was recorded before noon belongs to the one, after noon to the other."""
    recorder = campus.recorder(
        Scripted(recorded={1: hours(yesterday(), (0, 18)), 2: whole(yesterday())})
    )
    one, two = (recorder.channels.get(number=n) for n in (1, 2))
    first, second = position_of(one), position_of(two)
    moves.release_channel(two, noon(), "test")
    moves.assign_channel(one, second, noon(), "test")
    moves.assign_channel(two, first, noon(), "test")

    run = night()

    assert not run.is_red, run.red_because
    assert (answer(first).result, answer(first).recorded_ms) == ("RECORDED", 24 * HOUR)
    assert answer(second).result == "PARTLY"
    assert abs(answer(second).longest_gap_ms - 6 * HOUR) < 1000


def test_a_recorder_that_was_replaced_at_noon_leaves_its_morning_unknown(
    campus: Campus, night: Night
) -> None:
    """REC-18: what the night before told of that day is not an answer about its morning."""
    old = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    new = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    before, after = old.channels.get(), new.channels.get()
    position, spare = position_of(before), position_of(after)
    after.assignments.all().delete()
    morning_only(before)
    moves.release_channel(before, noon(), "test")
    moves.assign_channel(after, position, noon(), "test")
    old.remove(on_date=yesterday(), by="test", document="D-1")

    run = night()

    told = answer(position)
    assert (told.result, told.reason) == ("UNKNOWN", "RECORDER_NOT_IN_SERVICE")
    assert told.recorded_ms == 12 * HOUR + 58 * 60_000
    assert not told.is_provisional
    assert not run.is_red, run.red_because
    assert answer(spare).reason == "NO_CHANNEL"


def test_a_recorder_that_left_before_the_night_is_not_recorded_by_what_it_told_at_one(
    campus: Campus, night: Night
) -> None:
    """REC-18: no false green from "today so far" of the night before."""
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    channel = recorder.channels.get()
    position = position_of(channel)
    morning_only(channel)
    PositionDay.objects.create(
        position=position,
        day=yesterday(),
        result="RECORDED",
        is_provisional=True,
        evidence_at=timezone.now(),
    )
    recorder.remove(on_date=yesterday(), by="test", document="D-1")

    run = night()

    told = answer(position)
    assert (told.result, told.reason) == ("UNKNOWN", "RECORDER_NOT_IN_SERVICE")
    assert not run.is_red, run.red_because


def test_a_position_without_a_channel_since_noon_is_not_called_a_gap(
    campus: Campus, night: Night
) -> None:
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    channel = recorder.channels.get()
    moves.release_channel(channel, noon(), "test")

    night()

    told = answer(position_of(channel))
    assert (told.result, told.reason, told.recorded_ms) == ("UNKNOWN", "NO_CHANNEL", 12 * HOUR)


def test_a_position_that_was_closed_at_noon_is_not_in_the_sum(campus: Campus, night: Night) -> None:
    """NGT-6: its morning may have a row, and the sum holds all the same."""
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday()), 2: whole(yesterday())}))
    channel = recorder.channels.get(number=1)
    position = position_of(channel)
    moves.release_channel(channel, noon(), "test")
    position.close(on_date=yesterday(), by="test", document="D-1")

    run = night()

    assert not run.is_red, run.red_because
    assert run.counts["RECORDING"]["in_service"] == 1
    assert run.counts["RECORDING"]["RECORDED"] == 1


def test_a_camera_that_was_replaced_at_noon_changes_nothing_about_the_recording(
    campus: Campus, night: Night
) -> None:
    """INV-13: coverage is the channel's; which serial was fitted when is a dated row."""
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    position = position_of(recorder.channels.get())
    moves.replace_device(position, rows.device(), noon(), "test", "D-1")

    run = night()

    assert answer(position).result == "RECORDED"
    assert not run.is_red, run.red_because


def test_a_device_that_moved_during_the_night_is_asked_where_it_is_now(campus: Campus) -> None:
    """INV-10: each try asks at the address of that moment."""
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    here = Address.objects.get(device=recorder)
    script = campus.scripts.pop(str(here.ip))
    run = last_night()
    nights.start(run)
    campus.work(run)
    assert run.checks.get(device=recorder).status == "DUE", "nobody answered at the old address"

    network = rows.network("10.64.0.0/16")
    moved = timezone.now()
    Address.objects.filter(pk=here.pk).update(ends_at=moved)
    Address.objects.create(device=recorder, network=network, ip="10.64.0.9", starts_at=moved)
    campus.scripts["10.64.0.9"] = script
    DeviceCheck.objects.filter(status="DUE").update(due_at=timezone.now())
    campus.work(run)

    assert answer(position_of(recorder.channels.get())).result == "RECORDED"


class TestClockOfTheServerSetBack:
    """G8, D12: the server's clock jumps back by hours in the middle of a night."""

    def test_what_is_due_and_what_a_dead_worker_held_is_not_waited_for(
        self, campus: Campus
    ) -> None:
        now = timezone.now()
        for _n in range(2):
            campus.camera()
        run = nights.plan_night(yesterday(), now=now)
        nights.start(run, now=now)
        held = claims.claim(1, now)

        back = now - timedelta(hours=3)
        (due,) = claims.claim(5, back)
        returned, hopeless = claims.release_lost(back)

        assert due.pk != held[0].pk
        assert (returned, hopeless) == (1, [])

    def test_a_short_step_takes_nothing_from_a_worker_that_lives(self, campus: Campus) -> None:
        now = timezone.now()
        campus.camera()
        run = nights.plan_night(yesterday(), now=now)
        nights.start(run, now=now)
        claims.claim(1, now)

        assert claims.release_lost(now - timedelta(minutes=5)) == (0, [])

    def test_findings_close_all_the_same(self, campus: Campus) -> None:
        now = timezone.now()
        subject = findings.Subject("DEVICE", 1, "one")
        findings.settle([findings.Found("DISK", subject)], (), now)
        Finding.objects.update(opened_at=now)

        findings.settle([], [("DISK", subject)], now - timedelta(hours=3))

        assert Finding.objects.get().closed_at == now

    def test_a_night_is_made_once_for_all_that(self, campus: Campus) -> None:
        now = datetime(2026, 3, 10, 2, tzinfo=TSI)
        nights.start_due_runs(now)
        nights.start_due_runs(now - timedelta(hours=3))
        nights.start_due_runs(now)

        assert Run.objects.filter(day=date(2026, 3, 9)).count() == 1


@pytest.mark.parametrize(
    "day",
    [date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 31), date(2028, 2, 29)],
    ids=["Europe's spring", "Europe's autumn", "the last of the year", "a leap day"],
)
def test_every_day_has_twenty_four_hours(campus: Campus, day: date) -> None:
    """TSİ has no summer time; a night over the last day of a year begins in the next one."""
    night_time = nights.night_begins(day)
    with time_machine.travel(night_time + timedelta(seconds=1), tick=False):
        recorder = campus.recorder(Scripted(recorded={1: whole(day)}))
        assert nights.last_due_day(timezone.now()) == day
        (run,) = nights.start_due_runs()
        plan = plans.build(list(run.checks.filter(device=recorder)), timezone.now())[0]

    assert (run.kind, run.slot) == ("NIGHT", f"night:{day}")
    asked = plan.channels[0].days[0]
    assert (asked.day, asked.end_ms - asked.start_ms) == (day, 24 * HOUR)
    assert asked.start_ms == to_ms(day_bounds(day)[0])
    older = [one.day for one in plan.channels[0].days if one.day < day]
    assert len(older) == 3
    assert all(day - one <= timedelta(days=30) for one in older)
