"""The pages benchmark, as small as it goes: its rows satisfy the database and its last line has its keys."""

from __future__ import annotations

from tests.benchmarks.running import are_figures, last_line_of


def test_the_pages_benchmark_ends_with_its_figures() -> None:
    figures = last_line_of(
        "pages",
        *("--database", "sqlite", "--cameras", "60", "--days", "20", "--turns", "3"),
        *("--seconds", "0.5", "--no-baseline", "--requests", "20"),
    )

    pages = ("today", "cameras", "camera", "day", "board", "case")
    names = [f"{page}_{what}" for page in pages for what in ("p95_ms", "queries")]
    assert set(figures) == {*names, "api_per_second"}
    assert are_figures(figures, *names, "api_per_second")
    assert max(figures[f"{page}_queries"] for page in pages[:5]) <= 15
