"""Coverage, clocks and the question "was it recording?" over the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from cameras.models import ClockMeasurement, CoverageRevision
from core import tsi
from inventory.models import Device
from tests.api.conftest import Caller
from tests.api.rows import LONG_AGO, place, proven, yesterday
from tests.inventory import rows

DAY = dt.date(2026, 3, 10)


def clock(device: Device) -> ClockMeasurement:
    return ClockMeasurement.objects.create(
        device=device,
        measured_at=timezone.now(),
        offset_ms=1500,
        uncertainty_ms=100,
        method="date header",
        verdict="AHEAD",
    )


def test_a_day_lists_sums_and_its_row_has_the_gaps(head: Caller) -> None:
    proof = proven(place(), DAY)
    listed = head.get("coverage/").json()["results"][0]
    row = head.get(f"coverage/{proof.pk}/").json()
    assert listed["lost_ms"] == 3_600_000
    assert "gaps" not in listed
    assert row["gaps"] == [
        {
            "starts_at": "2026-03-10T12:00:00+03:00",
            "ends_at": "2026-03-10T13:00:00+03:00",
            "cause": "NO_RECORDING",
        }
    ]
    assert row["is_intact"] is False


def test_doubts_and_unseen_power_cuts_of_a_day_are_told(head: Caller) -> None:
    """REC-10: time that is not known is no gap, and a caller sees where it lies."""
    start = tsi.day_bounds_ms(DAY)[0]
    told = proven(
        place(), DAY, disputed_ms=60_000, doubts=[[start, start + 60_000]], unseen_cut_ms=90_000
    )
    silent = proven(place(), DAY)

    row = head.get(f"coverage/{told.pk}/").json()
    assert row["doubts"] == [
        {"starts_at": "2026-03-10T00:00:00+03:00", "ends_at": "2026-03-10T00:01:00+03:00"}
    ]
    assert row["unseen_cut_ms"] == 90_000
    other = head.get(f"coverage/{silent.pk}/").json()
    assert (other["doubts"], other["unseen_cut_ms"]) == (None, None)
    listed = {one["id"]: one for one in head.get("coverage/").json()["results"]}
    assert listed[told.pk]["unseen_cut_ms"] == 90_000
    assert "doubts" not in listed[told.pk]
    asked = head.get(
        f"was-recording/?position={told.channel.assignments.get().position_id}&day={DAY}"
    )
    assert asked.json()["evidence"][0]["doubts"] == row["doubts"]


def test_later_answers_stand_beside_the_proof(head: Caller) -> None:
    proof = proven(place(), DAY)
    CoverageRevision.objects.create(
        coverage_day=proof,
        number=1,
        result="NOT_RECORDED",
        asked_at=timezone.now(),
        canonical="{}",
        sha256="1" * 64,
    )
    revisions = head.get(f"coverage/{proof.pk}/").json()["revisions"]
    assert [(row["number"], row["result"]) for row in revisions] == [(1, "NOT_RECORDED")]


def test_days_are_filtered(head: Caller) -> None:
    at, other = place(), place()
    days = [proven(at, DAY + dt.timedelta(days=number)) for number in range(3)]
    elsewhere = proven(other, DAY, result="NOT_RECORDED", recorded_ms=0)
    newest = [row.pk for row in reversed(days)]
    assert head.ids(f"coverage/?channel={at.channel.pk}") == newest
    assert head.ids(f"coverage/?recorder={other.recorder.pk}") == [elsewhere.pk]
    assert head.ids(f"coverage/?position={at.position.pk}") == newest
    assert head.ids("coverage/?day=2026-03-10&result=NOT_RECORDED") == [elsewhere.pk]
    assert head.ids("coverage/?from=2026-03-11&to=2026-03-11") == [days[1].pk]
    assert len(head.ids(f"position-days/?building={at.building.pk}")) == 3
    assert len(head.ids(f"position-days/?position={at.position.pk}&day=2026-03-12")) == 1


def test_days_of_a_position_are_those_on_which_the_channel_recorded_it(head: Caller) -> None:
    at = place()
    assignment = at.channel.assignments.get()
    assignment.end(dt.datetime(2026, 3, 11, 12, tzinfo=dt.UTC))
    days = [proven(at, DAY + dt.timedelta(days=number)) for number in range(3)]
    assert head.ids(f"coverage/?position={at.position.pk}") == [days[1].pk, days[0].pk]


def test_days_of_another_building_are_not_there(make_caller: Callable[..., Caller]) -> None:
    mine, other = place(), place()
    own, hidden = proven(mine), proven(other)
    clocks = [clock(mine.recorder), clock(other.recorder)]
    person = rows.person("OPERATOR", scope_kind="building", scope_id=mine.building.pk)
    caller = make_caller(person)
    assert caller.ids("coverage/") == [own.pk]
    assert caller.get(f"coverage/{hidden.pk}/").status_code == 404
    assert caller.ids(f"coverage/?position={other.position.pk}") == []
    assert caller.ids("clock-measurements/") == [clocks[0].pk]
    assert len(caller.ids("position-days/")) == 1
    query = f"was-recording/?position={other.position.pk}&day={yesterday()}"
    assert caller.get(query).status_code == 404


def test_was_it_recording_that_day_and_at_that_moment(head: Caller) -> None:
    at = place()
    proven(at, DAY)
    query = f"was-recording/?position={at.position.pk}"
    day = head.get(f"{query}&day=2026-03-10").json()
    assert (day["result"], day["at_moment"]) == ("PARTLY", None)
    assert day["evidence"][0]["gaps"][0]["starts_at"] == "2026-03-10T12:00:00+03:00"
    moment = head.get(f"{query}&at=2026-03-10T11:00:00Z").json()
    assert (moment["day"], moment["at_moment"]) == ("2026-03-10", "YES")
    assert head.get(f"{query}&at=2026-03-10T12:30:00%2B03:00").json()["at_moment"] == "NO"
    unknown = head.get(f"{query}&day=2026-03-01").json()
    assert (unknown["result"], unknown["reason"]) == ("UNKNOWN", "NOT_ASKED")


@pytest.mark.parametrize(
    "query",
    ["", "position=1", "day=2026-03-10", "position=1&day=2026-03-10&at=2026-03-11T10:00:00Z"],
)
def test_half_a_question_is_refused(head: Caller, query: str) -> None:
    assert head.get(f"was-recording/?{query}").status_code == 400


def test_a_clock_is_asked_by_device_and_time(head: Caller) -> None:
    at = place()
    row = clock(at.recorder)
    clock(place().recorder)
    assert head.ids(f"clock-measurements/?device={at.recorder.pk}") == [row.pk]
    assert head.ids("clock-measurements/?to=2026-01-01T00:00:00Z") == []
    assert row.measured_at > LONG_AGO


@pytest.mark.parametrize("name", ["coverage", "position-days", "clock-measurements"])
def test_queries_do_not_grow_with_the_rows(  # type: ignore[no-untyped-def]
    head: Caller, name: str, django_assert_max_num_queries
) -> None:
    head.get("sites/")
    for _number in range(8):
        at = place()
        proven(at)
        clock(at.recorder)
    with django_assert_max_num_queries(4):
        assert len(head.ids(f"{name}/?page_size=2")) == 2
    with django_assert_max_num_queries(4):
        assert len(head.ids(f"{name}/?page_size=8")) == 8
