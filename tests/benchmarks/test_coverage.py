"""The benchmark of the interval arithmetic runs, small, and its baseline gives the same answers."""

from __future__ import annotations

from benchmarks import coverage
from tests.benchmarks.running import are_figures, last_line_of


def test_the_arithmetic_is_measured_against_a_loop_over_seconds() -> None:
    figures = last_line_of("coverage", "--seconds", "0.01")

    assert are_figures(figures, "intervals_per_second", "slowest_intervals_per_second", "x_naive")


def test_the_baseline_answers_as_the_product_does_where_seconds_are_enough() -> None:
    for make in (coverage.hourly, coverage.short_gaps):
        assert coverage.by_seconds(make()) == coverage.judged(make(), coverage.ALWAYS)
