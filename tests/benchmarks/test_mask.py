"""The benchmark of masked copies runs, small, and loses no frame on either side."""

from __future__ import annotations

from tests.benchmarks.running import are_figures, last_line_of


def test_masking_is_measured_against_ffmpeg() -> None:
    figures = last_line_of("mask", "--seconds", "2", "--rounds", "1")

    assert are_figures(figures, "x_ffmpeg", "x_ffmpeg_cpu", "realtime", "peak_mb")
