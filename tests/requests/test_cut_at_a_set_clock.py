"""A clock that was set in the middle of a window: each side is asked for with its own offset (B12)."""

from __future__ import annotations

import datetime as dt

import pytest

from cameras.models import ClockMeasurement
from core.tsi import from_ms, to_ms
from footage_requests.footage import exporting
from footage_requests.holds import holding
from tests.requests.recorded import MINUTE, Recorded, export_all, fetch_all, recorded, recorder

pytestmark = pytest.mark.django_db
BEHIND = -433_000


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.HOLD_MARGIN_MINUTES = 0
    settings.HOLD_UNKNOWN_CLOCK_MINUTES = 0
    settings.NTP_SERVERS = []


def measured(campus: Recorded, at: dt.datetime, offset_ms: int) -> None:
    ClockMeasurement.objects.create(
        device=campus.devices["rec"],
        measured_at=at,
        offset_ms=offset_ms,
        utc_offset_ms=offset_ms,
        uncertainty_ms=100,
        method="EDGE",
        verdict="OFF" if offset_ms else "OK",
    )


def set_right(campus: Recorded, at: dt.datetime) -> None:
    """The recorder's clock was slow until then, and has been right since."""
    clock = campus.sims["rec"].clock
    clock.offset_ms, clock.jumps = BEHIND, [(to_ms(at), -BEHIND)]
    clock.rebuild()


def test_each_side_of_the_correction_is_exported_with_its_own_offset():
    """B12: the approved minutes in true time, on both sides, in one file without a gap."""
    with recorded(recorder(dialect="isapi")) as campus:
        set_at = campus.event + 10 * MINUTE / 60
        set_right(campus, set_at)
        measured(campus, set_at - 5 * MINUTE, BEHIND)
        measured(campus, set_at + 5 * MINUTE, 0)
        package = exporting.start_export(campus.approved(seconds=20), campus.operator)
        assert export_all() == 1
    one, two = package.slices.order_by("starts_at")
    assert one.ends_at == two.starts_at == set_at
    assert [part.delivered["offset_ms"] for part in (one, two)] == [BEHIND, 0]
    exhibit = package.exhibits.get()
    begins = to_ms(campus.event)
    assert abs(exhibit.facts["delivered"][0] - begins) <= 1_500
    assert abs(exhibit.facts["delivered"][1] - begins - 20_000) <= 1_500
    assert exhibit.facts["gaps"] == []


def test_a_hold_is_cut_as_well():
    """B12, B7."""
    with recorded() as campus:
        set_at = campus.event + 10 * MINUTE / 60
        set_right(campus, set_at)
        measured(campus, set_at - 5 * MINUTE, BEHIND)
        measured(campus, set_at + 5 * MINUTE, 0)
        (hold,) = holding.hold_request(campus.ask(seconds=20), campus.clerk)
    borders = [(part.starts_at, part.ends_at) for part in hold.parts.order_by("starts_at")]
    assert (hold.starts_at, set_at) in borders
    assert borders[-1][0] >= set_at


def test_a_correction_that_became_known_later_cuts_the_piece_when_it_is_claimed():
    """B12: the first reading after the event often comes after the hold was planned."""
    with recorded(recorder(dialect="isapi")) as campus:
        set_at = campus.event + 10 * MINUTE / 60
        set_right(campus, set_at)
        measured(campus, set_at - 5 * MINUTE, BEHIND)
        (hold,) = holding.hold_request(campus.ask(seconds=20), campus.clerk)
        assert hold.parts.count() == 1
        measured(campus, set_at + 5 * MINUTE, 0)
        assert fetch_all() == 2
    one, two = hold.parts.order_by("starts_at")
    assert one.ends_at == two.starts_at == set_at
    assert {one.state, two.state} == {"DONE"}
    assert [part.delivered["offset_ms"] for part in (one, two)] == [BEHIND, 0]
    hold.refresh_from_db()
    assert hold.status == "HELD"
    assert from_ms(two.delivered["start_ms"]) >= set_at - 2 * MINUTE / 60
