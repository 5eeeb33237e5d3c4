"""Asks by playing whether a long stretch was really recorded, where nothing else could contradict the index.

A recorder that writes no event when its power fails, and does not tell when it was started last, would show
a whole day. On one of its channels every two hours one picture is played back: what fails is doubted, on all
channels. The edges of what is doubted are narrowed by halving; the number of pictures is bounded. Shorter
holes can stay unseen: docs/decisions/ says so. All times are true time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from cameras.days.coverage import Interval, total

EVERY_MS = 2 * 3_600_000
PROBE_MS = 60_000
CLEAR_MS = 3 * PROBE_MS
"""So long before a start footage is asked for: recorders play what comes next where there is none."""
EDGE_PROBES = 5
"""Pictures per edge of a hole between two pictures that are `EVERY_MS` apart: to about four minutes."""
LONG_EDGE_PROBES = 9
"""Pictures per edge of a hole of which only one moment is known: a day to about three minutes."""

Plays = Callable[[Interval], Awaitable[bool | None]]
"""Whether something of a minute of true time can be played; None where that could not be found out."""


@dataclass
class Searched:
    """Holes found by playing. `is_whole` is False where trouble ended the search early."""

    holes: list[Interval] = field(default_factory=list)
    is_whole: bool = True


def instants(recorded: Sequence[Interval]) -> list[int]:
    """True-time instants inside recorded time, `EVERY_MS` apart, the first half of that after its start."""
    found = []
    for start, end in recorded:
        found += list(range(start + EVERY_MS // 2, end - PROBE_MS, EVERY_MS))
    return found


async def search(recorded: Sequence[Interval], plays: Plays) -> Searched:
    """The stretches around instants that do not play, with narrowed edges. Stops at trouble."""
    searched = Searched()
    for start, end in recorded:
        good, first_bad, last_bad = start, 0, 0
        for at_ms in instants([(start, end)]):
            answer = await plays((at_ms, at_ms + PROBE_MS))
            if answer is None:
                searched.is_whole = False
                return searched
            if not answer:
                first_bad, last_bad = first_bad or at_ms, at_ms + PROBE_MS
                continue
            if first_bad:
                bad = (first_bad, last_bad)
                searched.holes.append(await _edges((good, at_ms), bad, plays, EDGE_PROBES))
            good, first_bad = at_ms, 0
        if first_bad:
            bad = (first_bad, last_bad)
            searched.holes.append(await _edges((good, end), bad, plays, EDGE_PROBES))
    return searched


async def narrowed(doubted: Interval, started_ms: int | None, plays: Plays) -> list[Interval]:
    """What is left of a doubted stretch after playing into it.

    A recorder that was started at `started_ms` had no power just before: the hole is sought around that moment.
    Without it the stretch is searched as a day is. What no picture contradicts stays doubted.
    """
    start, end = doubted
    if started_ms is not None and start + CLEAR_MS <= started_ms < end:
        before = (started_ms - CLEAR_MS, started_ms - CLEAR_MS + PROBE_MS)
        answer = await plays(before)
        if answer is None:
            return [doubted]
        if answer:
            # Shorter than that, or the moment is not exact: its surroundings stay in doubt.
            return [(max(start, before[0] - PROBE_MS), min(end, started_ms + 5 * PROBE_MS))]
        return [await _edges(doubted, before, plays, LONG_EDGE_PROBES)]
    searched = await search([doubted], plays)
    if not searched.is_whole or not searched.holes:
        return [doubted]
    return searched.holes


async def _edges(limits: Interval, bad: Interval, plays: Plays, most: int) -> Interval:
    """A hole around `bad` inside `limits`, each edge halved at most `most` times; too wide rather than too narrow."""
    good, first_bad = limits[0], bad[0]
    for _probe in range(most):
        middle = (good + first_bad) // 2
        answer = await plays((middle, middle + PROBE_MS)) if first_bad - good > PROBE_MS else None
        if answer is None:
            break
        good, first_bad = (middle, first_bad) if answer else (good, middle)
    last_bad, good_again = bad[1], limits[1]
    for _probe in range(most):
        middle = (last_bad + good_again) // 2
        room = good_again - last_bad
        answer = await plays((middle, middle + PROBE_MS)) if room > 2 * PROBE_MS else None
        if answer is None:
            break
        last_bad, good_again = (last_bad, middle + PROBE_MS) if answer else (middle, good_again)
    # A picture that stands for a minute may be the key frame before it, or come just after it.
    return max(limits[0], good - PROBE_MS), min(limits[1], good_again + PROBE_MS)


def shortest_seen_ms(searched: Searched, expected: Sequence[Interval]) -> int:
    """The length up to which a hole could have been missed by a search."""
    return EVERY_MS if searched.is_whole else total(expected)
