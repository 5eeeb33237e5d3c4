"""Asks by playing whether a long stretch was really recorded, where nothing else could contradict the index.

A recorder that writes no event when its power fails, and does not tell when it was started last, would show
a whole day. On one of its channels every two hours one picture is played back: what fails is doubted between
its neighbours that play, on all channels. Shorter holes can stay unseen: docs/decisions/ says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from cameras.coverage import Interval

EVERY_MS = 2 * 3_600_000
PROBE_MS = 60_000

Plays = Callable[[Interval], Awaitable[bool | None]]
"""Whether something of a minute of true time can be played; None where that could not be found out."""


def instants(recorded: Sequence[Interval]) -> list[int]:
    """True-time instants inside recorded time, `EVERY_MS` apart, the first half of that after its start."""
    found = []
    for start, end in recorded:
        found += list(range(start + EVERY_MS // 2, end - PROBE_MS, EVERY_MS))
    return found


async def doubted(recorded: Sequence[Interval], plays: Plays) -> list[Interval]:
    """The stretches around instants that do not play, up to the next ones that do. Stops at trouble."""
    found: list[Interval] = []
    for start, end in recorded:
        good, is_bad = start, False
        for at_ms in instants([(start, end)]):
            answer = await plays((at_ms, at_ms + PROBE_MS))
            if answer is None:
                return found
            if answer and is_bad:
                found.append((good, at_ms))
            good, is_bad = (at_ms, False) if answer else (good, True)
        if is_bad:
            found.append((good, end))
    return found
