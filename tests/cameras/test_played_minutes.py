"""Sampled playback: what a played minute says, and when there is nothing to play."""

from __future__ import annotations

import asyncio
import time

import pytest
from django.utils import timezone, translation

from cameras.clocks.history import KnownOffset, OffsetHistory
from cameras.days.judging import ChannelAsk, ProofAsk
from cameras.models import CheckResult, Finding, PlaybackProof
from cameras.night import claims, nights, plans, saving
from cameras.protocols.base import (
    BadAnswer,
    Channel,
    ClockSample,
    DeviceError,
    Endpoint,
    Login,
    Reason,
    StreamTarget,
)
from cameras.protocols.opened import ReplayByOnvif
from cameras.visiting.proofs import Player, ProofAnswer, play_minute, plays_something
from cameras.visiting.visit_data import VisitOutcome, VisitPlan
from cameras.wording.reasons import word_for
from core.secret import Secret
from core.tsi import day_bounds_ms
from tests.cameras.campus import Campus, Scripted, last_night, whole, yesterday
from tests.protocols.rtsp_server import START_MS, USERNAME, Script, rtsp_server


def save_proof(campus: Campus, answer: str, **more: object) -> PlaybackProof:
    """Saves the outcome of a visit that played one minute."""
    recorder = campus.recorder(Scripted(recorded={1: whole(yesterday())}))
    nights.start(last_night())
    [check] = [c for c in claims.claim_next(9, timezone.now()) if c.device_id == recorder.pk]
    [plan] = plans.build([check], timezone.now())
    assert isinstance(plan, VisitPlan)
    now_ms = time.time_ns() // 1_000_000
    proof = ProofAnswer(
        plan.channels[0].channel_id,
        "seed",
        answer,
        day_bounds_ms(yesterday())[0],
        now_ms,
        frame_sha256="ab" * 32,
        **more,  # type: ignore[arg-type]
    )
    saving.save(check, plan, VisitOutcome(recorder.pk, now_ms, now_ms, proofs=[proof]))
    return PlaybackProof.objects.get()


@pytest.mark.parametrize(("lost_per_mille", "found"), [(0, []), (100, []), (101, ["LOST_FRAMES"])])
def test_more_than_a_tenth_of_lost_frames_is_a_finding(campus, lost_per_mille, found):
    """REC-11: the share is kept with the proof; above 10 % it is red."""
    proof = save_proof(campus, "YES", lost_per_mille=lost_per_mille, frames=900)

    assert proof.lost_per_mille == lost_per_mille
    assert list(Finding.objects.values_list("reason", flat=True)) == found


def test_a_minute_that_the_index_claims_and_nobody_can_play_is_a_finding(campus):
    """REC-10, REC-1: the index is believed only as far as a sample of it plays."""
    save_proof(campus, "NO", reason="WRONG_RANGE")

    assert Finding.objects.get().kind == "PROOF_FAILED"


def test_a_proof_that_could_not_be_played_is_no_finding(campus):
    """REC-18."""
    save_proof(campus, "UNKNOWN", reason="BUSY")

    assert not Finding.objects.exists()


class Refusing:
    """A recorder that answers the question for the stream with an error."""

    def __init__(self, error: DeviceError) -> None:
        self.error = error

    async def live(self, channel: Channel) -> StreamTarget:
        raise self.error

    async def playback(self, channel: Channel, start_ms: int, end_ms: int) -> StreamTarget:
        raise self.error


