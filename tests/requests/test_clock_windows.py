"""True time and the recorder's time, with the clock error of the time of the event."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from cameras.models import ClockMeasurement
from core.tsi import to_ms
from footage_requests.footage.clock_windows import (
    asked_of_recorder,
    build_clock,
    clock_block,
    cut_where_set,
    doubt_sentences,
    window_of,
)

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
EVENT = dt.datetime(2026, 11, 10, 11, 0, tzinfo=dt.UTC)
START, END = to_ms(EVENT), to_ms(EVENT + dt.timedelta(minutes=30))
MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _margins(settings):
    settings.HOLD_MARGIN_MINUTES, settings.HOLD_UNKNOWN_CLOCK_MINUTES = 10, 75


def reading(
    when: dt.datetime, offset_ms: int, verdict: str = "OFF", unsure_ms: int = 500
) -> ClockMeasurement:
    return ClockMeasurement(
        measured_at=when,
        offset_ms=offset_ms,
        utc_offset_ms=offset_ms,
        uncertainty_ms=unsure_ms,
        method="EDGE",
        verdict=verdict,
        reference="ntp.example",
        is_reference_proven=True,
    )


def test_a_clock_seven_minutes_fast_moves_what_is_asked_and_says_so():
    """B11, CLK-10, CLK-11: +7 min 13 s."""
    ahead = 433_000
    clock = build_clock([reading(EVENT - HOUR, ahead), reading(EVENT + HOUR, ahead)], "isapi")
    window = window_of(clock, START, END)

    assert asked_of_recorder(clock, START, END) == (START + ahead, END + ahead)
    assert window.kept_start_ms <= START - 10 * MINUTE_MS
    assert window.device_start_ms is not None
    assert window.device_start_ms <= START + ahead
    told = " ".join(window.words())
    assert "7 min 13 s ahead" in told
    assert "14:07:12" in told
    assert "14:00:00" in told
    block = clock_block(clock, START, END)
    assert block["before"]["offset_ms"] == block["after"]["offset_ms"] == ahead
    assert "14:22:13 when true time was 14:15:00" in block["words"]


def test_the_offset_is_that_of_the_recording_and_not_of_today():
    """B12: the clock was set right after the event."""
    clock = build_clock(
        [
            reading(EVENT - 2 * HOUR, 433_000),
            reading(EVENT + HOUR, 433_000),
            reading(EVENT + DAY, 0),
        ],
        "isapi",
    )
    assert asked_of_recorder(clock, START, END) == (START + 433_000, END + 433_000)


def test_a_clock_that_may_have_been_set_in_the_window_widens_it_by_the_step():
    """B12: nobody knows when between two measurements it was set."""
    clock = build_clock([reading(EVENT - HOUR, 433_000), reading(EVENT + HOUR, 0, "OK")], "isapi")
    window = window_of(clock, START, END)
    assert window.kept_end_ms - END >= 10 * MINUTE_MS + 433_000
    assert window.is_corrected_between
    assert window.device_start_ms is not None
    assert window.device_end_ms is not None
    assert window.device_start_ms <= START
    assert window.device_end_ms >= END + 433_000


def test_a_clock_that_was_never_measured_is_unknown_and_not_right():
    """CLK-11: unknown is not 0; the window is wider and the words say it."""
    window = window_of(build_clock([], "onvif"), START, END)
    assert not window.is_measured
    assert window.device_start_ms is None
    assert START - window.kept_start_ms == 85 * MINUTE_MS
    assert "not measured" in " ".join(window.words())
    assert clock_block(build_clock([], "onvif"), START, END)["offset_ms"] is None


def test_a_whole_hour_is_named_as_zone_or_summer_time():
    """CLK-13."""
    clock = build_clock([reading(EVENT - HOUR, 3_600_000, "SUMMER_TIME")], "dahua")
    window = window_of(clock, START, END)
    assert window.cause == "SUMMER_TIME"
    assert "summer time" in window.clock_sentence().lower()


def test_a_reset_clock_far_from_its_measurement_is_not_believed():
    """CLK-13: after an empty battery a recorder starts in 2000 again, at every power cut."""
    back = to_ms(dt.datetime(2000, 1, 1, tzinfo=dt.UTC)) - START
    clock = build_clock([reading(EVENT + 5 * DAY, back, "RESET")], "isapi")
    assert not window_of(clock, START, END).is_measured


def test_what_is_fetched_is_cut_where_the_clock_was_set():
    """B12: on each side of the correction footage is asked for with the offset of that side."""
    clock = build_clock([reading(EVENT - HOUR, 3_600_000), reading(EVENT + HOUR, 0)], "isapi")
    middle = to_ms(EVENT)
    start, end = middle - 10 * MINUTE_MS, middle + 10 * MINUTE_MS

    spans = cut_where_set(clock, start, end)

    assert spans == [(start, middle), (middle, end)]
    assert [asked_of_recorder(clock, *span) for span in spans] == [
        (start + 3_600_000, middle + 3_600_000),
        (middle, end),
    ]


def test_a_clock_that_was_not_set_or_never_measured_is_fetched_in_one():
    assert cut_where_set(build_clock([reading(EVENT, 500)], "isapi"), START, END) == [(START, END)]
    assert cut_where_set(build_clock([], "isapi"), START, END) == [(START, END)]


def test_a_correction_at_an_unknown_moment_is_carried_as_doubt_and_not_as_a_fact():
    """B12: both readings, the step and the assumed moment stand in the record; the uncertainty is the whole step."""
    ahead = 433_000
    clock = build_clock([reading(EVENT - HOUR, ahead), reading(EVENT + 3 * HOUR, 0)], "isapi")
    block = clock_block(clock, START, END)

    (doubt,) = block["doubts"]
    assert (doubt["from_ms"], doubt["until_ms"]) == (to_ms(EVENT - HOUR), to_ms(EVENT + 3 * HOUR))
    assert doubt["taken_ms"] == to_ms(EVENT + HOUR)
    assert block["uncertainty_ms"] >= ahead
    (told,) = doubt_sentences(block)
    assert "433 s" in told
    assert "13:00:00" in told
    assert "17:00:00" in told


def test_a_span_whose_middle_is_sure_is_in_doubt_as_far_as_its_end_is():
    """B12: half an hour that ends behind the last reading before the clock was set."""
    sure = reading(EVENT + dt.timedelta(minutes=25), 433_000)
    clock = build_clock([reading(EVENT - HOUR, 433_000), sure, reading(EVENT + HOUR, 0)], "isapi")
    block = clock_block(clock, START, END)

    assert block["offset_ms"] == 433_000
    assert block["uncertainty_ms"] >= 433_000
    assert len(block["doubts"]) == 1


def test_a_clock_that_was_not_set_is_in_no_doubt():
    clock = build_clock([reading(EVENT - HOUR, 500), reading(EVENT + HOUR, 600)], "isapi")
    assert clock_block(clock, START, END)["doubts"] == []
    assert doubt_sentences({"offset_ms": 500}) == []


@pytest.mark.parametrize(("first", "then"), [(433_000, 0), (0, 433_000)])
def test_what_a_correction_at_an_unknown_moment_may_lose(first: int, then: int) -> None:
    """B12: of a clock set back nothing, whenever it was; of one set forward at most the step, as the doubt says."""
    clock = build_clock([reading(EVENT - HOUR, first), reading(EVENT + HOUR, then)], "isapi")
    window = window_of(clock, START, END)
    pieces = cut_where_set(clock, window.kept_start_ms, window.kept_end_ms)
    asked = [asked_of_recorder(clock, *piece) for piece in pieces]
    (doubt,) = clock_block(clock, START, END)["doubts"]
    moments = range(START, END, 10_000)
    for really in range(doubt["from_ms"], doubt["until_ms"], 5 * MINUTE_MS):
        shown = [moment + (first if moment < really else then) for moment in moments]
        lost = [at for at in shown if not any(low <= at < high for low, high in asked)]
        assert len(lost) * 10_000 <= (0 if then < first else then - first + 10_000)
