"""The plot of a clock's offset: right scale, outliers that flatten nothing, steps told apart from drift (CLK-7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
import time_machine
from django.utils import translation

from cameras.drawing.offset_plot import MOST_POINTS, OffsetPlot, offset_plot
from cameras.drawing.strips import offset_words
from cameras.models import ClockMeasurement
from cameras.wording.evidence_words import clock_sentence

START = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
HOUR = 3_600_000


def reading(day: float, offset_ms: int, uncertainty_ms: int = 100) -> ClockMeasurement:
    return ClockMeasurement(
        measured_at=START + dt.timedelta(days=day),
        offset_ms=offset_ms,
        uncertainty_ms=uncertainty_ms,
        verdict="OK" if abs(offset_ms) <= 5_000 else "OFF",
    )


def plotted(offsets: Sequence[int]) -> OffsetPlot:
    plot = offset_plot(
        [reading(day, offset) for day, offset in enumerate(offsets)],
        START,
        START + dt.timedelta(days=len(offsets)),
    )
    assert plot is not None
    return plot


def test_without_a_measurement_there_is_no_plot() -> None:
    assert offset_plot([], START, START + dt.timedelta(days=1)) is None


def test_a_clock_that_is_ahead_stands_above_true_time() -> None:
    plot = plotted([0, 2_000, 4_000])

    heights = [float(point.y) for point in plot.points]
    assert heights == sorted(heights, reverse=True)
    zero = next(float(mark.x) for mark in plot.y_marks if mark.text == "0")
    assert heights[0] == pytest.approx(zero, abs=0.1)


def test_one_huge_outlier_does_not_flatten_the_others() -> None:
    plot = plotted([*range(0, 4_000, 200), -1_780_000_000_000, 4_000])

    outside = [point for point in plot.points if point.edge]
    assert [point.edge for point in outside] == ["below"]
    assert "20601" in outside[0].label.replace(",", "").replace(".", "")
    others = [float(point.y) for point in plot.points if not point.edge]
    assert max(others) - min(others) > 50
    assert not plot.is_logarithmic


def test_two_long_regimes_an_hour_apart_are_both_readable() -> None:
    plot = plotted([200, -300] * 20 + [HOUR, HOUR + 400] * 10)

    assert plot.is_logarithmic
    assert plot.outside == 0
    near = [float(point.y) for point in plot.points[:40]]
    far = [float(point.y) for point in plot.points[40:]]
    assert max(near) - min(near) > 5
    assert min(near) - max(far) > 30


def test_the_uncertainty_is_drawn_above_and_below() -> None:
    plot = offset_plot([reading(0, 1_000, 800)], START, START + dt.timedelta(days=2))
    assert plot is not None

    point = plot.points[0]
    assert float(point.high) < float(point.y) < float(point.low)


def test_a_correction_is_marked_and_no_line_crosses_it() -> None:
    plot = plotted([0, 400, 800, 1_200, 1_600, 9_000 // 1, 0, 400])
    assert plot.steps[-1].is_correction
    assert len(plot.lines) == len(plot.points) - 1 - len(plot.steps)


def test_a_slow_drift_set_back_by_ntp_is_a_correction_though_a_crystal_could_do_it() -> None:
    plot = plotted([*range(0, 18_000, 420), 100, 500, 900])

    assert [step.is_correction for step in plot.steps] == [True]


def test_a_jump_away_from_true_time_is_no_correction() -> None:
    plot = plotted([100, 200, 100, HOUR, HOUR, 100])

    assert [step.is_correction for step in plot.steps] == [False, True]


def test_steady_drift_has_no_steps() -> None:
    assert plotted(range(0, 30_000, 500)).steps == ()


def test_thousands_of_measurements_keep_their_extremes() -> None:
    offsets = [(day * 37) % 900 for day in range(3_000)]
    offsets[1_234] = 4_321
    plot = plotted(offsets)

    assert len(plot.points) <= MOST_POINTS
    highest = min(plot.points, key=lambda point: float(point.y))
    assert "4" in highest.title


@pytest.mark.parametrize("offset", [0, 1, -1, 10**13, -(10**13)])
def test_a_single_measurement_of_any_size_is_drawn_inside(offset: int) -> None:
    plot = offset_plot([reading(0, offset)], START, START + dt.timedelta(days=1))
    assert plot is not None

    assert 0 <= float(plot.points[0].y) <= 100
    assert len({mark.text for mark in plot.y_marks}) == len(plot.y_marks)


def test_a_clock_on_a_wrong_date_is_told_in_days_and_with_the_date_it_shows() -> None:
    with translation.override("en"):
        row = reading(0, -1_780_000_000_000)
        assert offset_words(-1_780_000_000_000) == "20,601 days behind"
        shown = clock_sentence(row)
        assert ".1970 " in shown
        # What was read then is told in the same words on every later day.
        with time_machine.travel(dt.datetime(2031, 3, 1, 21, 30, tzinfo=dt.UTC)):
            assert clock_sentence(row) == shown


def test_the_time_axis_never_says_the_same_twice() -> None:
    for days in (1, 3, 4, 90, 4_000):
        plot = offset_plot([reading(0, 5)], START, START + dt.timedelta(days=days))
        assert plot is not None
        texts = [mark.text for mark in plot.x_marks]
        # Over one day both ends are the same time of day.
        assert len(set(texts[1:])) == len(texts) - 1
