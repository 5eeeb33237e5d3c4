"""Interval arithmetic: how many recorded intervals a second become the answer for a day?

`bin/bench coverage [--seconds 2]`. The last line is JSON: `intervals_per_second` over all kinds of day
together on one core (goal 1,000,000), `slowest_intervals_per_second` of the worst kind, and
`x_naive` against a plain loop over the seconds of the day, on days with many short gaps.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from benchmarks.parts.ending import run, say
from cameras.days import coverage
from cameras.days.coverage import Interval

SECOND = 1_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
START = 1_760_000_000_000 // DAY * DAY
ALWAYS = [(START, START + DAY)]
OFFICE = [(START + 8 * HOUR, START + 12 * HOUR), (START + 13 * HOUR, START + 18 * HOUR)]


def files() -> list[Interval]:
    """An ordinary day: half-hour files with a seam of 0.8 s between them."""
    return [(START + n * HOUR // 2, START + (n + 1) * HOUR // 2 - 800) for n in range(48)]


def short_gaps() -> list[Interval]:
    """The day of REC-17b: 652 gaps of five seconds in eight hours."""
    step = 8 * HOUR // 652
    begin = START + 9 * HOUR
    holes = [(begin + n * step, begin + n * step + 4_860) for n in range(652)]
    return coverage.subtract(ALWAYS, holes)


def motion() -> list[Interval]:
    """Clips of a quarter of a minute, two a minute, of different lengths."""
    draw = random.Random(7)
    return [
        (begin, begin + draw.randint(5, 25) * SECOND)
        for begin in range(START, START + DAY, 30 * SECOND)
    ]


def twice_and_mixed() -> list[Interval]:
    """A recorder that tells its minutes twice, overlapping and in any order."""
    minutes = [(START + n * 60_000, START + n * 60_000 + 60_000) for n in range(1440)]
    told = minutes + [(start + 7_000, end + 7_000) for start, end in minutes]
    random.Random(7).shuffle(told)
    return told


def hourly() -> list[Interval]:
    """Files of an hour with a missing afternoon, as ONVIF events tell them."""
    return [
        (START + n * HOUR, START + (n + 1) * HOUR - 300) for n in range(24) if n not in (13, 14)
    ]


KINDS: dict[str, tuple[Callable[[], list[Interval]], list[Interval]]] = {
    "half-hour files": (files, ALWAYS),
    "hours, two missing": (hourly, ALWAYS),
    "652 short gaps": (short_gaps, ALWAYS),
    "motion clips": (motion, ALWAYS),
    "motion, office hours": (motion, OFFICE),
    "twice, in any order": (twice_and_mixed, ALWAYS),
}


def judged(told: list[Interval], expected: list[Interval]) -> coverage.Result:
    """What the night does with each channel and day."""
    return coverage.judge(coverage.cover(coverage.merge(told), expected))


def by_seconds(told: list[Interval]) -> str:
    """The baseline: one mark per second of the day, then a walk along them. Blind below a second."""
    marks = bytearray(DAY // SECOND)
    for start, end in told:
        for second in range(
            (start - START) // SECOND, min(-(-(end - START) // SECOND), len(marks))
        ):
            marks[second] = 1
    lost = longest = gap = 0
    for mark in marks:
        gap = 0 if mark else gap + 1
        lost += not mark
        longest = max(longest, gap)
    if lost == len(marks):
        return "NOT_RECORDED"
    return "PARTLY" if lost > 60 or longest > 10 else "RECORDED"


def rate(work: Callable[[], object], intervals: int, seconds: float) -> float:
    """Intervals per CPU second."""
    turns = 0
    begin = time.process_time()
    while (used := time.process_time() - begin) < seconds:
        for _turn in range(5):
            work()
        turns += 5
    return turns * intervals / used


def main() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of CPU time per kind of day")
    seconds = parser.parse_args().seconds
    say(
        "Merging what an index told, measuring it against the schedule and judging the day, on one core."
    )
    rates: dict[str, float] = {}
    needed = intervals = 0.0
    for name, (make, expected) in KINDS.items():
        told = make()

        def work(told: list[Interval] = told, expected: list[Interval] = expected) -> object:
            return judged(told, expected)

        rates[name] = rate(work, len(told), seconds)
        needed += len(told) / rates[name]
        intervals += len(told)
        say(f"  {name:22}{len(told):6} intervals  {rates[name]:12,.0f} a second  {work()}")
    told = short_gaps()
    naive = rate(lambda: by_seconds(told), len(told), seconds)
    say(f"  a loop over the seconds of the day with 652 short gaps: {naive:,.0f} a second")
    return {
        "benchmark": "coverage",
        "intervals_per_second": round(intervals / needed),
        "slowest_intervals_per_second": round(min(rates.values())),
        "x_naive": round(rates["652 short gaps"] / naive, 1),
    }


if __name__ == "__main__":
    run(main)