@pytest.mark.parametrize(
    ("reason", "told", "plays"),
    [
        (Reason.BAD_ANSWER, "UNKNOWN", None),
        (Reason.BAD_XML, "UNKNOWN", None),
        (Reason.BUSY, "UNKNOWN", None),
        (Reason.TIME_NOT_PROVEN, "UNKNOWN", None),
        (Reason.WRONG_RANGE, "NO", False),
        (Reason.NOTHING_PLAYED, "NO", False),
    ],
)
def test_only_proof_of_no_footage_is_a_no(reason, told, plays):
    """REC-10, REC-18: an answer that nobody can use says nothing about the footage."""
    client, player = Refusing(BadAnswer(reason=reason)), Player(Endpoint("127.0.0.1"), None)
    history = OffsetHistory([KnownOffset(0, 0, 10)])
    ask, minute = ChannelAsk(1, 1, proof=ProofAsk(yesterday(), "seed")), (0, 60_000)

    proof = asyncio.run(play_minute(client, player, Channel(1), ask, minute, history, 0))
    there = asyncio.run(plays_something(client, player, Channel(1), minute, history))

    assert (proof.answer, proof.reason) == (told, reason)
    assert there is plays


class SpeaksOnvif:
    """The ONVIF side of a vendor's recorder, as far as its clock."""

    def __init__(self, utc_ms: int | None, local_ms: int | None) -> None:
        self.clock = ClockSample(utc_ms, local_ms, 1000, 0, 1)

    async def read_clock(self) -> ClockSample:
        return self.clock


@pytest.mark.parametrize(
    ("local_ms", "reason", "advice"),
    [
        (-3 * 3_600_000, Reason.OTHER_ZONE, "set the zone on the recorder"),
        (None, Reason.TIME_NOT_PROVEN, "does not tell which time"),
    ],
)
def test_a_recorder_of_another_zone_whose_playback_proves_nothing_says_what_to_do(
    local_ms, reason, advice
):
    """REC-18: "the device cannot tell" would send nobody to its clock."""
    player, history = Player(Endpoint("127.0.0.1"), None), OffsetHistory([KnownOffset(0, 0, 10)])
    ask, minute = ChannelAsk(1, 1, proof=ProofAsk(yesterday(), "seed")), (0, 60_000)
    client = ReplayByOnvif(SpeaksOnvif(0, local_ms))  # type: ignore[arg-type]

    proof = asyncio.run(play_minute(client, player, Channel(1), ask, minute, history, 0))

    assert (proof.answer, proof.reason) == ("UNKNOWN", reason)
    with translation.override("en"):
        assert advice in word_for(proof.reason)


def test_where_nothing_is_recorded_there_is_nothing_to_prove(campus, night, settings):
    """REC-10, REC-18: a missing recording is told by the index; it is not a playback that failed."""
    settings.PROOF_SHARE = 1.0
    campus.recorder(Scripted(recorded={1: []}, earliest_ms=1))

    night()

    assert not CheckResult.objects.filter(kind="PROOF").exists()
    assert CheckResult.objects.get(kind="RECORDING").answer == "NO"


class Playing:
    """A recorder whose streams stand on one RTSP server."""

    async def live(self, channel: Channel) -> StreamTarget:
        return StreamTarget("rtsp://h/live")

    async def playback(self, channel: Channel, start_ms: int, end_ms: int) -> StreamTarget:
        return StreamTarget("rtsp://h/r", start_ms=start_ms, end_ms=end_ms, replay="onvif")


async def test_a_login_that_rtsp_refuses_is_tried_once_in_a_visit() -> None:
    """Sixteen channels with a proof each would be sixteen wrong logins: accounts are locked after five."""
    script = Script(challenges=('Digest realm="cam", nonce="n", qop="auth"',))
    history = OffsetHistory([KnownOffset(0, 0, 10)])
    ask, minute = (
        ChannelAsk(1, 1, proof=ProofAsk(yesterday(), "seed")),
        (START_MS, START_MS + 60_000),
    )
    async with rtsp_server(script) as server:
        player = Player(server.endpoint, Login(USERNAME, Secret("wrong")))
        there = await plays_something(Playing(), player, Channel(1), minute, history)
        proofs = [
            await play_minute(Playing(), player, Channel(n), ask, minute, history, 0)
            for n in (1, 2, 3)
        ]
    assert there is None
    assert {(proof.answer, proof.reason) for proof in proofs} == {("UNKNOWN", "CREDENTIAL_REFUSED")}
    assert sum("Authorization" in request.headers for request in server.requests) == 1
