"""What a worker gives back after its largest task."""

from __future__ import annotations

from pathlib import Path

from core.memory import give_back

MB = 1024 * 1024


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_what_was_freed_below_something_that_stays_goes_back_to_the_system():
    """The allocator alone keeps it: only what is freed at the top goes back by itself."""
    rows = [bytes(2048) for _number in range(20_000)]
    stays = rows[-1]
    del rows
    before = resident()

    give_back()

    assert before - resident() > 20 * MB
    assert stays
