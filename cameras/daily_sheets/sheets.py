"""The content of a daily sheet: what the night found about one day, ready to be explained and signed.

The content is plain JSON of codes, integers and names as they were: the same in every language, so that
one hash holds for the Turkish and the English print.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from cameras.daily_sheets.sheet_scenes import CHANGED, NO_REFERENCE, NOT_CHECKED, lenses, views
from cameras.models import (
    ChannelCondition,
    CheckResult,
    ClockMeasurement,
    DailySheet,
    DeviceCondition,
    Finding,
    PositionDay,
    Result,
    Run,
)
from cameras.models.runs import CheckKind
from cameras.night.nights import SWEEPS
from cameras.wording.names import device_names
from core.papers import content_text
from core.tsi import day_bounds, day_of
from inventory.models import ChannelAssignment, Position

SCHEMA = 2
RECORDING_IS_FINE = frozenset({Result.RECORDED, Result.EXEMPT})
CLOCK_IS_WRONG = frozenset({"OFF", "SUMMER_TIME", "ZONE", "RESET", "JUMP", "UNSTABLE"})
# Evidence about a day is gathered until the end of the day after it.
EVIDENCE_FOR = dt.timedelta(days=2)


@dataclass
class SheetView:
    """A sheet's content with what pages need to find: exceptions, groups by recorder, what is missing."""

    content: dict[str, Any]
    canonical: str
    sha256: str
    explained: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def cameras(self) -> list[dict[str, Any]]:
        return list(self.content["cameras"])

    @property
    def recorders(self) -> list[dict[str, Any]]:
        return list(self.content["recorders"])

    @property
    def exceptions(self) -> list[dict[str, Any]]:
        """Cameras and recorders that need a person's words."""
        return [row for row in (*self.recorders, *self.cameras) if row["is_exception"]]

    @property
    def unexplained(self) -> list[dict[str, Any]]:
        return [row for row in self.exceptions if row["key"] not in self.explained]


def view_of(sheet: DailySheet) -> SheetView:
    """The signed content where there is one, otherwise the content as it is now."""
    if sheet.is_signed:
        canonical = sheet.signed.canonical
        content = json.loads(canonical)
    else:
        content = content_of(sheet)
        canonical = content_text(content)
    explained = {
        key: {**explanation, "number": number}
        for number, explanation in enumerate(content["explanations"], 1)
        for key in explanation["rows"]
    }
    sha256 = hashlib.sha256(canonical.encode()).hexdigest()
    return SheetView(content, canonical, sha256, explained)


def content_of(sheet: DailySheet) -> dict[str, Any]:
    """What would be signed now: the answers of the day, the recorders, the explanations."""
    gathered = _Gathered(sheet.day)
    cameras = gathered.cameras()
    totals = dict.fromkeys(map(str, Result.values), 0)
    for row in cameras:
        totals[row["result"]] += 1
    return {
        "schema": SCHEMA,
        "form": "DAILY_SHEET",
        "day": sheet.day.isoformat(),
        "due_at": sheet.due_at.isoformat(timespec="seconds"),
        "run": gathered.run_facts(),
        "totals": {"cameras": len(cameras), **totals},
        "recorders": gathered.recorders(),
        "cameras": cameras,
        "explanations": _explanations(sheet),
    }


def _explanations(sheet: DailySheet) -> list[dict[str, Any]]:
    rows = sheet.explanations.select_related("by").prefetch_related("positions", "recorders")
    return [
        {
            "text": row.text,
            "by": row.by.full_name,
            "written_at": row.written_at.isoformat(timespec="seconds"),
            "rows": sorted(
                [f"c{position.pk}" for position in row.positions.all()]
                + [f"r{recorder.pk}" for recorder in row.recorders.all()]
            ),
        }
        for row in rows
    ]


