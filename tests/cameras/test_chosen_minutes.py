"""A minute that a person chose is played as a proof, if the index claims it: one channel, one day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from cameras.days.coverage import cover
from cameras.days.judging import ProofAsk
from cameras.models import (
    CheckResult,
    CoverageDay,
    DeviceCheck,
    DeviceCondition,
    PlaybackProof,
    Run,
)
from cameras.night import nights, work
from cameras.night.drawn_minutes import minute_to_play
from core.tsi import at, day_bounds_ms, from_ms
from inventory.models import Channel
from simulator.campus_file import read_campus
from simulator.faults import set_fault
from simulator.recording import tsi_midnight
from simulator.world import true_now_ms
from tests.cameras.campus import Campus, Scripted, hours, last_night, whole, yesterday
from tests.cameras.simulated import Served, enter
from tests.inventory import rows
from tests.pages import scene

START, END = day_bounds_ms(dt.date(2026, 11, 22))
RECORDER = {
    "key": "hikrec",
    "kind": "recorder",
    "dialect": "isapi",
    "address": "127.97.8.2",
    "http_port": 0,
    "rtsp_port": 0,
    "maker": "Hikvision",
    "serial": "CHOSEN000001",
    "users": {"izleme": "a-password"},
    "recording": {"seam_ms": 800},
    "channels": [{"number": 1, "name": "one", "token": "rec1"}],
    "clock": {"zone": "DST_ALL_YEAR"},
}


@pytest.mark.parametrize(
    ("recorded", "claimed"),
    [
        ([(START, END)], True),
        ([(START, START + 600_000)], True),  # exactly up to its end
        ([(START, START + 590_000)], False),  # half of it
        ([], False),
    ],
)
def test_a_chosen_minute_is_played_only_where_the_index_claims_all_of_it(
    recorded: list[tuple[int, int]], claimed: bool
) -> None:
    minute = (START + 540_000, START + 600_000)

    ask = ProofAsk(dt.date(2026, 11, 22), "seed", minute)
    assert minute_to_play(cover(recorded, [(START, END)]), ask) == (minute if claimed else None)


def asked(campus: Campus, script: Scripted, hour: int) -> Run:
    """Somebody chose a minute of yesterday on the first channel; a worker has asked the recorder."""
    recorder = campus.recorder(script)
    chosen = Channel.objects.get(recorder=recorder, number=1)
    run = nights.play_minute(chosen, at(yesterday(), hour), by=rows.person("OPERATOR"))
    campus.work(run)
    return run


def test_only_the_chosen_channel_and_day_are_asked(campus: Campus) -> None:
    recorded = {number: whole(yesterday()) for number in (1, 2)}

    run = asked(campus, Scripted(recorded=recorded), hour=14)

    [check] = DeviceCheck.objects.filter(run=run)
    told = CoverageDay.objects.filter(run=run).values_list("channel__number", "day")
    assert (check.kinds, list(told)) == (
        ["IDENTITY", "CLOCK", "RECORDING", "PROOF"],
        [(1, yesterday())],
    )
    proof = PlaybackProof.objects.get(run=run)
    assert proof.minute_at == at(yesterday(), 14)
    assert proof.channel.number == 1


def test_a_minute_that_the_index_does_not_claim_is_not_played(campus: Campus) -> None:
    recorded = {1: hours(yesterday(), (0, 12)), 2: whole(yesterday())}

    run = asked(campus, Scripted(recorded=recorded), hour=14)

    assert not PlaybackProof.objects.exists()
    told = CheckResult.objects.filter(device_check__run=run)
    assert not told.filter(kind="PROOF", answer="YES").exists()


def test_other_runs_choose_no_minute(campus: Campus) -> None:
    campus.recorder(Scripted(recorded={1: whole(yesterday())}))

    assert last_night().minute is None
    assert nights.check_now(by=rows.person("OPERATOR")).minute is None


def posted(client: Client, channel: Channel, instant: object) -> int:
    told = {"channel": channel.pk, "at": instant}
    return client.post("/checks/minute/", told).status_code


@pytest.mark.django_db
def test_the_page_asks_for_a_minute_and_the_log_says_who() -> None:
    person = rows.person("UNIT_HEAD")
    machine = scene.recorder()
    channel = rows.channel(machine)
    moment = timezone.now() - dt.timedelta(days=1)

    response = scene.browser(person).post(
        "/checks/minute/", {"channel": channel.pk, "at": moment.isoformat()}
    )

    run = Run.objects.get()
    assert response["Location"] == f"/checks/{run.pk}/"
    assert run.minute is not None
    assert from_ms(run.minute[1]) == moment.replace(microsecond=0)
    assert Entry.objects.get(action="run.ask").actor_id == str(person.pk)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("instant", "status"),
    [("", 400), ("yesterday", 400), ("2026-11-22T14:00:00", 302), ("2199-01-01T00:00:00Z", 302)],
)
def test_an_instant_that_is_none_or_to_come_starts_nothing(instant: str, status: int) -> None:
    channel = rows.channel(scene.recorder())

    assert posted(scene.browser(rows.person("UNIT_HEAD")), channel, instant) == status
    assert not Run.objects.exists()


@pytest.mark.django_db
def test_who_may_not_check_the_recorder_cannot_play_it() -> None:
    channel = rows.channel(scene.recorder())
    elsewhere = rows.person("OPERATOR", scope_kind="BUILDING", scope_id=rows.building().pk)

    moment = (timezone.now() - dt.timedelta(days=1)).isoformat()
    assert posted(scene.browser(elsewhere), channel, moment) == 404
    assert posted(scene.browser(rows.person("AUDITOR")), channel, moment) == 403
    assert not Run.objects.exists()


@pytest.mark.parametrize("tells_time", [True, False])
def test_a_chosen_minute_is_really_played_by_a_recorder_whose_clock_is_wrong(
    db: None, settings: Any, tells_time: bool
) -> None:
    """REC-10 on real sockets: the minute of true time, an hour off on the recorder's own clock.

    Where its own playback says nothing of the time it plays, it is played over ONVIF, now and from then on.
    """
    settings.PROOF_SHARE, settings.NTP_SERVERS, settings.NIGHT_JITTER_SECONDS = 0.0, [], 0
    midnight = tsi_midnight(true_now_ms())
    clock = RECORDER["clock"] if tells_time else {"offset_ms": 3_600_000}
    campus = read_campus({"devices": [RECORDER | {"clock": clock}]}, midnight)
    if not tells_time:
        set_fault(campus.devices[0], "rtsp_reports_now", True)
    with Served(campus):
        machine = enter(campus.devices)[campus.devices[0].address]
        channel = Channel.objects.get(recorder=machine)
        work.work(run=nights.check_now(by="test", devices=[machine]))
        run = nights.play_minute(channel, at(yesterday(), 14), by=rows.person("OPERATOR"))
        work.work(run=run)

    proof = PlaybackProof.objects.get(run=run)
    assert (proof.answer, proof.reason) == ("YES", "")
    assert proof.frame_at is not None
    assert abs((proof.frame_at - at(yesterday(), 14)).total_seconds()) < 60
    learnt = DeviceCondition.objects.get(device=machine).manner["quirks"]
    assert ("replay-by-onvif" in learnt) is not tells_time
