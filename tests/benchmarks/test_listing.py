"""`bin/bench` without a name lists what there is."""

from __future__ import annotations

from benchmarks.__main__ import first_line, names


def test_every_benchmark_says_in_one_line_what_it_measures() -> None:
    assert {"audit", "coverage", "decisions", "mask", "nightly", "pages", "start", "sweep"} <= set(
        names()
    )
    assert all(20 < len(first_line(name)) < 120 for name in names())
