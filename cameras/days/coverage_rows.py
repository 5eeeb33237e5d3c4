"""Stores judged days: the first full answer is the proof, later ones are revisions, losses are findings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from audit.canon import leaf_hash
from cameras.days.coverage import Result
from cameras.days.judging import END_NOT_TOLD, OVERWRITTEN, ChannelDay
from cameras.models import CoverageDay, CoverageRevision, Run
from cameras.models.coverage import CoverageFacts
from core.tsi import from_ms

MOST_GAPS = 2_000
MOST_GAPS_OF_A_SOURCE = 500
SAME_MS = 2_000
"""Two answers that differ by no more than this are the same answer, read twice."""

LEFT_OUT_WHEN_EMPTY = ("source_gaps", "doubts", "unseen_cut_ms")
"""Facts that most days do not have."""

FACTS = [field.name for field in CoverageFacts._meta.fields]


@dataclass(frozen=True)
class Loss:
    """Recorded time of a proven day that the index no longer lists."""

    channel_id: int
    day: date
    lost_ms: int
    is_overwritten: bool


def facts_of(day: ChannelDay, run: Run | None) -> dict[str, Any]:
    """The columns of a judged day, with its canonical text and leaf hash."""
    told = day.coverage
    gaps = told.gaps if told else ()
    facts: dict[str, Any] = {
        "expected_ms": told.expected_ms if told else 0,
        "recorded_ms": told.recorded_ms if told else 0,
        "disputed_ms": told.disputed_ms if told else 0,
        "longest_gap_ms": told.longest_gap_ms if told else 0,
        "gap_count": len(gaps),
        "gaps": [[gap.start_ms, gap.end_ms, str(gap.cause)] for gap in gaps[:MOST_GAPS]],
        "result": str(day.result),
        "reason": str(day.reason),
        "source": str(day.source),
        "second_source": str(day.second_source),
        "second_recorded_ms": day.second_recorded_ms,
        "source_gaps": _gaps_by_source(day),
        "doubts": _doubts(day),
        "unseen_cut_ms": day.unseen_cut_ms,
        "time_base": str(day.time_base),
        "offset_ms": day.offset.offset_ms,
        "offset_uncertainty_ms": day.offset.uncertainty_ms if day.time_base else None,
        "offset_method": str(day.offset.method) if day.time_base else "",
        "asked_at": from_ms(day.asked_ms),
        "is_complete": day.is_complete,
    }
    canonical = canonical_text(day.channel_id, day.day, facts)
    return {**facts, "canonical": canonical, "sha256": leaf_hash(canonical), "run": run}


def _gaps_by_source(day: ChannelDay) -> dict[str, list[list[int]]] | None:
    """What each of two disagreeing sources lacks; None while they agree."""
    if day.source_gaps is None:
        return None
    return {
        source: [[start, end] for start, end in gaps[:MOST_GAPS_OF_A_SOURCE]]
        for source, gaps in day.source_gaps.items()
    }


def _doubts(day: ChannelDay) -> list[list[int]] | None:
    """Where the doubted time lies; None where there is none."""
    doubted = day.coverage.disputed[:MOST_GAPS] if day.coverage else ()
    return [[start, end] for start, end in doubted] or None


def canonical_text(channel_id: int, day: date, facts: Mapping[str, Any]) -> str:
    """The facts as one line of JSON with sorted keys: what the run's root commits to."""
    asked_at: datetime = facts["asked_at"]
    told = {key: value for key, value in facts.items() if key != "asked_at"}
    for name in LEFT_OUT_WHEN_EMPTY:
        if told.get(name) is None:
            told.pop(name, None)
    content = {
        **told,
        "asked_at": asked_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "channel": channel_id,
        "day": day.isoformat(),
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def store(days: Iterable[ChannelDay], run: Run | None) -> list[Loss]:
    """Stores the answers of one visit inside the caller's transaction. Returns what has disappeared."""
    days = list(days)
    existing = {
        (row.channel_id, row.day): row
        for row in CoverageDay.objects.filter(
            channel__in={day.channel_id for day in days}, day__in={day.day for day in days}
        )
    }
    new: list[CoverageDay] = []
    changed: list[CoverageDay] = []
    revisions: list[CoverageRevision] = []
    losses: list[Loss] = []
    for day in days:
        row = existing.get((day.channel_id, day.day))
        if row is None:
            new.append(_new(day, run))
        elif not row.is_proof:
            if _may_replace(row, day):
                _replace(row, day, run)
                changed.append(row)
        else:
            revision, loss = _later(row, day, run)
            losses += [loss] if loss else []
            if revision is not None:
                revisions.append(revision)
                row.revision = revision.number
                changed.append(row)
    CoverageDay.objects.bulk_create(new, batch_size=200)
    if changed:
        CoverageDay.objects.bulk_update(
            changed, [*FACTS, "is_provisional", "asked_until", "revision"], batch_size=50
        )
    CoverageRevision.objects.bulk_create(revisions)
    return losses


def _new(day: ChannelDay, run: Run | None) -> CoverageDay:
    return CoverageDay(
        channel_id=day.channel_id,
        day=day.day,
        is_provisional=day.is_provisional,
        asked_until=_asked_until(day),
        **facts_of(day, run),
    )


def _asked_until(day: ChannelDay) -> datetime | None:
    return from_ms(day.until_ms) if day.is_provisional and day.until_ms else None


def _may_replace(row: CoverageDay, day: ChannelDay) -> bool:
    """No answer is undone by a later failure to ask, except that "today so far" is not the whole day."""
    if row.reason == END_NOT_TOLD and day.result is Result.RECORDED and not day.second_source:
        # The start of the device that contradicted its events is forgotten at its next start.
        return False
    answered = row.result != Result.UNKNOWN
    whole_day = row.is_provisional and not day.is_provisional
    return whole_day or not (answered and day.result is Result.UNKNOWN)


def _replace(row: CoverageDay, day: ChannelDay, run: Run | None) -> None:
    for name, value in facts_of(day, run).items():
        setattr(row, name, value)
    row.is_provisional = day.is_provisional
    row.asked_until = _asked_until(day)


def _later(
    row: CoverageDay, day: ChannelDay, run: Run | None
) -> tuple[CoverageRevision | None, Loss | None]:
    """What a later answer about a proven day adds: a revision, a loss, or nothing."""
    is_overwritten = day.reason == OVERWRITTEN
    if not (day.is_complete or is_overwritten) or day.coverage is None or day.is_provisional:
        return None, None
    less_ms = row.recorded_ms - day.coverage.recorded_ms
    same = abs(less_ms) <= SAME_MS and str(day.result) == row.result
    same = same and abs(row.expected_ms - day.coverage.expected_ms) <= SAME_MS
    if same:
        return None, None
    loss = None
    if less_ms > SAME_MS:
        before_index = is_overwritten or (
            day.earliest_ms is not None
            and any(gap.cause == OVERWRITTEN for gap in day.coverage.gaps)
        )
        loss = Loss(day.channel_id, day.day, less_ms, before_index)
        if before_index:
            # Overwritten footage is how recorders work; the proof says what was there.
            return None, loss
    if is_overwritten:
        return None, None
    facts = facts_of(day, run)
    if (
        CoverageRevision.objects.filter(coverage_day=row, number=row.revision)
        .filter(
            recorded_ms__range=(facts["recorded_ms"] - SAME_MS, facts["recorded_ms"] + SAME_MS),
            result=facts["result"],
        )
        .exists()
    ):
        return None, loss
    return CoverageRevision(coverage_day=row, number=row.revision + 1, **facts), loss
