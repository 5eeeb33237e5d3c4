"""The answer per position and day, out of the proofs of its channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from cameras.days import coverage
from cameras.days.coverage import DayCoverage, Interval, Limits, Result
from cameras.models import CoverageDay, PositionDay, Run
from core.tsi import day_bounds_ms, to_ms
from inventory.models import ChannelAssignment, Position
from inventory.schedules import ExpectedDay, expected_many

FOR_EVER: list[Interval] = [(0, 2**62)]
NO_CHANNEL = "NO_CHANNEL"
NOT_ASKED = "NOT_ASKED"
NOT_TOLD = "INCOMPLETE_INDEX"
TOGETHER_MS = 10 * 60_000
"""Channels of one position that were asked within this time were asked together."""
COLUMNS = [
    "result",
    "reason",
    "expected_ms",
    "recorded_ms",
    "longest_gap_ms",
    "gap_count",
    "is_provisional",
    "evidence_at",
    "run",
]


def limits_of(position: Position) -> Limits:
    """The limits between recorded and partly recorded of a position's group."""
    group = position.group
    return Limits(
        lost_ms=1000 * group.lost_seconds_allowed, gap_ms=1000 * group.gap_seconds_allowed
    )


def refresh_channels(channel_days: Iterable[tuple[int, date]], run: Run | None) -> int:
    """Recomputes the positions of these channels and days. Returns how many rows were written."""
    by_day: dict[date, set[int]] = {}
    for channel_id, day in channel_days:
        by_day.setdefault(day, set()).add(channel_id)
    written = 0
    for day, channels in by_day.items():
        positions = Position.objects.filter(
            pk__in=ChannelAssignment.objects.on(day).filter(channel__in=channels).values("position")
        )
        written += refresh(positions.select_related("group"), day, run)
    return written


def refresh(positions: Iterable[Position], day: date, run: Run | None) -> int:
    """Recomputes the answers of these positions for one day, in five queries."""
    positions = list(positions)
    if not positions:
        return 0
    expected = expected_many(positions, day)
    assignments: dict[int, list[ChannelAssignment]] = {}
    for row in ChannelAssignment.objects.on(day).filter(position__in=positions):
        assignments.setdefault(row.position_id, []).append(row)
    used: dict[int, int] = {}
    for rows in assignments.values():
        for row in rows:
            used[row.channel_id] = used.get(row.channel_id, 0) + 1
    proofs = {
        row.channel_id: row for row in CoverageDay.objects.filter(day=day, channel__in=list(used))
    }
    answers = [
        PositionDay(
            position=position,
            day=day,
            run=run,
            **_answer(
                position, day, expected[position.pk], assignments.get(position.pk, []), proofs
            ),
        )
        for position in positions
    ]
    PositionDay.objects.bulk_create(
        answers,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["position", "day"],
        update_fields=COLUMNS,
    )
    return len(answers)


def _answer(
    position: Position,
    day: date,
    expected: ExpectedDay,
    assignments: Sequence[ChannelAssignment],
    proofs: Mapping[int, CoverageDay],
) -> dict[str, Any]:
    if expected.kind == "EXEMPT" or not expected.spans_ms:
        return {"result": Result.EXEMPT, "reason": ""}
    rows = [proofs[a.channel_id] for a in assignments if a.channel_id in proofs]
    if not assignments:
        return {"result": Result.UNKNOWN, "reason": NO_CHANNEL}
    if not rows:
        return {"result": Result.UNKNOWN, "reason": NOT_ASKED}
    is_over = day_bounds_ms(day)[1] <= to_ms(timezone.now())
    is_left_over = is_over and any(row.is_provisional for row in rows)
    if len(rows) == len(assignments) == 1 and _is_whole(assignments[0], day) and not is_left_over:
        return _copied(rows[0])
    return _united(position, expected, assignments, proofs, None if is_over else _frontier(rows))


def _is_whole(assignment: ChannelAssignment, day: date) -> bool:
    start_ms, end_ms = day_bounds_ms(day)
    until = assignment.ends_at
    return to_ms(assignment.starts_at) <= start_ms and (until is None or to_ms(until) >= end_ms)


def _copied(row: CoverageDay) -> dict[str, Any]:
    return {
        "result": row.result,
        "reason": row.reason,
        "expected_ms": row.expected_ms,
        "recorded_ms": row.recorded_ms,
        "longest_gap_ms": row.longest_gap_ms,
        "gap_count": row.gap_count,
        "is_provisional": row.is_provisional,
        "evidence_at": row.asked_at if row.result != Result.UNKNOWN else None,
    }


