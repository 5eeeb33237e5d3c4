"""The export's benchmark runs, small, and tells the figures that were asked for."""

from __future__ import annotations

from tests.benchmarks.running import are_figures, last_line_of


def test_an_export_has_the_same_pictures_as_what_ffmpeg_copies() -> None:
    """B18: from the button to the sealed exhibit."""
    figures = last_line_of("export", "--seconds", "10", "--runs", "1")

    assert are_figures(figures, "x_ffmpeg", "peak_mb", "cpu_seconds", "ffmpeg_cpu_seconds")
    assert figures["bitstream_equal"]
    assert figures["gap_ms"] == 0
