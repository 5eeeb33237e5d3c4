"""Was it recording? The answer for a position and a day, or a moment, with its evidence and its age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from cameras.days import coverage, position_days
from cameras.days.coverage import Interval
from cameras.models import CoverageDay, PositionDay
from core.tsi import day_of, to_ms
from inventory.models import ChannelAssignment, Position
from inventory.schedules import expected

YES, NO, UNKNOWN = "YES", "NO", "UNKNOWN"


@dataclass(frozen=True)
class Evidence:
    """One channel's proof for that day."""

    channel: str
    proof: CoverageDay

    def as_json(self) -> dict[str, Any]:
        row = self.proof
        return {
            "channel": self.channel,
            "result": row.result,
            "reason": row.reason,
            "source": row.source,
            "second_source": row.second_source,
            "asked_at": row.asked_at.isoformat(timespec="seconds"),
            "known_until": row.known_until.isoformat(timespec="seconds")
            if row.known_until
            else None,
            "time_base": row.time_base,
            "clock_offset_ms": row.offset_ms,
            "clock_uncertainty_ms": row.offset_uncertainty_ms,
            "clock_method": row.offset_method,
            "expected_ms": row.expected_ms,
            "recorded_ms": row.recorded_ms,
            "longest_gap_ms": row.longest_gap_ms,
            "gap_count": row.gap_count,
            "gaps": row.gaps,
            "doubts": row.doubts or [],
            "unseen_cut_ms": row.unseen_cut_ms,
            "provisional": row.is_provisional,
            "revisions": row.revision,
            "sha256": row.sha256,
            "intact": row.is_intact(),
            "run": row.run.slot if row.run else None,
            "run_root": row.run.coverage_root if row.run else None,
        }


@dataclass(frozen=True)
class WasRecording:
    """The answer: `result` for the day, `at_moment` (YES, NO, UNKNOWN) where a moment was asked."""

    position: Position
    day: date
    result: str
    reason: str
    answer: PositionDay | None
    evidence: tuple[Evidence, ...]
    at: datetime | None = None
    at_moment: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain data, for --json and the API."""
        return {
            "position": self.position.code,
            "name": self.position.name,
            "day": self.day.isoformat(),
            "result": self.result,
            "reason": self.reason,
            "at": self.at.isoformat() if self.at else None,
            "at_moment": self.at_moment or None,
            "evidence": [item.as_json() for item in self.evidence],
        }


def find_positions(text: str) -> list[Position]:
    """Positions by code, or by the serial, MAC or id of the camera fitted there now."""
    found = Position.objects.filter(code__iexact=text)
    if not found:
        device = Q(installations__device__serial__iexact=text)
        device |= Q(installations__device__mac__iexact=text)
        if text.isdigit():
            device |= Q(installations__device=int(text))
        found = Position.objects.filter(device, installations__ends_at=None).distinct()
    return list(found.order_by("code"))


def was_recording(position: Position, day: date, at: datetime | None = None) -> WasRecording:
    """What is known about one position and day. Never asked is "could not check", not "no"."""
    answer = PositionDay.objects.filter(position=position, day=day).first()
    assignments = list(
        ChannelAssignment.objects.on(day)
        .filter(position=position)
        .select_related("channel__recorder")
    )
    names = {row.channel_id: str(row.channel) for row in assignments}
    proofs = CoverageDay.objects.filter(day=day, channel__in=names).select_related("run")
    evidence = tuple(Evidence(names[proof.channel_id], proof) for proof in proofs)
    return WasRecording(
        position,
        day,
        result=answer.result if answer else UNKNOWN,
        reason=answer.reason if answer else "NOT_ASKED",
        answer=answer,
        evidence=evidence,
        at=at,
        at_moment=_at_moment(position, assignments, evidence, at) if at else "",
    )


def _at_moment(
    position: Position,
    assignments: list[ChannelAssignment],
    evidence: tuple[Evidence, ...],
    at: datetime,
) -> str:
    """YES where one channel has the moment; NO only where every channel is known not to have it."""
    moment = (to_ms(at), to_ms(at) + 1)
    if not coverage.clip(list(expected(position, day_of(at)).spans_ms), [moment]):
        # What is recorded when nothing is expected is not kept as a proof.
        return UNKNOWN
    on_it = {
        row.channel_id
        for row in assignments
        if row.starts_at <= at and (row.ends_at is None or row.ends_at > at)
    }
    known = [item.proof for item in evidence if item.proof.channel_id in on_it]
    told = [_told_of(row, moment) for row in known]
    if YES in told:
        return YES
    return NO if told == [NO] * len(on_it) and told else UNKNOWN


def _told_of(row: CoverageDay, moment: Interval) -> str:
    """What one channel's row says about one moment."""
    is_complete = row.gap_count <= len(row.gaps)
    until = row.known_until
    if until is not None and to_ms(until) <= moment[0]:
        return UNKNOWN
    if row.result == "UNKNOWN" and not row.doubts:
        return UNKNOWN
    if row.result == "EXEMPT" or not is_complete or row.doubted_of([moment]):
        return UNKNOWN
    return YES if position_days.recorded_of(row, [moment]) else NO
