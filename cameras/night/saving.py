"""Saves what a visit brought home: one transaction per device, and the same outcome twice changes nothing.

The claim token guards it: whoever lost the lease saves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

import vault
from cameras.clocks.rows import store_clock
from cameras.days import coverage_rows, position_days
from cameras.models import (
    ChannelCondition,
    CheckResult,
    DeviceCheck,
    DeviceCondition,
    LastPicture,
    PlaybackProof,
    Run,
)
from cameras.night import device_findings, nights, recorder_disks, restarts, view_checks
from cameras.protocols.base import Manner, Reason
from cameras.protocols.ntp import ServerClock
from cameras.visiting.visit_data import KindAnswer, VisitOutcome, VisitPlan
from core.tsi import day_of, from_ms
from inventory.models import Channel, Device
from vault.crypto import Place, seal_bytes

MOST_ATTEMPTS = 3
RETRY_SECONDS = (5, 20)
MOST_AREAS = 999
OUTAGE = timedelta(minutes=20)
"""A device that was silent for longer than this and answers again is checked once more."""


def save(
    check: DeviceCheck,
    plan: VisitPlan | None,
    outcome: VisitOutcome,
    *,
    reference: ServerClock | None = None,
    given_up: bool = False,
) -> bool:
    """Saves an outcome. False when the claim was lost meanwhile: then nothing is written."""
    now = timezone.now()
    retry = not given_up and _may_retry(check, outcome)
    kept = _without_temporary(outcome) if retry else outcome.answers
    left = sorted(set(check.kinds) - set(kept))
    with transaction.atomic():
        if not _settle_check(check, outcome, left if retry else [], now, given_up):
            return False
        _save_answers(check, kept)
        condition, was = _condition_of(check.device_id)
        _update_condition(condition, plan, outcome, reference, now)
        _save_rows(check, outcome, retry)
        start = restarts.note(condition, outcome, now)
        device_findings.judge(check, plan, outcome, condition, was, now)
        if start is not None:
            restarts.ask_again(start, was, now)
        condition.save()
        if outcome.refused:
            vault.park(check.device, outcome.refused, tried=_tried(plan))
        if _came_back(was, outcome, check.run):
            nights.plan_recheck(check.device_id, now)
        if _falls_silent(check, was, outcome):
            wait = timedelta(minutes=settings.RECORDER_SILENT_MINUTES)
            nights.plan_recheck(check.device_id, now, after=wait, slot="silent")
    return True


def _tried(plan: VisitPlan | None) -> vault.Login | None:
    if plan is None or plan.login is None:
        return None
    return vault.Login(plan.login.username, plan.login.password)


@transaction.atomic
def save_bare(check: DeviceCheck, outcome: VisitOutcome) -> bool:
    """Ends a check with its answers alone, where nothing else about it can be saved."""
    if not _settle_check(check, outcome, [], timezone.now(), given_up=True):
        return False
    _save_answers(check, outcome.answers)
    return True


def _tries(check: DeviceCheck) -> int:
    """Visits that came to an end; a worker that died was not the device's doing."""
    return check.attempt - check.lost


def _may_retry(check: DeviceCheck, outcome: VisitOutcome) -> bool:
    if _tries(check) >= MOST_ATTEMPTS or outcome.refused:
        return False
    days = any(day.is_temporary for day in outcome.days)
    return days or any(answer.is_temporary for answer in outcome.answers.values())


def _without_temporary(outcome: VisitOutcome) -> dict[str, KindAnswer]:
    unheard = any(day.is_temporary for day in outcome.days)
    return {
        kind: answer
        for kind, answer in outcome.answers.items()
        if not answer.is_temporary and not (unheard and kind == "RECORDING")
    }


def _settle_check(
    check: DeviceCheck, outcome: VisitOutcome, left: list[str], now: datetime, given_up: bool
) -> bool:
    mine = DeviceCheck.objects.filter(
        pk=check.pk, claim=check.claim, status=DeviceCheck.Status.CLAIMED
    )
    changes: dict[str, Any] = {"claim": None, "lease_until": None}
    if left:
        wait = RETRY_SECONDS[max(1, min(_tries(check), len(RETRY_SECONDS))) - 1]
        changes |= {
            "status": DeviceCheck.Status.DUE,
            "due_at": now + timedelta(seconds=wait),
            "kinds": left,
        }
    else:
        took_ms = max(0, outcome.ended_ms - outcome.started_ms)
        changes |= {"status": DeviceCheck.Status.DONE, "done_at": now, "took_ms": took_ms}
        if given_up:
            changes["lost"] = F("lost") + 1
    return bool(mine.update(**changes))


