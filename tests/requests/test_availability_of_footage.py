"""What the recorder still has, asked of the recorder, and the hours until it is overwritten."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.utils import timezone, translation

from cameras.models import ChannelCondition, ClockMeasurement
from core import tsi
from core.tsi import from_ms, to_ms
from footage_requests import said
from footage_requests.casework import case_view
from footage_requests.decisions import decision_view
from footage_requests.holds import availability
from footage_requests.models import FootageRequest, Hold, RequestItem
from tests.requests.case import Campus
from tests.requests.recorded import Recorded, recorded, recorder

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    settings.EVIDENCE_RESERVE_GB = 0
    settings.NTP_SERVERS = []


def measured_doubt_ms(campus: Recorded) -> int:
    """A loaded machine measures a clock less well, and says so."""
    return ClockMeasurement.objects.filter(device=campus.devices["rec"]).latest("pk").uncertainty_ms


def test_the_recorder_is_asked_and_its_gaps_are_stored():
    """REL-20, B10: gaps are known before anybody decides."""
    with recorded() as campus:
        begins = to_ms(campus.event)
        campus.lose(begins + 60_000, begins + 180_000)
        item = campus.item_of(campus.ask(seconds=600))
        checked = availability.check_item(item)
    assert checked["answer"] == "PARTLY"
    doubt = measured_doubt_ms(campus)
    (gap,) = checked["gaps"]
    assert abs(gap[0] - begins - 60_000) < 1_500 + doubt
    assert abs(gap[1] - begins - 180_000) < 1_500 + doubt
    assert item.lost_at is not None
    assert item.retention_at is not None
    assert checked["clock"]
    assert "not measured" not in said.read(checked["clock"])
    assert ClockMeasurement.objects.filter(device=campus.devices["rec"]).exists()


def without_power(campus: Any, first_ms: int, last_ms: int) -> None:
    """The recorder lost its power and wrote no event for that, only for its second start."""
    campus.sims["rec"].down.append((first_ms, last_ms))
    campus.sims["rec"].faults |= {"power_cut_events": "end", "no_last_reboot": True}


def test_what_the_recorder_does_not_know_is_neither_recorded_nor_lost():
    """B10, REL-20: a power cut whose beginning nobody wrote is called neither, to no reader."""
    with recorded() as campus:
        begins = to_ms(campus.event)
        without_power(campus, begins + 60_000, begins + 120_000)
        item = campus.item_of(campus.ask(seconds=600))
        checked = availability.check_item(item)
    assert (checked["answer"], checked["gaps"]) == ("PARTLY", [])
    ((first, last),) = checked["unsure"]
    assert abs(first - begins) < 2_000 + measured_doubt_ms(campus)
    assert abs(last - begins - 120_000) < 2_000 + measured_doubt_ms(campus)
    (line,) = decision_view.summary(item.request).lines
    assert line.recorded_ms == 600_000 - checked["unsure_ms"]
    kinds = {piece.kind for piece in case_view.strip_of(item)}
    assert kinds == {"UNKNOWN", "RECORDED"}


def test_a_window_that_the_recorder_knows_nothing_of_is_no_proof_of_no_recording():
    """REL-21: "no recording" needs that the recorder says so."""
    with recorded() as campus:
        begins = to_ms(campus.event)
        # Longer than the window: where its end falls depends on how well the clock could be measured.
        without_power(campus, begins + 10_000, begins + 60_000)
        item = campus.item_of(campus.ask(seconds=30))
        checked = availability.check_item(item)
    assert (checked["answer"], checked["reason"]) == ("UNKNOWN", "END_NOT_TOLD")
    assert not decision_view.summary(item.request).nothing_recorded


def test_a_clock_that_is_seven_minutes_fast_does_not_move_the_answer():
    """B11: gaps are in true time although the recorder's index is not."""
    with recorded(recorder(dialect="isapi", clock={"offset_ms": 433_000})) as campus:
        begins = to_ms(campus.event)
        campus.lose(begins + 60_000, begins + 120_000)
        item = campus.item_of(campus.ask(seconds=300))
        checked = availability.check_item(item)
    (gap,) = checked["gaps"]
    assert abs(gap[0] - begins - 60_000) < 3_000 + measured_doubt_ms(campus)
    assert re.search(r"7 min 1\d s ahead", said.read(checked["clock"]))
    # CLK-11: both windows are shown, that of the recorder's own clock too.
    (camera,) = case_view.cameras_of([item], [])
    own, searched = camera["windows"]
    ahead = from_ms(begins + 433_000)
    assert tsi.clock_time(ahead)[:5] in own
    assert "Searched and held" in searched


