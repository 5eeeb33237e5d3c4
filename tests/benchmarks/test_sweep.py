"""The sweep's benchmark runs, small, and tells the figures that were asked for."""

from __future__ import annotations

from tests.benchmarks.running import are_figures, last_line_of


def test_the_sweep_compares_three_ways_to_ask_the_same_six_questions() -> None:
    figures = last_line_of("sweep", "--devices", "2", "--rounds", "1", "--latency-ms", "0")

    assert are_figures(figures, "devices_per_cpu_second", "x_onvifcamera", "x_handwritten")
    assert figures["devices"] == 2