def _save_answers(check: DeviceCheck, answers: Mapping[str, KindAnswer]) -> None:
    CheckResult.objects.bulk_create(
        [
            CheckResult(
                device_check=check,
                kind=kind,
                answer=answer.answer,
                reason=answer.reason,
                detail=answer.detail[:500].replace("\0", ""),
                evidence_at=from_ms(answer.at_ms) if answer.at_ms else None,
            )
            for kind, answer in answers.items()
        ],
        update_conflicts=True,
        unique_fields=["device_check", "kind"],
        update_fields=["answer", "reason", "detail", "evidence_at"],
    )


def _condition_of(device_id: int) -> tuple[DeviceCondition, DeviceCondition]:
    """The device's last values, and a copy of them as they were before this visit."""
    condition, _made = DeviceCondition.objects.get_or_create(device_id=device_id)
    was = DeviceCondition(
        **{field.attname: getattr(condition, field.attname) for field in condition._meta.fields}
    )
    return condition, was


def _update_condition(
    condition: DeviceCondition,
    plan: VisitPlan | None,
    outcome: VisitOutcome,
    reference: ServerClock | None,
    now: datetime,
) -> None:
    condition.asked_at = now
    if outcome.answered:
        condition.answered_at, condition.silent_since, condition.reason = now, None, ""
    else:
        condition.reason = outcome.failed_with
        if outcome.is_silent:
            condition.silent_since = condition.silent_since or now
    if plan is not None:
        condition.address = plan.endpoint.host
    told = outcome.identity
    if told is not None:
        condition.identity_at = now
        condition.maker, condition.model = _text(told.maker), _text(told.model)
        condition.serial, condition.firmware = _text(told.serial), _text(told.firmware)
        condition.macs = [_text(mac) for mac in told.macs[:8]]
    if outcome.clock is not None:
        verdict = store_clock(condition, outcome.clock, outcome.uses_ntp, reference)
        condition.clock_at = from_ms(outcome.clock.at_ms)
        condition.clock_verdict = verdict
        condition.clock_offset_ms = outcome.clock.offset_ms
        condition.clock_uncertainty_ms = outcome.clock.uncertainty_ms
    recorder_disks.note(condition, outcome, now)
    if any(day.coverage is not None for day in outcome.days):
        condition.recording_at = now
    if outcome.proofs:
        condition.proof_at = now
    _update_picture(condition, outcome)
    if outcome.manner and outcome.answered and not _is_stranger(outcome):
        condition.manner = {k: v for k, v in outcome.manner.items() if k in _MANNER}


def _update_picture(condition: DeviceCondition, outcome: VisitOutcome) -> None:
    """When a picture was taken, and what covers it.

    What was told last about masks stays, with its age, beside the reason why it could not be asked again.
    """
    if outcome.picture_at_ms:
        condition.picture_at = from_ms(outcome.picture_at_ms)
    if outcome.mask_areas is not None and outcome.masks_at_ms:
        condition.mask_areas = min(outcome.mask_areas, MOST_AREAS)
        condition.mask_at, condition.mask_reason = from_ms(outcome.masks_at_ms), ""
    elif outcome.masks_failed:
        condition.mask_reason = outcome.masks_failed


def _is_stranger(outcome: VisitOutcome) -> bool:
    """Another device answered: how it wants to be spoken to is not how ours does."""
    return any(answer.reason == Reason.WRONG_DEVICE for answer in outcome.answers.values())


_MANNER = set(Manner.__dataclass_fields__)


def _text(value: str) -> str:
    """What a device calls itself, cut to size and without what a text column cannot hold."""
    return value.replace("\0", "")[:120]


def _save_rows(check: DeviceCheck, outcome: VisitOutcome, retry: bool) -> None:
    days = [day for day in outcome.days if not (retry and day.is_temporary)]
    if days:
        losses = coverage_rows.store(days, check.run)
        position_days.refresh_channels({(d.channel_id, d.day) for d in days}, check.run)
        device_findings.judge_losses(losses, timezone.now())
        _save_channels(outcome)
    if outcome.proofs:
        _save_proofs(check, outcome)
    _save_picture(check, outcome)