def test_a_recorder_that_does_not_answer_is_unknown_with_its_reason():
    with recorded() as campus:
        item = campus.item_of(campus.ask())
    checked = availability.check_item(item)
    assert (checked["answer"], checked["reason"]) == ("UNKNOWN", "CONNECTION_REFUSED")


def test_a_place_without_a_recorder_channel_is_unknown(db):
    campus = Campus()
    position = campus.camera()
    position.assignments.all().delete()
    item = campus.item(campus.request(), position)
    assert availability.check_item(item)["reason"] == "NO_CHANNEL"


def condition(
    campus: Campus, item: RequestItem, days: list[float], asked_at: dt.datetime | None = None
) -> None:
    channel = item.position.assignments.get().channel
    now = timezone.now()
    ChannelCondition.objects.create(
        channel=channel,
        asked_at=asked_at or now,
        earliest_at=now - dt.timedelta(days=days[-1]),
        recent=[[now.isoformat(), held] for held in days],
    )


def test_hours_left_come_from_the_lowest_of_the_last_seven_measurements(db):
    """REL-18: measured retention of that very channel, never the goal."""
    campus = Campus()
    now = timezone.now()
    request = campus.request(
        campus.camera(), starts_at=now - dt.timedelta(days=5), ends_at=now - dt.timedelta(days=4)
    )
    condition(campus, request.items.get(), [9, 6, 8])
    availability.refresh_lost()
    left = availability.hours_left([request.pk])[request.pk]
    assert left.hours is not None
    assert 23.5 < left.hours < 24.5
    assert not left.is_unknown
    assert not left.is_held


def test_what_was_not_measured_for_a_day_is_unknown_and_sorted_first(db):
    """REL-18: unknown is more urgent than any figure; what is held needs nobody."""
    campus = Campus()
    now = timezone.now()
    span: dict[str, Any] = {"starts_at": now - 2 * HOUR, "ends_at": now - HOUR}
    old, fresh, held = (campus.request(campus.camera(), **span) for _ in range(3))
    condition(campus, old.items.get(), [9], asked_at=now - 25 * HOUR)
    condition(campus, fresh.items.get(), [1])
    for request in (fresh, held):
        item = request.items.get()
        if request is held:
            Hold.objects.create(
                request=held,
                item=item,
                channel=item.position.assignments.get().channel,
                reason="test",
                status="HELD",
                **span,
            )
    availability.refresh_lost()
    left = availability.hours_left([fresh.pk, held.pk, old.pk])
    ordered = sorted(left.values(), key=lambda each: each.sort_key)
    assert [each.request_id for each in ordered] == [old.pk, fresh.pk, held.pk]
    assert left[old.pk].hours is None


def test_hours_left_of_500_requests_are_one_query(db, django_assert_num_queries):
    campus = Campus()
    position = campus.camera()
    kind, basis, now = campus.kind(), campus.basis(), timezone.now()
    FootageRequest.objects.bulk_create(
        FootageRequest(
            number=f"T-{n}",
            status="REGISTERED",
            kind=kind,
            basis=basis,
            filer=campus.clerk,
            starts_at=now - HOUR,
            ends_at=now,
        )
        for n in range(500)
    )
    requests = list(FootageRequest.objects.values_list("pk", flat=True))
    RequestItem.objects.bulk_create(
        RequestItem(
            request_id=pk,
            position=position,
            starts_at=now - HOUR,
            ends_at=now,
            is_included=True,
            lost_at=now + HOUR,
            retention_at=now,
        )
        for pk in requests
    )
    with django_assert_num_queries(1):
        assert len(availability.hours_left(requests)) == 500
