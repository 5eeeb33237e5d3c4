"""The first full answer is the proof; later answers are revisions; losses are findings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from audit import merkle
from cameras.days.answers import was_recording
from cameras.models import CoverageDay, CoverageRevision, DeviceCheck, Finding, PositionDay, Run
from cameras.night import finishing, nights
from core.tsi import TSI, day_bounds_ms, day_of
from inventory.models import ChannelAssignment
from tests.cameras.campus import LONG_AGO, Campus, Scripted, hours, whole, yesterday


def ask_again(campus: Campus) -> Run:
    run = nights.check_now(by="test")
    campus.work(run)
    finishing.finish_runs()
    run.refresh_from_db()
    return run


def proof() -> CoverageDay:
    return CoverageDay.objects.get(day=yesterday())


@pytest.fixture
def at_noon() -> Iterator[None]:
    """In the first two minutes of a day there is nothing to ask about it."""
    noon = datetime.combine(yesterday() + timedelta(days=1), time(12), TSI)
    with time_machine.travel(noon):
        yield


def test_the_same_answer_again_adds_nothing(campus, night):
    """REC-19, NGT-3."""
    campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    night()
    before = proof()

    ask_again(campus)

    assert (proof().sha256, proof().asked_at) == (before.sha256, before.asked_at)
    assert not CoverageRevision.objects.exists()


def test_recordings_that_disappear_inside_the_goal_are_found(campus, night):
    """REC-8: the proof stays, a revision and a finding are added."""
    script = Scripted(recorded={1: whole(yesterday())})
    campus.recorder(script)
    night()
    before = proof()
    script.recorded[1] = hours(yesterday(), (0, 8), (9, 24))

    ask_again(campus)

    after = proof()
    assert (after.result, after.sha256, after.revision) == ("RECORDED", before.sha256, 1)
    assert CoverageRevision.objects.get().gap_count == 1
    finding = Finding.objects.get(kind="RECORDING_LOST")
    assert abs(finding.detail["lost_ms"] - 3_600_000) < 1_000


def test_overwritten_footage_keeps_its_proof(campus, night):
    """REC-19: what is overwritten outside the goal changes nothing."""
    script = Scripted(recorded={1: whole(yesterday())})
    recorder = campus.recorder(script)
    night()
    group = recorder.channels.get().assignments.get().position.group
    group.retention_goal_days = 0
    group.save()
    end = day_bounds_ms(yesterday())[1]
    script.recorded[1] = [(end, end + 3_600_000)]
    script.earliest_ms = end

    ask_again(campus)

    assert (proof().result, proof().revision) == ("RECORDED", 0)
    assert not Finding.objects.filter(kind="RECORDING_LOST").exists()


def test_today_so_far_is_provisional_and_replaced(at_noon, campus):
    """A day that is not over has no proof yet."""
    script = Scripted(recorded={1: whole(yesterday())})
    campus.recorder(script)
    ask_again(campus)
    today = day_of(timezone.now())
    first = CoverageDay.objects.get(day=today)
    script.recorded[1] = hours(yesterday(), (0, 24))

    ask_again(campus)

    second = CoverageDay.objects.get(day=today)
    assert first.is_provisional
    assert (first.result, second.result) == ("RECORDED", "NOT_RECORDED")
    assert not CoverageRevision.objects.filter(coverage_day=second).exists()


def test_what_was_not_asked_yet_is_not_recorded_in_the_union_of_two_channels(campus):
    """REC-18: today so far ends two minutes before it was asked, and those minutes are nobody's."""
    one = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    two = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    position = one.channels.get().assignments.get().position
    ChannelAssignment.objects.filter(channel__recorder=two).delete()
    ChannelAssignment.objects.create(
        channel=two.channels.get(), position=position, starts_at=LONG_AGO
    )
    noon = datetime(2026, 3, 10, 12, tzinfo=TSI)

    with time_machine.travel(noon, tick=True):
        for script in campus.scripts.values():
            script.recorded = {1: whole(yesterday())}
        ask_again(campus)
        row = PositionDay.objects.get(day=noon.date(), position=position)
        channel = CoverageDay.objects.filter(day=noon.date()).first()
        late = was_recording(position, noon.date(), noon - timedelta(seconds=60))
        early = was_recording(position, noon.date(), noon - timedelta(seconds=180))
        lasted = timezone.now() - noon

    assert row.is_provisional
    assert channel is not None
    assert channel.asked_until is not None
    since = channel.asked_until - (noon - timedelta(seconds=120))
    assert timedelta(0) <= since <= lasted
    assert row.expected_ms == (12 * 3600 - 120) * 1000 + since // timedelta(milliseconds=1)
    assert row.recorded_ms == row.expected_ms
    assert (early.at_moment, late.at_moment) == ("YES", "UNKNOWN")


def test_today_stays_provisional_while_nobody_could_answer(at_noon, campus):
    script = Scripted(recorded={1: whole(yesterday())}, has_clock=False)
    recorder = campus.recorder(script)
    position = recorder.channels.get().assignments.get().position
    other = campus.recorder(Scripted(recorded={1: []}, has_clock=False))
    ChannelAssignment.objects.filter(channel__recorder=other).delete()
    ChannelAssignment.objects.create(
        channel=other.channels.get(), position=position, starts_at=LONG_AGO
    )

    ask_again(campus)

    row = PositionDay.objects.get(day=day_of(timezone.now()), position=position)
    assert (row.result, row.is_provisional) == ("UNKNOWN", True)


def test_an_unknown_day_is_answered_by_the_next_run(campus, night):
    script = Scripted(recorded={1: whole(yesterday())}, has_clock=False)
    campus.recorder(script)
    night()
    assert (proof().result, proof().reason) == ("UNKNOWN", "CLOCK_UNKNOWN")
    script.has_clock = True

    ask_again(campus)

    assert (proof().result, proof().revision) == ("RECORDED", 0)
    assert PositionDay.objects.get(day=yesterday()).result == "RECORDED"


def test_the_root_of_a_run_can_be_computed_again_from_its_rows(campus, night):
    """REC-19: RFC 6962 over the leaf hashes of the proofs' canonical texts."""
    campus.recorder(Scripted(recorded={n: whole(yesterday()) for n in (1, 2, 3)}))

    run = night()

    rows = CoverageDay.objects.filter(run=run, is_provisional=False).order_by("channel", "day")
    leaves = [hashlib.sha256(b"\x00" + row.canonical.encode()).digest() for row in rows]
    assert run.coverage_rows == len(leaves)
    assert run.coverage_root == merkle.root(leaves).hex()
    assert all(row.is_intact() for row in rows)


def test_the_time_of_asking_about_a_past_day_is_true(campus):
    """First start: nothing is back-dated."""
    campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    day = yesterday() - timedelta(days=5)
    [run] = nights.plan_backfill([day])
    nights.start_due_runs()
    DeviceCheck.objects.exclude(run=run).delete()

    campus.work(run)
    finishing.finish_runs()

    row = CoverageDay.objects.get(day=day)
    assert row.result == "RECORDED"
    assert timezone.now() - row.asked_at < timedelta(minutes=5)
    assert row.offset_method == "EXTRAPOLATED"
