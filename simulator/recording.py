"""What a recorder holds, computed from a plan and a seed: weeks of recordings without weeks of disk.

Instants are true milliseconds since 1970-01-01 UTC, spans half open. Days are TSİ days (UTC+3).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from simulator.clocks import DAY_MS, HOUR_MS, TSI_MS, Base, SimClock, mix

FOREVER_MS = 4_102_444_800_000  # 2100-01-01


class Cause(StrEnum):
    """Why nothing was recorded."""

    CAMERA_LOST = "CAMERA_LOST"
    RECORDER_DOWN = "RECORDER_DOWN"
    DISK_FAULT = "DISK_FAULT"
    SHORT_GAPS = "SHORT_GAPS"
    SILENT = "SILENT"
    VANISHED = "VANISHED"


class PlanKind(StrEnum):
    CONTINUOUS = "CONTINUOUS"
    MOTION = "MOTION"
    HOURS = "HOURS"
    NONE = "NONE"


class Recorded(NamedTuple):
    """One file of the index."""

    start_ms: int
    end_ms: int
    kind: str  # continuous or motion
    locked: bool


@dataclass(frozen=True)
class Gap:
    """A span without recording.

    With `daily`, the span is repeated every day and `start_ms`/`end_ms` count from TSİ midnight (an
    end before the start is the next day). `count` > 0 makes that many short gaps inside the span.
    `after_ms`: the files were there and were deleted at that true instant.
    """

    cause: Cause
    start_ms: int
    end_ms: int
    daily: bool = False
    count: int = 0
    after_ms: int = 0

    def spans(self, start_ms: int, end_ms: int, seed: int) -> Iterator[tuple[int, int]]:
        """Yield this gap's silent spans that touch the asked span."""
        for first, last in self._windows(start_ms, end_ms):
            if last <= start_ms or first >= end_ms:
                continue
            if not self.count:
                yield first, last
                continue
            step = (last - first) / self.count
            longest = min(15_000, step * 0.6)
            for number in range(self.count):
                chance = mix(seed, first, number)
                length = int(longest * 0.2 + (chance % 1000) / 1000 * longest * 0.8)
                start = int(first + number * step + (chance >> 20) % max(1, int(step * 0.3)))
                yield start, start + length

    def _windows(self, start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
        if not self.daily:
            yield self.start_ms, self.end_ms
            return
        length = self.end_ms - self.start_ms
        length += DAY_MS if length <= 0 else 0
        for midnight in midnights(start_ms - DAY_MS, end_ms):
            yield midnight + self.start_ms, midnight + self.start_ms + length


@dataclass(frozen=True)
class RecordingPlan:
    """How a channel is recorded. `hours`: weekday (0 = Monday) to [(from, to)] in ms after midnight."""

    kind: PlanKind = PlanKind.CONTINUOUS
    file_ms: int = HOUR_MS
    seam_ms: int = 0
    clips_per_hour: int = 6
    retention_days: float = 14.0
    hours: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    locked: tuple[tuple[int, int], ...] = ()

    def changed(
        self, gaps: Iterable[Gap], retention_days: float | None, locked: Iterable[tuple[int, int]]
    ) -> RecordingPlan:
        """Return this plan with more gaps and locks, and another retention unless None."""
        return replace(
            self,
            gaps=(*self.gaps, *gaps),
            locked=(*self.locked, *locked),
            retention_days=self.retention_days if retention_days is None else retention_days,
        )


def tsi_midnight(true_ms: int) -> int:
    """Return the true instant at which the TSİ day of this instant began."""
    return (true_ms + TSI_MS) // DAY_MS * DAY_MS - TSI_MS


def midnights(start_ms: int, end_ms: int) -> Iterator[int]:
    """Yield the TSİ midnights of the days that touch the span."""
    day = tsi_midnight(start_ms)
    while day < end_ms:
        yield day
        day += DAY_MS


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the union, sorted."""
    union: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        elif start < end:
            union.append((start, end))
    return union


def without(span: tuple[int, int], holes: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield what is left of the span; `holes` are sorted and do not overlap."""
    start, end = span
    for first, last in holes:
        if last <= start:
            continue
        if first >= end:
            break
        if first > start:
            yield start, first
        start = last
    if start < end:
        yield start, end


def _files(plan: RecordingPlan, seed: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    phase = mix(seed, 1) % plan.file_ms
    number = (start - phase) // plan.file_ms
    while True:
        first = number * plan.file_ms + phase
        if first >= end:
            return
        seam = mix(seed, number, 2) % (plan.seam_ms + 1) if plan.seam_ms else 0
        yield first, first + plan.file_ms - seam
        number += 1


def _motion_clips(
    plan: RecordingPlan, seed: int, start: int, end: int
) -> Iterator[tuple[int, int]]:
    step = HOUR_MS // max(1, plan.clips_per_hour)
    for number in range(start // step - 1, end // step + 1):
        chance = mix(seed, number, 3)
        length = 10_000 + chance % max(1, min(80_000, step // 2))
        first = number * step + (chance >> 24) % (step // 3)
        yield first, first + length


def _in_hours(plan: RecordingPlan, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    for midnight in midnights(start - DAY_MS, end + DAY_MS):
        weekday = dt.datetime.fromtimestamp((midnight + TSI_MS) / 1000, dt.UTC).weekday()
        spans += [(midnight + a, midnight + b) for a, b in plan.hours.get(weekday, [])]
    return merged(spans)


def _planned(plan: RecordingPlan, seed: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    if plan.kind is PlanKind.NONE:
        return
    if plan.kind is PlanKind.MOTION:
        yield from _motion_clips(plan, seed, start, end)
    elif plan.kind is PlanKind.CONTINUOUS:
        yield from _files(plan, seed, start, end)
    else:
        for window in _in_hours(plan, start, end):
            for first, last in _files(plan, seed, *window):
                if max(first, window[0]) < min(last, window[1]):
                    yield max(first, window[0]), min(last, window[1])


def oldest_kept_ms(plan: RecordingPlan, now_ms: int) -> int:
    """Return the true instant before which unlocked files have been overwritten."""
    return now_ms - int(plan.retention_days * DAY_MS)


def recorded(
    plan: RecordingPlan,
    seed: int,
    start_ms: int,
    end_ms: int,
    *,
    now_ms: int,
    gaps: Iterable[Gap] = (),
) -> list[Recorded]:
    """Return the files that touch the span at true instant `now_ms`, whole and sorted.

    `gaps` are those of the camera and of the recorder, beside the plan's own.
    """
    oldest = oldest_kept_ms(plan, now_ms)
    lock_reach = min((first for first, _ in plan.locked), default=oldest)
    first = max(start_ms, min(oldest, lock_reach)) - plan.file_ms
    last = min(end_ms, now_ms)
    if first >= last:
        return []
    reach = (first - plan.file_ms, last + 2 * plan.file_ms)
    holes = merged(
        span
        for gap in (*plan.gaps, *gaps)
        if now_ms >= gap.after_ms
        for span in gap.spans(*reach, seed)
    )
    kind = "motion" if plan.kind is PlanKind.MOTION else "continuous"
    found = []
    for planned in _planned(plan, seed, first, last):
        for begin, end in without(planned, holes):
            end = min(end, now_ms)
            if begin >= end or end <= start_ms or begin >= end_ms:
                continue
            locked = any(begin < b and a < end for a, b in plan.locked)
            if locked or end > oldest:
                found.append(Recorded(begin, end, kind, locked))
    return found


def stamped(files: Iterable[Recorded], clock: SimClock, base: Base) -> list[Recorded]:
    """Return the files as the index shows them: with the clock of the time of their recording.

    A file that runs through a jump of the clock is cut there, as recorders do.
    """
    shown = []
    for item in files:
        cuts = [item.start_ms, *clock.breaks_between(item.start_ms, item.end_ms, base), item.end_ms]
        for first, last in itertools.pairwise(cuts):
            begin = clock.at(first, base)
            end = clock.at(last - 1, base) + 1
            shown.append(Recorded(begin, end, item.kind, item.locked))
    return shown
