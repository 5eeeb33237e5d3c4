"""The benchmark of two decisions at once runs, small."""

from __future__ import annotations

from tests.benchmarks.running import last_line_of


def test_exactly_one_of_two_decisions_stands() -> None:
    """B3."""
    figures = last_line_of("decisions", "--rounds", "3")

    assert (figures["rounds"], figures["two_decisions"], figures["none"]) == (3, 0, 0)