def _frontier(rows: Iterable[CoverageDay]) -> int | None:
    """Up to where a day that is not over is told: as far as the channels that were asked together."""
    untils = [to_ms(row.known_until) for row in rows if row.known_until is not None]
    newest = max(untils, default=0)
    return min((until for until in untils if newest - until <= TOGETHER_MS), default=None)


def _united(
    position: Position,
    expected: ExpectedDay,
    assignments: Sequence[ChannelAssignment],
    proofs: Mapping[int, CoverageDay],
    frontier: int | None,
) -> dict[str, Any]:
    """Several channels, or a channel for a part of the day. Time that nobody could tell stays unknown."""
    spans = coverage.clip(
        list(expected.spans_ms), FOR_EVER if frontier is None else [(0, frontier)]
    )
    known: list[Interval] = []
    unsure = coverage.subtract(
        spans, coverage.merge(span for one in assignments for span in _held(one, spans))
    )
    reason = NO_CHANNEL
    rows = [proofs[a.channel_id] for a in assignments if a.channel_id in proofs]
    for assignment in assignments:
        told = _told_of(assignment, proofs.get(assignment.channel_id), spans, limits_of(position))
        known += told.known
        unsure += told.unsure
        reason = told.reason or reason
    known = coverage.merge(known)
    together: DayCoverage = coverage.cover(
        known, spans, disputed=coverage.subtract(coverage.merge(unsure), known)
    )
    result = coverage.judge(together, limits_of(position), motion_only=expected.kind == "MOTION")
    evidence = [row.asked_at for row in rows if _says_something(row)]
    if not evidence:
        result = Result.UNKNOWN
    return {
        "result": result,
        "reason": reason if result is Result.UNKNOWN else "",
        "expected_ms": together.expected_ms,
        "recorded_ms": together.recorded_ms,
        "longest_gap_ms": together.longest_gap_ms,
        "gap_count": together.gap_count,
        "is_provisional": frontier is not None,
        "evidence_at": min(evidence) if evidence and result is not Result.UNKNOWN else None,
    }


@dataclass(frozen=True)
class _Told:
    """What one channel tells of the time for which it belonged to a position; why some of it is unsure."""

    known: list[Interval]
    unsure: list[Interval]
    reason: str = ""


def _says_something(row: CoverageDay) -> bool:
    return row.result != Result.UNKNOWN or bool(row.doubts)


def _told_of(
    assignment: ChannelAssignment,
    row: CoverageDay | None,
    spans: Sequence[Interval],
    limits: Limits,
) -> _Told:
    held = _held(assignment, spans)
    if row is None:
        return _Told([], held, NOT_ASKED)
    untold: list[Interval] = []
    if row.known_until is not None:
        untold = coverage.clip(held, [(to_ms(row.known_until), FOR_EVER[0][1])])
        held = coverage.subtract(held, untold)
    late = NOT_ASKED if untold else ""
    if not _says_something(row):
        return _Told([], held + untold, row.reason)
    if not _tells_each_minute(row, limits):
        return _Told([], recorded_of(row, held) + untold, row.reason or NOT_TOLD)
    doubted = row.doubted_of(held)
    known = coverage.subtract(recorded_of(row, held), doubted)
    return _Told(known, doubted + untold, row.reason or (NOT_TOLD if doubted else late))


def _tells_each_minute(row: CoverageDay, limits: Limits) -> bool:
    """Whether what the row's listed gaps leave was surely recorded; its sums alone do not say where."""
    listed_ms = sum(end - start for start, end, _cause in row.gaps)
    unlisted_ms = row.expected_ms - row.recorded_ms - listed_ms
    return row.tells_doubts and unlisted_ms - row.disputed_ms <= limits.lost_ms


def _held(assignment: ChannelAssignment, spans: Sequence[Interval]) -> list[Interval]:
    start_ms = to_ms(assignment.starts_at)
    end_ms = to_ms(assignment.ends_at) if assignment.ends_at else FOR_EVER[0][1]
    return coverage.clip(spans, [(start_ms, end_ms)])


def recorded_of(row: CoverageDay, spans: Sequence[Interval]) -> list[Interval]:
    """Recorded intervals of a stored day inside `spans`: what its listed gaps leave of the time it knows.

    Doubted time is among them.
    """
    if row.recorded_ms + row.disputed_ms == 0:
        return []
    until = row.known_until
    known = coverage.clip(list(spans), FOR_EVER if until is None else [(0, to_ms(until))])
    gaps = coverage.merge((start, end) for start, end, _cause in row.gaps)
    return coverage.subtract(known, gaps)
