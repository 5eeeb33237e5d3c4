"""Which minute is played back as a proof: the one that a person chose, else one drawn so that anybody can repeat it."""

from __future__ import annotations

import random

from cameras.days import coverage
from cameras.days.coverage import DayCoverage, Interval
from cameras.days.judging import MINUTE_MS, ProofAsk


def minute_to_play(day: DayCoverage, ask: ProofAsk) -> Interval | None:
    """The given minute where the index claims all of it, else a drawn one; None where nothing is claimed."""
    if ask.minute is None:
        return draw_minute(day, ask.seed)
    claimed = coverage.total(coverage.clip(day.intervals, [ask.minute]))
    return ask.minute if claimed == ask.minute[1] - ask.minute[0] else None


def draw_minute(day: DayCoverage, seed: str) -> Interval | None:
    """One whole minute inside the recorded time, drawn with a seed that anybody can repeat."""
    roomy = [span for span in day.intervals if span[1] - span[0] >= 2 * MINUTE_MS]
    starts = sum(end - start - MINUTE_MS for start, end in roomy)
    if starts <= 0:
        return None
    left = random.Random(seed).randrange(starts)  # noqa: S311 - a sample, not a secret
    for start, end in roomy:
        room = end - start - MINUTE_MS
        if left < room:
            # Whole seconds: many recorders cut their URLs to them.
            at_ms = (start + left) // 1000 * 1000
            at_ms = max(at_ms, start)
            return at_ms, at_ms + MINUTE_MS
        left -= room
    return None
