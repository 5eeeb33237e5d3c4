"""What one visit says about its device and channels: findings and changes of state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from cameras.clocks.verdicts import Verdict
from cameras.days.coverage_rows import Loss
from cameras.models import DeviceCheck, DeviceCondition, Finding
from cameras.night import drawn_areas, restarts
from cameras.night.findings import Found, Subject, note_changes, settle
from cameras.protocols.base import Identity, Reason
from cameras.protocols.recognition import is_same_device
from cameras.visiting.visit_data import NO, YES, VisitOutcome, VisitPlan
from core.tsi import day_of, from_ms
from inventory.models import Channel, ChannelAssignment, Device, Installation

Kind = Finding.Kind
RED_LOST_PER_MILLE = 100
"""More than 10 % of lost frames is red (REC-11)."""
LOST_FRAMES = "LOST_FRAMES"


@dataclass
class _Verdicts:
    """Collects what was found, what was looked for, and what changed."""

    found: list[Found] = field(default_factory=list)
    looked: list[tuple[str, Subject]] = field(default_factory=list)
    changes: list[tuple[Subject, str, str, str]] = field(default_factory=list)

    def say(self, wrong: bool, kind: str, subject: Subject, reason: str = "", **more: Any) -> None:
        self.looked.append((kind, subject))
        if wrong:
            self.found.append(Found(kind, subject, str(reason), **more))


def device_subject(device: Device) -> Subject:
    return Subject(Finding.Subject.DEVICE, device.pk, str(device))


def judge(
    check: DeviceCheck,
    plan: VisitPlan | None,
    outcome: VisitOutcome,
    condition: DeviceCondition,
    was: DeviceCondition,
    now: datetime,
) -> None:
    """Settles every finding that this visit can speak about."""
    verdicts = _Verdicts()
    subject = device_subject(check.device)
    _identity(verdicts, check.device, subject, outcome, was)
    _reachability(verdicts, check, subject, outcome, was)
    _clock(verdicts, subject, outcome, condition, was)
    _credential(verdicts, subject, outcome)
    if outcome.disks is not None:
        _disks(verdicts, subject, condition)
    if outcome.start is not None and not condition.starts_reason:
        _restarts(verdicts, subject, condition, was, now)
    if outcome.days or outcome.proofs:
        _channels(verdicts, outcome)
    if outcome.mask_areas is not None:
        _masks(verdicts, check.device, subject, outcome.mask_areas, was.mask_areas)
    settle(verdicts.found, verdicts.looked, now)
    note_changes(verdicts.changes, now)


def _identity(
    verdicts: _Verdicts,
    device: Device,
    subject: Subject,
    outcome: VisitOutcome,
    was: DeviceCondition,
) -> None:
    told = outcome.identity
    if told is None:
        if any(answer.reason == Reason.WRONG_DEVICE for answer in outcome.answers.values()):
            # It said so before any login was sent; who it is instead is not known.
            verdicts.say(True, Kind.SERIAL_CHANGED, subject, detail={"before": device.serial})
        return
    known = device.serial or was.serial
    same = is_same_device(Identity(serial=known), Identity(serial=told.serial))
    if known and told.serial and same is False:
        detail = {"before": known, "after": told.serial[:120]}
        verdicts.say(True, Kind.SERIAL_CHANGED, subject, detail=detail)
        if was.serial != told.serial[:120]:
            verdicts.changes.append((subject, "serial", known, told.serial))
    firmware = was.firmware or device.firmware
    if firmware and told.firmware and not is_same_firmware(firmware, told.firmware[:120]):
        detail = {"before": firmware, "after": told.firmware[:120]}
        verdicts.say(True, Kind.FIRMWARE_CHANGED, subject, detail=detail)
        verdicts.changes.append((subject, "firmware", firmware, told.firmware[:120]))


def is_same_firmware(one: str, other: str) -> bool:
    """Whether two spellings name one version: 'V4.30.005 build 220815' is '4.30.005,build:220815'.

    Protocols and people leave out the build; what both name must be the same.
    """
    first, second = _firmware_tokens(one), _firmware_tokens(other)
    return first <= second or second <= first


def _firmware_tokens(text: str) -> set[str]:
    tokens = re.split(r"[^0-9a-z.-]+", text.casefold())
    plain = {re.sub(r"^v(?=\d)", "", token).strip(".-") for token in tokens}
    return plain - {"", "build", "version", "ver", "date"}


def _reachability(
    verdicts: _Verdicts,
    check: DeviceCheck,
    subject: Subject,
    outcome: VisitOutcome,
    was: DeviceCondition,
) -> None:
    state = "ANSWERS" if outcome.answered else "SILENT"
    before = "SILENT" if was.silent_since else ("ANSWERS" if was.answered_at else "")
    if outcome.answered or outcome.is_silent:
        verdicts.changes.append((subject, "reachable", before, state))
    if outcome.answered:
        verdicts.looked += [(Kind.CAMERA_SILENT, subject), (Kind.RECORDER_SILENT, subject)]
    elif _is_long_silent(check.device, outcome, was):
        covers = list(
            ChannelAssignment.objects.current()
            .filter(channel__recorder=check.device)
            .values_list("position", flat=True)
            .distinct()
        )
        verdicts.say(
            True,
            Kind.RECORDER_SILENT,
            subject,
            outcome.failed_with,
            covers=tuple(covers),
            count=len(covers),
        )


def _is_long_silent(device: Device, outcome: VisitOutcome, was: DeviceCondition) -> bool:
    """Whether a recorder has been silent for as long as it takes to be reported (REC-9)."""
    if device.kind != Device.Kind.RECORDER or not outcome.is_silent:
        return False
    since = was.silent_since or from_ms(outcome.started_ms)
    ended = from_ms(outcome.ended_ms or outcome.started_ms)
    return ended - since >= timedelta(minutes=settings.RECORDER_SILENT_MINUTES)


def _clock(
    verdicts: _Verdicts,
    subject: Subject,
    outcome: VisitOutcome,
    condition: DeviceCondition,
    was: DeviceCondition,
) -> None:
    if outcome.clock is None or outcome.clock.offset_ms is None:
        return
    verdict = condition.clock_verdict
    detail = {
        "offset_ms": outcome.clock.offset_ms,
        "uncertainty_ms": outcome.clock.uncertainty_ms,
        "zone": outcome.clock.zone[:64],
        "daylight_saving": outcome.clock.daylight_saving,
    }
    wrong = verdict not in {Verdict.OK, Verdict.UNKNOWN}
    verdicts.say(wrong, Kind.CLOCK, subject, verdict, detail=detail)
    verdicts.changes.append((subject, "clock", was.clock_verdict, verdict))


def _disks(verdicts: _Verdicts, subject: Subject, condition: DeviceCondition) -> None:
    bad = [row for row in condition.disks if row["healthy"] is False]
    detail = {
        "slots": [row["slot"] for row in bad],
        "troubles": [[row["slot"], row["trouble"]] for row in bad],
    }
    verdicts.say(bool(bad), Kind.DISK, subject, detail=detail)


def _restarts(
    verdicts: _Verdicts,
    subject: Subject,
    condition: DeviceCondition,
    was: DeviceCondition,
    now: datetime,
) -> None:
    count = restarts.in_last(restarts.starts_of(condition), restarts.DAY, now)
    wrong = count > settings.RECORDER_RESTARTS_ALLOWED
    detail = {"starts": count, "last": condition.starts[-1]}
    verdicts.say(wrong, Kind.RECORDER_RESTARTS, subject, detail=detail)
    before = was.starts[-1] if was.starts else ""
    verdicts.changes.append((subject, "started", before, condition.starts[-1]))


def _credential(verdicts: _Verdicts, subject: Subject, outcome: VisitOutcome) -> None:
    if outcome.refused:
        verdicts.say(True, Kind.CREDENTIAL_REFUSED, subject, outcome.refused)
    elif any(answer.answer in {YES, NO} for answer in outcome.answers.values()):
        verdicts.looked.append((Kind.CREDENTIAL_REFUSED, subject))


def _masks(
    verdicts: _Verdicts, device: Device, subject: Subject, areas: int, before: int | None
) -> None:
    """Masks that are gone, and a camera that masks nothing where private areas are drawn."""
    if before is not None:
        verdicts.changes.append((subject, "masks", str(before), str(areas)))
        if areas < before:
            detail = {"before": before, "after": areas}
            verdicts.say(True, Kind.MASKS_GONE, subject, detail=detail)
    # Masks are asked of a camera's first lens only.
    fitted = Installation.objects.current().filter(device=device, lens_no=1)
    names = dict(fitted.values_list("position", "position__name"))
    drawn: Mapping[int, int] = drawn_areas.drawn_at(names) if areas == 0 else {}
    for position_id, name in names.items():
        place = Subject(Finding.Subject.POSITION, position_id, name)
        count = drawn.get(position_id, 0)
        verdicts.say(count > 0, Kind.MASKS_OFF, place, detail={"count": count})


def _channels(verdicts: _Verdicts, outcome: VisitOutcome) -> None:
    ids = {day.channel_id for day in outcome.days} | {p.channel_id for p in outcome.proofs}
    rows = Channel.objects.filter(pk__in=ids).select_related("recorder")
    subjects = {row.pk: Subject(Finding.Subject.CHANNEL, row.pk, str(row)) for row in rows}
    disagreeing = {d.channel_id: d for d in outcome.days if d.reason == "SOURCES_DISAGREE"}
    compared = {day.channel_id for day in outcome.days if day.second_source}
    for channel_id in compared | set(disagreeing):
        day = disagreeing.get(channel_id)
        detail = {"day": str(day.day), "second": str(day.second_source)} if day else {}
        verdicts.say(day is not None, Kind.SOURCES_DISAGREE, subjects[channel_id], detail=detail)
    for proof in outcome.proofs:
        lossy = (proof.lost_per_mille or 0) > RED_LOST_PER_MILLE
        if proof.answer == "UNKNOWN":
            continue
        verdicts.say(
            proof.answer == NO or lossy,
            Kind.PROOF_FAILED,
            subjects[proof.channel_id],
            proof.reason or (LOST_FRAMES if lossy else ""),
            detail={"minute_ms": proof.minute_ms, "lost_per_mille": proof.lost_per_mille},
        )


def judge_losses(losses: Iterable[Loss], now: datetime) -> None:
    """Proven recordings that are gone: a finding inside the retention goal, nothing outside it (REC-8)."""
    losses = list(losses)
    if not losses:
        return
    rows = (
        ChannelAssignment.objects.current()
        .filter(channel__in={loss.channel_id for loss in losses})
        .select_related("channel__recorder", "position__group")
    )
    by_channel = {row.channel_id: row for row in rows}
    found = []
    for loss in losses:
        row = by_channel.get(loss.channel_id)
        goal = row.position.group.retention_goal_days if row else 0
        if row is None or loss.day <= day_of(now) - timedelta(days=goal):
            continue
        subject = Subject(Finding.Subject.CHANNEL, row.channel_id, str(row.channel))
        detail = {"day": str(loss.day), "lost_ms": loss.lost_ms}
        reason = "OVERWRITTEN" if loss.is_overwritten else "DISAPPEARED"
        found.append(Found(Kind.RECORDING_LOST, subject, reason, detail, covers=(row.position_id,)))
    settle(found, (), now)
