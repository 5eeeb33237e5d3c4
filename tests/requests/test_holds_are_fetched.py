"""A hold is fetched from a recorder that really plays, sealed while it arrives, and kept."""

from __future__ import annotations

import io
from typing import Any

import av
import pytest

from cameras.models import RecorderUse
from cameras.protocols.mp4_slices import read_index
from core.tsi import to_ms
from footage_requests.footage import store
from footage_requests.holds import hold_life, holding
from footage_requests.models import Hold
from tests.requests.recorded import MINUTE, fetch_all, recorded, recorder

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.HOLD_MARGIN_MINUTES = 1
    settings.HOLD_UNKNOWN_CLOCK_MINUTES = 1
    settings.NTP_SERVERS = []


def bytes_of(file: Any) -> bytes:
    with store.open_file(file) as reader:
        return b"".join(reader)


@pytest.mark.parametrize("dialect", ["onvif", "isapi", "dahua"])
def test_a_hold_is_fetched_sealed_and_kept(dialect):
    """PRE-8, PRE-9, REL-17: before anybody decides, with margin, reason and the request's number."""
    with recorded(recorder(dialect=dialect)) as campus:
        request = campus.ask()
        (hold,) = holding.hold_request(request, campus.clerk)

        assert RecorderUse.is_in_use(campus.devices["rec"])
        assert fetch_all() == 1
    hold.refresh_from_db()
    assert hold.status == Hold.Status.HELD
    assert hold.starts_at <= campus.event - MINUTE
    assert request.number in hold.reason
    assert not RecorderUse.is_in_use(campus.devices["rec"])
    part = hold.parts.get()
    assert part.state == "DONE"
    assert part.delivered["gaps"] == []
    plain = bytes_of(part.file)
    played: Any = av.open(io.BytesIO(plain))
    pictures = sum(1 for _picture in played.decode(video=0))
    assert pictures == part.delivered["frames"]
    index = read_index(lambda a, b: iter([plain[a:b]]), len(plain))
    assert len(index) == pictures


def test_held_footage_never_lies_in_plain_on_the_disk(tmp_path):
    """PRE-9: what is on the disk does not contain what was fetched."""
    with recorded() as campus:
        (hold,) = holding.hold_request(campus.ask(), campus.clerk)
        fetch_all()
    plain = bytes_of(hold.parts.get().file)
    kept = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        assert plain[2000:2200] not in path.read_bytes()
        assert b"moof" not in path.read_bytes()[:4000]


def test_two_messages_hold_once(django_capture_on_commit_callbacks):
    with recorded() as campus:
        request = campus.ask()
        assert len(holding.hold_request(request, campus.clerk)) == 1
        assert holding.hold_request(request, campus.clerk) == []
        assert hold_life.make_missing() == 0


def test_a_silent_recorder_is_tried_again_and_says_why():
    with recorded() as campus:
        (hold,) = holding.hold_request(campus.ask(), campus.clerk)
    assert fetch_all() == 0
    part = hold.parts.get()
    assert part.state == "WAITING"
    assert part.failure == "CONNECTION_REFUSED"
    assert part.attempt == 1


def test_what_was_never_recorded_is_said_at_once():
    """PRE-4: the outcome per camera is visible, also the bad one."""
    with recorded(recorder(recording={"kind": "NONE"})) as campus:
        (hold,) = holding.hold_request(campus.ask(), campus.clerk)
        fetch_all()
    hold.refresh_from_db()
    assert hold.status == Hold.Status.REQUESTED
    assert hold.failure
    assert hold.parts.get().state == "EMPTY"


def test_a_gap_is_stated_and_not_joined():
    """B10: what the recorder lacks in the middle is in the record to the second."""
    with recorded() as campus:
        begins = to_ms(campus.event)
        campus.lose(begins + 5_000, begins + 11_000)
        (hold,) = holding.hold_request(campus.ask(), campus.clerk)
        fetch_all()
    delivered = hold.parts.get().delivered
    (found,) = delivered["gaps"]
    off = 1_000 + (delivered["offset_uncertainty_ms"] or 0)
    assert abs(found[0] - begins - 5_000) < off
    assert abs(found[1] - begins - 11_000) < off
