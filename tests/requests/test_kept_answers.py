"""Slices that follow each other within seconds share one conversation, and only where nothing hangs on asking again."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from cameras.clocks.history import KnownOffset, OffsetHistory
from cameras.protocols.base import (
    Endpoint,
    Identity,
    IndexAnswer,
    Login,
    Manner,
    Segment,
    Source,
    StreamTarget,
    TimeBase,
)
from core.secret import Secret
from core.tsi import to_ms
from footage_requests.footage import cutting, exporting
from footage_requests.footage.clock_windows import RecorderClock
from footage_requests.footage.kept_answers import KEPT_S, Answer, KeptAnswers
from footage_requests.footage.recorders import Access
from simulator.world import SimDevice
from tests.requests.recorded import Recorded, export_all, recorded

MOST = 1000


def counting(sim: SimDevice) -> SimDevice:
    """Has the recorder count how often it is asked for the address of a replay."""
    sim.faults["slow"] = {"only": ["GetReplayUri"], "times": MOST, "value": 0}
    return sim


def asked(sim: SimDevice) -> int:
    return MOST - int(sim.faults["slow"]["times"])


@pytest.fixture
def in_pieces(settings, tmp_path, monkeypatch):
    """Exports in slices of seven seconds."""
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.NTP_SERVERS = []
    monkeypatch.setattr(cutting.pieces, "__defaults__", (7_000,))


def exported(campus: Recorded) -> list[int]:
    """Where gaps are in an export of three slices."""
    package = exporting.start_export(campus.approved(seconds=20), campus.operator)
    assert export_all() == 1
    assert package.slices.count() == 3
    return [gap for part in package.slices.order_by("starts_at") for gap in part.delivered["gaps"]]


@pytest.mark.django_db
def test_slices_that_follow_each_other_are_asked_about_once(in_pieces):
    with recorded() as campus:
        sim = counting(campus.sims["rec"])
        assert exported(campus) == []
        assert asked(sim) == 1


@pytest.mark.django_db
def test_what_an_index_lacks_is_asked_about_anew(in_pieces):
    with recorded() as campus:
        sim = counting(campus.sims["rec"])
        begins = to_ms(campus.event)
        campus.lose(begins + 9_000, begins + 12_000)
        assert len(exported(campus)) == 1
        assert asked(sim) == 3


def clock(offset_ms: int = 0) -> RecorderClock:
    known = OffsetHistory([KnownOffset(at, offset_ms, 10) for at in (0, 10_000_000)])
    return RecorderClock(TimeBase.DEVICE_UTC, dict.fromkeys(TimeBase, known))


def access() -> Access:
    endpoint = Endpoint("127.0.0.1", 80)
    return Access(7, "rec", endpoint, Login("a", Secret("b")), Manner("onvif"), Identity(), clock())


def answer(**changes: Any) -> Answer:
    """Recorded from 100 s to 400 s, asked about 100 s to 500 s."""
    told = (Segment(100_000, 400_000),)
    index = IndexAnswer(Source.ONVIF_EVENTS, TimeBase.DEVICE_UTC, told)
    target = StreamTarget("rtsp://x/1", start_ms=100_000, end_ms=200_000, replay="onvif")
    plain = Answer(access(), clock(), 100_000, 500_000, index, target)
    return replace(plain, **changes)


def about(
    kept: Answer, start_ms: int = 200_000, end_ms: int = 300_000, by: Access | None = None
) -> Any:
    answers = KeptAnswers()
    answers.keep(1, kept)
    return answers.about(by or access(), 1, start_ms, end_ms)


def test_a_kept_answer_is_told_for_the_span_that_is_played():
    told = about(answer())
    assert told is not None
    _clock, heard, target = told
    assert heard.recorded == [(200_000, 300_000)]
    assert (target.url, target.start_ms, target.end_ms) == ("rtsp://x/1", 200_000, 300_000)


@pytest.mark.parametrize(
    "changes",
    [
        {"told_at": time.monotonic() - KEPT_S - 1},
        {"end_ms": 250_000},
        {"target": StreamTarget("rtsp://x/1?starttime=1", replay="url")},
        {"index": replace(answer().index, complete=False)},
        {"index": replace(answer().index, unsure=(Segment(210_000, 220_000),))},
        {"index": replace(answer().index, segments=(Segment(100_000, 290_000),))},
    ],
)
def test_an_answer_that_leaves_something_open_is_not_kept(changes):
    assert about(answer(**changes)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": Endpoint("127.0.0.2", 80)},
        {"login": Login("a", Secret("c"))},
        {"expected": Identity(serial="another")},
        {"clock": clock(3_000)},
        {"recorder_id": 8},
    ],
)
def test_an_answer_of_another_conversation_is_not_used(changes):
    assert about(answer(), by=replace(access(), **changes)) is None
