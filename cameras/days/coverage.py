"""Interval arithmetic of recordings: from a recorder's index to what one day really holds.

Everything here is pure. Instants are integer milliseconds since 1970 UTC; intervals are half open
`(start_ms, end_ms)` tuples; a *merged* list is sorted, disjoint and without empty intervals. Functions
say whether they work in a device's time base or in true time; `cameras.clocks.history` converts between them.

A day is judged twice, once with every disputed minute taken as recorded and once as lost. Where both
judgements agree, that is the answer; where they differ, the answer is "unknown" - never a guess.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

Interval = tuple[int, int]

SEAM_MS = 1_000
"""Holes up to this long are seams between two files: joined for display, their time still counts as lost."""


class Result(StrEnum):
    """The answer for one position (or channel) and one day."""

    RECORDED = "RECORDED"
    PARTLY = "PARTLY"
    NOT_RECORDED = "NOT_RECORDED"
    UNKNOWN = "UNKNOWN"
    EXEMPT = "EXEMPT"


class GapCause(StrEnum):
    """Why a stretch of expected time is missing."""

    NO_STREAM = "NO_STREAM"
    RECORDER_DOWN = "RECORDER_DOWN"
    DISK = "DISK"
    OUTSIDE_INDEX = "OUTSIDE_INDEX"
    CLOCK_JUMP = "CLOCK_JUMP"
    UNKNOWN = "UNKNOWN"


class Gap(NamedTuple):
    """A missing stretch of expected time, in true time."""

    start_ms: int
    end_ms: int
    cause: GapCause = GapCause.UNKNOWN

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms


@dataclass(frozen=True)
class Limits:
    """How much a day may lose and still count as recorded (settings per position group)."""

    lost_ms: int = 60_000
    gap_ms: int = 10_000
    seam_ms: int = SEAM_MS


@dataclass(frozen=True)
class DayCoverage:
    """What one channel holds of the expected time of one day, in true time.

    `gaps` are the holes longer than a seam, without the disputed stretches; `seams_ms` sums the shorter
    ones. `disputed` are stretches in which two sources disagree. `intervals` is the recorded time inside
    the expected time.
    """

    expected_ms: int
    recorded_ms: int
    seams_ms: int
    gaps: tuple[Gap, ...]
    disputed: tuple[Interval, ...] = ()
    intervals: tuple[Interval, ...] = field(default=(), repr=False)

    @property
    def disputed_ms(self) -> int:
        return total(self.disputed)

    @property
    def lost_ms(self) -> int:
        """Expected time that is certainly missing, seams included."""
        return self.expected_ms - self.recorded_ms - self.disputed_ms

    @property
    def gap_count(self) -> int:
        return len(self.gaps)

    @property
    def longest_gap_ms(self) -> int:
        return max((gap.length_ms for gap in self.gaps), default=0)


def merge(intervals: Iterable[Interval], *, tolerance_ms: int = 0) -> list[Interval]:
    """Sorts and joins what overlaps, touches, or lies at most `tolerance_ms` apart. Empty ones are dropped."""
    merged: list[Interval] = []
    ordered = sorted(intervals)
    if not ordered:
        return merged
    start, end = ordered[0]
    keep = merged.append
    for next_start, next_end in ordered:
        if next_start <= end + tolerance_ms:
            if next_end > end:
                end = next_end
        else:
            if end > start:
                keep((start, end))
            start, end = next_start, next_end
    if end > start:
        keep((start, end))
    return merged


def _within(merged: Sequence[Interval], span: Interval) -> Sequence[Interval]:
    """The intervals of a merged list that share time with a span, whole."""
    # A shorter tuple sorts before every interval that starts with it.
    first = bisect_left(merged, (span[0] + 1,))
    if first and merged[first - 1][1] > span[0]:
        first -= 1
    return merged[first : bisect_left(merged, (span[1],), first)]


def clip(merged: Sequence[Interval], spans: Sequence[Interval]) -> list[Interval]:
    """What two merged lists have in common."""
    # Whole runs of intervals are taken over at once, so it is the shorter list that is walked.
    if len(spans) > len(merged):
        merged, spans = spans, merged
    common: list[Interval] = []
    for start, end in spans:
        inside = _within(merged, (start, end))
        if not inside:
            continue
        place = len(common)
        common += inside
        if inside[0][0] < start:
            common[place] = (start, inside[0][1])
        if inside[-1][1] > end:
            common[-1] = (common[-1][0], end)
    return common


def subtract(spans: Sequence[Interval], merged: Sequence[Interval]) -> list[Interval]:
    """What of `spans` is not in `merged` (both merged lists)."""
    left: list[Interval] = []
    for start, end in spans:
        inside = _within(merged, (start, end))
        if not inside:
            left.append((start, end))
            continue
        if inside[0][0] > start:
            left.append((start, inside[0][0]))
        left += [(before, after) for (_, before), (after, _) in pairwise(inside) if after > before]
        if inside[-1][1] < end:
            left.append((inside[-1][1], end))
    return left


def total(intervals: Iterable[Interval]) -> int:
    """Sum of lengths, in milliseconds."""
    return sum(end - start for start, end in intervals)


def shift(intervals: Iterable[Interval], by_ms: int) -> list[Interval]:
    return [(start + by_ms, end + by_ms) for start, end in intervals]


def cover(
    recorded: Sequence[Interval],
    expected: Sequence[Interval],
    *,
    disputed: Sequence[Interval] = (),
    seam_ms: int = SEAM_MS,
) -> DayCoverage:
    """Measures recorded time against expected time. All three are merged lists in true time."""
    inside = clip(recorded, expected)
    unsure = clip(disputed, expected)
    certain = subtract(inside, unsure) if unsure else inside
    holes = subtract(expected, merge([*certain, *unsure]) if unsure else certain)
    gaps = tuple(Gap(start, end) for start, end in holes if end - start > seam_ms)
    missing_ms = total(holes)
    return DayCoverage(
        expected_ms=total(expected),
        recorded_ms=total(certain),
        seams_ms=missing_ms - sum(gap.length_ms for gap in gaps),
        gaps=gaps,
        disputed=tuple(unsure),
        intervals=tuple(certain),
    )


def judge(day: DayCoverage, limits: Limits = Limits(), *, motion_only: bool = False) -> Result:
    """The answer for a day. UNKNOWN where the disputed stretches would change it."""
    hopeful = _judged_as(day, limits, motion_only, disputed_is_recorded=True)
    if not day.disputed:
        return hopeful
    doubtful = _judged_as(day, limits, motion_only, disputed_is_recorded=False)
    return hopeful if hopeful is doubtful else Result.UNKNOWN


def _judged_as(
    day: DayCoverage, limits: Limits, motion_only: bool, *, disputed_is_recorded: bool
) -> Result:
    if day.expected_ms == 0:
        return Result.EXEMPT
    recorded_ms = day.recorded_ms + (day.disputed_ms if disputed_is_recorded else 0)
    if motion_only:
        return Result.RECORDED if recorded_ms else Result.NOT_RECORDED
    if recorded_ms == 0:
        return Result.NOT_RECORDED
    holes = [(gap.start_ms, gap.end_ms) for gap in day.gaps]
    if not disputed_is_recorded:
        holes = merge([*holes, *day.disputed])
    longest_ms = max((end - start for start, end in holes), default=0)
    if day.expected_ms - recorded_ms > limits.lost_ms or longest_ms > limits.gap_ms:
        return Result.PARTLY
    return Result.RECORDED


def compare(
    one: Sequence[Interval], other: Sequence[Interval], *, tolerance_ms: int = 2_000
) -> list[Interval]:
    """Where two sources disagree (merged lists, true time). Differences up to the tolerance are rounding."""
    differences = merge([*subtract(one, other), *subtract(other, one)])
    return [(start, end) for start, end in differences if end - start > tolerance_ms]


def with_causes(
    day: DayCoverage,
    *,
    earliest_ms: int | None = None,
    recorder_down: Sequence[Interval] = (),
    disk: Sequence[Interval] = (),
    no_stream: Sequence[Interval] = (),
    clock_jump: Sequence[Interval] = (),
) -> DayCoverage:
    """Names the cause of each gap: the first of the known spans that covers most of it wins.

    `earliest_ms` is the oldest unlocked recording: what lies before it was overwritten, not missed.
    """
    known = (
        (GapCause.OUTSIDE_INDEX, [(0, earliest_ms)] if earliest_ms else []),
        (GapCause.CLOCK_JUMP, merge(clock_jump)),
        (GapCause.RECORDER_DOWN, merge(recorder_down)),
        (GapCause.DISK, merge(disk)),
        (GapCause.NO_STREAM, merge(no_stream)),
    )
    return replace(day, gaps=tuple(gap._replace(cause=_cause(gap, known)) for gap in day.gaps))


def _cause(gap: Gap, known: Sequence[tuple[GapCause, Sequence[Interval]]]) -> GapCause:
    for cause, spans in known:
        if 2 * total(clip([(gap.start_ms, gap.end_ms)], spans)) > gap.length_ms:
            return cause
    return GapCause.UNKNOWN


def common_gaps(days: Sequence[DayCoverage]) -> list[Interval]:
    """Stretches that every channel of a recorder lacks: the recorder's fault, not a camera's.

    With fewer than two channels that recorded at all nothing can be told apart, and the list is empty.
    """
    seen = [day for day in days if day.expected_ms]
    if len(seen) < 2:
        return []
    lacking: list[Interval] = [(gap.start_ms, gap.end_ms) for gap in seen[0].gaps]
    for day in seen[1:]:
        lacking = clip(lacking, [(gap.start_ms, gap.end_ms) for gap in day.gaps])
    return lacking


@dataclass(frozen=True)
class Retention:
    """How far back a channel's recordings reach. Locked clips are not counted; holes are.

    `span_ms` is now minus the oldest unlocked recording; `held_ms` is that span without the known holes.
    """

    span_ms: int
    hole_ms: int

    @property
    def held_ms(self) -> int:
        return self.span_ms - self.hole_ms


def retention(
    earliest_ms: int | None, now_ms: int, holes: Sequence[Interval] = ()
) -> Retention | None:
    """Measured retention of a channel in true time, or None when the oldest recording is not known."""
    if earliest_ms is None or earliest_ms > now_ms:
        return None
    inside = clip(merge(holes), [(earliest_ms, now_ms)])
    return Retention(span_ms=now_ms - earliest_ms, hole_ms=total(inside))