class _Gathered:
    """Everything the night left about one day, in a fixed number of queries."""

    def __init__(self, day: dt.date) -> None:
        self.day = day
        self.start, self.end = day_bounds(day)
        self.until = self.start + EVIDENCE_FOR
        self.answers = self._answers()
        runs = Run.objects.filter(day=day).exclude(kind=Run.Kind.CHECK_NOW)
        self.run = (
            runs.filter(status=Run.Status.FINISHED, kind__in=SWEEPS).order_by("-pk").first()
            or runs.order_by("-pk").first()
        )
        self.channels = self._channels()
        self.recorder_ids = {row.channel.recorder_id for row in self.channels.values()}
        self.names = device_names(self.recorder_ids)
        self.clocks = self._clocks()
        self.conditions = DeviceCondition.objects.in_bulk(self.recorder_ids)
        self.lenses = lenses(day)
        self.pictures = self._pictures()
        self.views = views(self.start, self.until)
        self.findings = self._findings()

    def _answers(self) -> list[PositionDay]:
        """One answer per position; a position in service that nobody asked about could not be checked."""
        rows = PositionDay.objects.filter(day=self.day).select_related("position__floor__building")
        answers = list(rows)
        known = {row.position_id for row in answers}
        in_service = Position.objects.in_service_on(self.day).select_related("floor__building")
        for position in in_service:
            if position.pk not in known:
                answers.append(
                    PositionDay(
                        position=position, day=self.day, result=Result.UNKNOWN, reason="NOT_ASKED"
                    )
                )
        return sorted(answers, key=lambda row: row.position.code)

    def _channels(self) -> dict[int, ChannelAssignment]:
        """The assignment that held last on that day, by position."""
        rows = ChannelAssignment.objects.on(self.day).select_related("channel__condition")
        return {row.position_id: row for row in rows.order_by("starts_at")}

    def _clocks(self) -> dict[int, ClockMeasurement]:
        """The last measurement of each recorder up to the day after, not older than the day itself."""
        rows = ClockMeasurement.objects.filter(
            device__in=self.recorder_ids, measured_at__gte=self.start, measured_at__lt=self.until
        ).order_by("measured_at")
        return {row.device_id: row for row in rows}

    def _pictures(self) -> dict[int, str]:
        """The answer about the picture of the camera at each position."""
        if self.run is None:
            return {}
        answers = dict(
            CheckResult.objects.filter(
                device_check__run__day=self.day,
                device_check__run__kind__in=SWEEPS,
                kind=CheckKind.PICTURE,
            ).values_list("device_check__device", "answer")
        )
        return {
            position: answers[lens.device_id]
            for position, lens in self.lenses.items()
            if lens.device_id in answers
        }

    def _findings(self) -> dict[str, list[int]]:
        """Numbers of the findings that were open in the night after the day, by row of the sheet."""
        rows = Finding.objects.filter(opened_at__lt=self.until, opened_at__isnull=False).exclude(
            closed_at__lt=self.end
        )
        kinds = Finding.Subject
        by_row: dict[str, list[int]] = defaultdict(list)
        for row in rows.order_by("pk"):
            if row.subject_kind == kinds.POSITION:
                by_row[f"c{row.subject_id}"].append(row.pk)
            elif row.subject_kind == kinds.DEVICE:
                by_row[f"r{row.subject_id}"].append(row.pk)
            for position_id in row.covers:
                if row.pk not in by_row[f"c{position_id}"]:
                    by_row[f"c{position_id}"].append(row.pk)
        return by_row

    def run_facts(self) -> dict[str, Any] | None:
        if self.run is None:
            return None
        finished = self.run.finished_at
        return {
            "slot": self.run.slot,
            "finished_at": finished.isoformat(timespec="seconds") if finished else None,
            "coverage_root": self.run.coverage_root,
        }

    def cameras(self) -> list[dict[str, Any]]:
        rows = [self._camera(answer) for answer in self.answers]
        return sorted(rows, key=lambda row: (row["recorder"] or 0, row["channel"] or 0))

    def _camera(self, answer: PositionDay) -> dict[str, Any]:
        position = answer.position
        assignment = self.channels.get(position.pk)
        picture = self.pictures.get(position.pk, NOT_CHECKED)
        oldest = self._oldest(assignment)
        view = self.views.get(position.pk, NO_REFERENCE)
        lens = self.lenses.get(position.pk)
        is_fine = answer.result in RECORDING_IS_FINE and picture != "NO" and view != CHANGED
        return {
            "key": f"c{position.pk}",
            "id": position.pk,
            "code": position.code,
            "name": position.name,
            "building": position.floor.building.name,
            "recorder": assignment.channel.recorder_id if assignment else None,
            "channel": assignment.channel.number if assignment else None,
            "result": str(answer.result),
            "reason": answer.reason,
            "expected_ms": answer.expected_ms,
            "recorded_ms": answer.recorded_ms,
            "gap_count": answer.gap_count,
            "longest_gap_ms": answer.longest_gap_ms,
            "picture": picture,
            "view": view,
            "mask": lens.mask(self.start, self.until) if lens else NOT_CHECKED,
            "oldest": oldest.isoformat() if oldest else None,
            "findings": self.findings.get(f"c{position.pk}", []),
            "is_exception": not is_fine,
        }

    def _oldest(self, assignment: ChannelAssignment | None) -> dt.date | None:
        """The oldest recording of the channel, only where it was measured for this day."""
        try:
            condition: ChannelCondition | None = (
                assignment.channel.condition if assignment else None
            )
        except ChannelCondition.DoesNotExist:
            return None
        if condition is None or condition.earliest_at is None:
            return None
        return day_of(condition.earliest_at) if self._is_about(condition.asked_at) else None

    def _is_about(self, asked_at: dt.datetime | None) -> bool:
        return asked_at is not None and self.start <= asked_at < self.until

    def recorders(self) -> list[dict[str, Any]]:
        rows = [self._recorder(pk) for pk in self.recorder_ids]
        return sorted(rows, key=lambda row: (row["name"], row["id"]))

    def _recorder(self, pk: int) -> dict[str, Any]:
        clock = self.clocks.get(pk)
        condition = self.conditions.get(pk)
        states: list[bool | None] = []
        if condition is not None and self._is_about(condition.disks_at):
            states = [disk.get("healthy") for disk in condition.disks]
        disks = NOT_CHECKED
        if False in states:
            disks = "FAULTY"
        elif states and None not in states:
            disks = "SOUND"
        offset = None
        if clock is not None:
            offset = clock.utc_offset_ms if clock.offset_ms is None else clock.offset_ms
        verdict = clock.verdict if clock else NOT_CHECKED
        return {
            "key": f"r{pk}",
            "id": pk,
            "name": self.names.get(pk, ""),
            "clock_verdict": verdict,
            "clock_offset_ms": offset,
            "clock_measured_at": clock.measured_at.isoformat(timespec="seconds") if clock else None,
            "disks": disks,
            "findings": self.findings.get(f"r{pk}", []),
            "is_exception": verdict in CLOCK_IS_WRONG or disks == "FAULTY",
        }
