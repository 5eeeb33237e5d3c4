"""A window chosen on a strip, in true time and as the recorder's own clock showed it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import translation

from cameras.drawing.windows import WrongWindow, asked_window, request_text
from tests.inventory import rows

DAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def test_the_recorders_time_is_true_time_and_its_offset() -> None:
    window = asked_window({"from": "14:05", "to": "14:20:30"}, DAY)
    assert window is not None

    assert window.true_text == "22.11.2026 14:05:00–14:20:30 TSİ"
    assert window.device_text(3_604_000) == "22.11.2026 15:05:04–15:20:34"
    assert window.device_text(-15 * 3_600_000) == "21.11.2026 23:05:00–23:20:30"


def test_a_window_that_passes_the_recorders_midnight_names_both_days() -> None:
    window = asked_window({"from": "23:30:00", "to": "24:00:00"}, DAY)
    assert window is not None

    assert window.true_text == "22.11.2026 23:30:00–23.11.2026 00:00:00 TSİ"
    assert window.device_text(-60_000) == "22.11.2026 23:29:00–23:59:00"


@pytest.mark.parametrize(
    ("start", "end"),
    [("14:05", ""), ("14:05", "14:05"), ("15:00", "14:00"), ("x", "14:00"), ("25:00", "26:00")],
)
def test_times_that_are_no_window_are_refused_in_words(start: str, end: str) -> None:
    with pytest.raises(WrongWindow, match=r"window"):
        asked_window({"from": start, "to": end}, DAY)


def test_no_times_are_no_window() -> None:
    assert asked_window({}, DAY) is None


@pytest.mark.django_db
def test_the_text_for_a_request_names_place_true_time_and_each_clock() -> None:
    window = asked_window({"from": "14:05", "to": "14:20"}, DAY)
    assert window is not None
    place = rows.position()

    text = request_text(window, place, [("NVR 1", 60_000), ("NVR 2", None)])
    assert place.code in text
    assert "NVR 1: 22.11.2026 14:06:00–14:21:00" in text
    assert "NVR 2: clock not known" in text
