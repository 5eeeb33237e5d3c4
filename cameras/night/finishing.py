"""Closes runs: the sum rule, what devices have in common, one audit entry with the root over the proofs."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count
from django.utils import timezone

from audit import merkle
from cameras.days import position_days
from cameras.days.position_days import NO_CHANNEL, NOT_ASKED
from cameras.models import (
    CheckKind,
    CheckResult,
    CoverageDay,
    CoverageRevision,
    DeviceCheck,
    PositionDay,
    Result,
    Run,
)
from cameras.night import correlation
from cameras.night.nights import SWEEPS
from core.steps import InvalidTransition
from inventory.models import ChannelAssignment, Device, Position

log = logging.getLogger(__name__)

KEEP_CHECKS = timedelta(days=30)
RECORDER_NOT_IN_SERVICE = "RECORDER_NOT_IN_SERVICE"
OUT_FOR_REPAIR = "OUT_FOR_REPAIR"
MISSING_BECAUSE = (NO_CHANNEL, RECORDER_NOT_IN_SERVICE)


def finish_runs(now: datetime | None = None) -> list[Run]:
    """Closes every running run whose checks are all done. Running it twice closes each once."""
    now = now or timezone.now()
    open_checks = DeviceCheck.objects.exclude(status=DeviceCheck.Status.DONE).values("run")
    ready = Run.objects.filter(status=Run.Status.RUNNING).exclude(pk__in=open_checks)
    return [run for run in ready if _finish_alone(run, now)]


def _finish_alone(run: Run, now: datetime) -> bool:
    """One run that cannot be closed must not keep the others open; the watchdog tells of it."""
    try:
        return finish(run, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("%s could not be finished", run)
        return False


def finish(run: Run, now: datetime) -> bool:
    """Closes one run. False when somebody else did, or when checks are still open."""
    try:
        with transaction.atomic():
            if run.checks.exclude(status=DeviceCheck.Status.DONE).exists():
                return False
            if run.kind in SWEEPS or run.kind == Run.Kind.BACKFILL:
                account_for_missing(run)
            counts = count(run)
            because = broken_rule(run, counts)
            rows, root = coverage_root(run)
            run._take(
                "finish",
                by="night",
                because=because,
                facts={"day": run.day, "coverage_rows": rows, "coverage_root": root},
                finished_at=now,
                counts=counts,
                is_red=bool(because),
                red_because=because[:500],
                coverage_rows=rows,
                coverage_root=root,
            )
            correlation.judge(run, now)
    except InvalidTransition:
        return False
    return True


def account_for_missing(run: Run) -> None:
    """Gives the positions that no check could cover their reason; whatever is left was never asked."""
    # What was told while the day still went on is no answer about the day.
    answered = PositionDay.objects.filter(day=run.day, is_provisional=False).values("position")
    missing = Position.objects.in_service_on(run.day).exclude(pk__in=answered)
    missing_ids = list(missing.values_list("pk", flat=True))
    if missing_ids:
        positions = Position.objects.filter(pk__in=missing_ids).select_related("group")
        position_days.refresh(positions, run.day, run)
        _out_for_repair(run.day, missing_ids)
    told = CoverageDay.objects.filter(day=run.day, is_provisional=False).values("channel")
    forgotten = (
        ChannelAssignment.objects.on(run.day)
        .filter(channel__recorder__in=Device.objects.in_service_on(run.day).values("pk"))
        .exclude(channel__in=told)
    )
    PositionDay.objects.filter(day=run.day, reason=NOT_ASKED).exclude(
        position__in=forgotten.values("position")
    ).update(reason=RECORDER_NOT_IN_SERVICE)


def _out_for_repair(day: date, position_ids: list[int]) -> None:
    """Where the camera is away and nothing replaces it, nothing was recorded: that is known."""
    here = Position.objects.filter(pk__in=position_ids)
    fitted = Device.objects.in_service_on(day).values("pk")
    away = here.exclude(installations__in=_held_by(fitted, day)).values("pk")
    PositionDay.objects.filter(
        day=day, position__in=away, result=Result.UNKNOWN, reason=NO_CHANNEL
    ).update(result=Result.NOT_RECORDED, reason=OUT_FOR_REPAIR)


def _held_by(devices: Any, day: date) -> Any:
    from inventory.models import Installation

    return Installation.objects.on(day).filter(device__in=devices)


def count(run: Run) -> dict[str, dict[str, int]]:
    """How many rows each kind of check has per answer, beside how many there should be."""
    counts: dict[str, dict[str, int]] = {}
    # A position that was closed in the course of the day may have a row of its morning.
    in_service = Position.objects.in_service_on(run.day)
    if run.kind in SWEEPS or run.kind == Run.Kind.BACKFILL:
        counts["RECORDING"] = {
            **PositionDay.tally(run.day, in_service),
            "not_asked": PositionDay.objects.filter(
                day=run.day, reason=NOT_ASKED, position__in=in_service
            ).count(),
            "in_service": in_service.count(),
        }
    answers: dict[str, dict[str, int]] = {}
    rows = CheckResult.objects.filter(device_check__run=run).values_list("kind", "answer")
    for kind, answer, number in rows.annotate(n=Count("pk")):
        answers.setdefault(kind, {})[answer] = number
    if run.kind in SWEEPS:
        devices = Device.objects.in_service_on(run.day)
        expected = {
            CheckKind.IDENTITY: devices.count(),
            CheckKind.CLOCK: devices.count(),
            CheckKind.PICTURE: devices.cameras().count(),
        }
        not_due = _not_due(run)
        for kind, number in expected.items():
            counts[str(kind)] = {
                **answers.get(str(kind), {}),
                "not_due": not_due.get(str(kind), 0),
                "in_service": number,
            }
        counts["PROOF"] = answers.get("PROOF", {})
    else:
        counts |= {f"{kind}": tally for kind, tally in answers.items() if kind not in counts}
    return counts


def _not_due(run: Run) -> dict[str, int]:
    """Devices visited tonight whose kind is asked less often."""
    with_answer: dict[str, set[int]] = {}
    rows = CheckResult.objects.filter(device_check__run=run)
    for kind, device_id in rows.values_list("kind", "device_check__device"):
        with_answer.setdefault(kind, set()).add(device_id)
    not_due: dict[str, int] = {}
    for device_id, device_kind, kinds in run.checks.values_list("device", "device__kind", "kinds"):
        for kind in (CheckKind.IDENTITY, CheckKind.CLOCK, CheckKind.PICTURE):
            if kind == CheckKind.PICTURE and device_kind != Device.Kind.CAMERA:
                continue
            if kind not in kinds and device_id not in with_answer.get(str(kind), set()):
                not_due[str(kind)] = not_due.get(str(kind), 0) + 1
    return not_due


def broken_rule(run: Run, counts: dict[str, dict[str, int]]) -> str:
    """Why the sum does not hold, in one line; '' when it holds (NGT-6)."""
    broken = []
    for kind, tally in counts.items():
        if "in_service" not in tally:
            continue
        parts = {k: n for k, n in tally.items() if k not in {"in_service", "not_asked"}}
        if sum(parts.values()) != tally["in_service"]:
            broken.append(
                f"{kind}: {sum(parts.values())} answers, {tally['in_service']} in service"
            )
        if tally.get("not_asked"):
            broken.append(f"{kind}: {tally['not_asked']} never asked")
    return "; ".join(broken)


def coverage_root(run: Run) -> tuple[int, str]:
    """Number of lasting proofs of a run, and the RFC 6962 root over them (by channel, day, revision)."""
    leaves = list(_leaves(run))
    if not leaves:
        return 0, ""
    return len(leaves), merkle.root(bytes.fromhex(leaf) for leaf in leaves).hex()


def _leaves(run: Run) -> Iterable[str]:
    """Only what is never written over: the root can be computed again for as long as rows are kept."""
    proofs = CoverageDay.objects.filter(run=run, is_complete=True, is_provisional=False)
    rows = [
        (channel, day, 0, sha256)
        for channel, day, sha256 in proofs.values_list("channel", "day", "sha256")
    ]
    later = CoverageRevision.objects.filter(run=run).values_list(
        "coverage_day__channel", "coverage_day__day", "number", "sha256"
    )
    return (sha256 for _channel, _day, _number, sha256 in sorted([*rows, *later]))


def prune_checks(now: datetime) -> int:
    """Drops the queue rows of runs long over; runs with their counts, proofs and changes stay."""
    old = Run.objects.filter(finished_at__lt=now - KEEP_CHECKS).values("pk")
    CheckResult.objects.filter(device_check__run__in=old).delete()
    deleted, _rows = DeviceCheck.objects.filter(run__in=old).delete()
    return deleted
