"""The benchmark that kills sealers, as small as it goes."""

from __future__ import annotations

from tests.benchmarks.running import last_line_of


def test_killed_sealers_leave_every_entry_sealed_once() -> None:
    """A12: the full size is `bin/bench audit --kills 44`."""
    figures = last_line_of("audit", "--kills", "2", "--seconds", "2", "--writers", "1")

    assert figures["kills"] == 2
    assert figures["entries"] == figures["sealed"] == figures["verify_entries"] > 10
    assert figures["verify_exit_code"] < 2