def _save_picture(check: DeviceCheck, outcome: VisitOutcome) -> None:
    """Replaces the last picture, and compares it with how the position ought to look."""
    if outcome.picture is None or not outcome.picture_at_ms:
        return
    sketch = outcome.picture_sketch
    row, _made = LastPicture.objects.update_or_create(
        device_id=check.device_id,
        defaults={
            "sealed": seal_bytes(outcome.picture.data, picture_place(check.device_id)),
            "content_type": _picture_type(outcome.picture.data),
            "size": len(outcome.picture.data),
            "taken_at": from_ms(outcome.picture_at_ms),
            "outline": view_checks.outlined(sketch) if sketch else None,
            "colour": outcome.picture_colour if sketch else None,
        },
    )
    view_checks.note(row, timezone.now())


def _picture_type(data: bytes) -> str:
    """By its first bytes: a device's own word would be repeated to browsers."""
    return "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"


def picture_place(device_id: int) -> Place:
    """Where a device's last picture is sealed: it opens in no other row."""
    return Place(LastPicture._meta.db_table, str(device_id), "sealed")


def _save_channels(outcome: VisitOutcome) -> None:
    """How far back each channel reaches, by the newest answer that tells it."""
    newest: dict[int, ChannelCondition] = {}
    online = {channel.number: channel.online for channel in outcome.listed or ()}
    ids = {day.channel_id for day in outcome.days}
    numbers = dict(Channel.objects.filter(pk__in=ids).values_list("pk", "number"))
    recent = day_of(timezone.now()) - timedelta(days=1)
    for day in outcome.days:
        # A day before the oldest recording tells nothing about how far back they reach.
        if day.coverage is None or (day.earliest_ms is None and day.day < recent):
            continue
        row = newest.setdefault(
            day.channel_id,
            ChannelCondition(
                channel_id=day.channel_id,
                asked_at=from_ms(day.asked_ms),
                is_online=online.get(numbers.get(day.channel_id, 0)),
            ),
        )
        if day.earliest_ms is not None:
            row.earliest_at = from_ms(day.earliest_ms)
        if day.latest_ms is not None:
            row.latest_at = from_ms(day.latest_ms)
    ChannelCondition.objects.bulk_create(
        newest.values(),
        update_conflicts=True,
        unique_fields=["channel"],
        update_fields=["asked_at", "is_online", "earliest_at", "latest_at"],
    )


def _save_proofs(check: DeviceCheck, outcome: VisitOutcome) -> None:
    PlaybackProof.objects.bulk_create(
        [
            PlaybackProof(
                channel_id=proof.channel_id,
                day=check.run.day,
                run=check.run,
                minute_at=from_ms(proof.minute_ms),
                seed=proof.seed,
                answer=proof.answer,
                reason=str(proof.reason),
                frame_sha256=proof.frame_sha256,
                frame_at=from_ms(proof.frame_ms) if proof.frame_ms else None,
                frames=proof.frames,
                lost_per_mille=proof.lost_per_mille,
                bits_per_second=proof.bits_per_second,
                picture_format=proof.picture_format,
                played_at=from_ms(proof.played_ms),
            )
            for proof in outcome.proofs
        ],
        update_conflicts=True,
        unique_fields=["channel", "day", "seed"],
        update_fields=[
            "answer",
            "reason",
            "frame_sha256",
            "frame_at",
            "frames",
            "lost_per_mille",
            "bits_per_second",
            "picture_format",
            "played_at",
        ],
    )


def _falls_silent(check: DeviceCheck, was: DeviceCondition, outcome: VisitOutcome) -> bool:
    """A recorder whose silence is to be reported later is asked again when that time has come (REC-9)."""
    waits = settings.RECORDER_SILENT_MINUTES > 0 and was.silent_since is None
    return waits and outcome.is_silent and check.device.kind == Device.Kind.RECORDER


def _came_back(was: DeviceCondition, outcome: VisitOutcome, run: Run) -> bool:
    return (
        outcome.answered
        and was.silent_since is not None
        and timezone.now() - was.silent_since >= OUTAGE
        and run.kind != Run.Kind.RECHECK
    )
