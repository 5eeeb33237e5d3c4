"""Which runs there are to be: nights, missed nights, checks on demand, first start, after an outage.

A run is made once per slot, whoever asks and however often: the slot is unique in the database.
Starting a run writes its queue; `cameras.night.work` empties it; `cameras.night.finishing` closes it.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import audit
from cameras.models import CheckFrequency, CheckKind, DeviceCheck, DeviceCondition, Finding, Run
from cameras.night import findings
from cameras.wording.names import model_of
from core.steps import InvalidTransition
from core.tsi import TSI, day_bounds, day_of, stamp, to_ms
from inventory.models import Channel, ChannelAssignment, Device, Installation

if TYPE_CHECKING:
    from accounts.models import Person

CATCH_UP_DAYS = 14
LATE_AFTER = timedelta(hours=6)
RECHECK_AFTER = timedelta(minutes=10)
SWEEPS = (Run.Kind.NIGHT, Run.Kind.CATCH_UP)
RECORDER_KINDS = [CheckKind.IDENTITY, CheckKind.CLOCK, CheckKind.RECORDING, CheckKind.PROOF]
CAMERA_KINDS = [CheckKind.IDENTITY, CheckKind.CLOCK, CheckKind.PICTURE]
ALARM_AFTER_SKIPS = 2


def night_begins(day: date) -> datetime:
    """When the nightly check over `day` begins: in the night after it."""
    hour, minute = settings.NIGHT_AT
    return datetime.combine(day + timedelta(days=1), time(hour, minute), TSI)


def last_due_day(now: datetime) -> date:
    """The latest day whose nightly check should have begun."""
    yesterday = day_of(now) - timedelta(days=1)
    return yesterday if night_begins(yesterday) <= now else yesterday - timedelta(days=1)


def plan_night(day: date, *, now: datetime | None = None) -> Run:
    """The one run over `day`. A second call, or a second scheduler, gets the same row."""
    now = now or timezone.now()
    late = now - night_begins(day) > LATE_AFTER
    run, _made = Run.objects.get_or_create(
        slot=f"night:{day}",
        defaults={
            "kind": Run.Kind.CATCH_UP if late else Run.Kind.NIGHT,
            "day": day,
            "start_at": now,
        },
    )
    return run


def plan_due_nights(now: datetime) -> list[Run]:
    """Plans the night that is due and, oldest first, the missed ones since the last (at most 14 days).

    While an earlier sweep is still running nothing is added: the slot is counted as skipped and is
    caught up when that sweep has ended.
    """
    due = last_due_day(now)
    missing = _missing_days(due)
    if not missing:
        return []
    running = Run.objects.filter(kind__in=SWEEPS, status=Run.Status.RUNNING).first()
    if running is not None:
        if due in missing:
            _skip(due, running, now)
        return []
    return [plan_night(day, now=now) for day in missing]


def _missing_days(due: date) -> list[date]:
    first = due - timedelta(days=CATCH_UP_DAYS - 1)
    done = set(
        Run.objects.filter(kind__in=SWEEPS, day__gte=first, slot__startswith="night:").values_list(
            "day", flat=True
        )
    )
    if not done and not Run.objects.filter(kind__in=SWEEPS, day__lt=first).exists():
        return [due]  # the very first night; older days are asked only when somebody wants them
    oldest = min(done, default=first)
    days = [oldest + timedelta(days=n) for n in range((due - oldest).days + 1)]
    return [day for day in days if day not in done]


@transaction.atomic
def _skip(day: date, running: Run, now: datetime) -> None:
    run, made = Run.objects.get_or_create(
        slot=f"skipped:{day}",
        defaults={"kind": Run.Kind.NIGHT, "day": day, "start_at": now, "subject": running.slot},
    )
    if not made:
        return
    run._take("skip", by="night", facts={"running": running.slot}, finished_at=now)
    skipped = Run.objects.filter(
        status=Run.Status.SKIPPED, start_at__gte=running.started_at or running.start_at
    ).count()
    if skipped >= ALARM_AFTER_SKIPS:
        subject = findings.Subject(Finding.Subject.SYSTEM, 0, "night")
        findings.open_finding(
            Finding.Kind.SWEEP_SKIPPED, subject, now, detail={"skipped": skipped}, count=skipped
        )


@transaction.atomic
def check_now(
    *, by: Person | str, devices: Collection[Device] | None = None, subject: str = ""
) -> Run:
    """A check that a person asks for: of some devices, or of all (None). Starts at once."""
    today = day_of(timezone.now())
    run = Run.objects.create(
        kind=Run.Kind.CHECK_NOW,
        day=today - timedelta(days=1),
        slot=f"now:{uuid.uuid4()}",
        asked_by=None if isinstance(by, str) else by,
        subject=subject[:200],
        devices=None if devices is None else sorted(device.pk for device in devices),
    )
    audit.record("run.ask", actor=by, target=run, because=subject, devices=run.devices or "all")
    start(run)
    return run


@transaction.atomic
def play_minute(channel: Channel, at: datetime, *, by: Person) -> Run:
    """Plays one minute that a person chose, as a proof. Its recorder's index is asked about that day first."""
    start_ms = to_ms(at) // 1000 * 1000
    run = Run.objects.create(
        kind=Run.Kind.CHECK_NOW,
        day=day_of(at),
        slot=Run.minute_slot(channel.pk, start_ms),
        asked_by=by,
        subject=f"{model_of(channel.recorder)} · {channel.number} · {stamp(at)}"[:200],
        devices=[channel.recorder_id],
    )
    audit.record("run.ask", actor=by, target=run, because=run.subject, devices=run.devices)
    start(run)
    return run


def plan_backfill(days: Iterable[date], *, by: str = "first start") -> list[Run]:
    """Asks the recorders' index about past days, with the true time of asking. Once per day."""
    runs = []
    for day in sorted(days, reverse=True):
        run, _made = Run.objects.get_or_create(
            slot=f"backfill:{day}",
            defaults={"kind": Run.Kind.BACKFILL, "day": day, "subject": by},
        )
        runs.append(run)
    return runs


def plan_recheck(
    device_id: int, since: datetime, *, after: timedelta = RECHECK_AFTER, slot: str = "recheck"
) -> Run:
    """Asks a device again; after an outage about ten minutes after it came back (REC-17).

    Many come back at once, when power does: their rechecks are spread as a night's visits are (E12).
    """
    jitter = random.uniform(0, settings.NIGHT_JITTER_SECONDS)  # noqa: S311 - not a secret
    at = since + after + timedelta(seconds=jitter)
    run, _made = Run.objects.get_or_create(
        slot=f"{slot}:{device_id}:{since:%Y-%m-%dT%H:%M}",
        defaults={
            "kind": Run.Kind.RECHECK,
            "day": day_of(at) - timedelta(days=1),
            "start_at": at,
            "devices": [device_id],
        },
    )
    return run


def start_due_runs(now: datetime | None = None) -> list[Run]:
    """Plans what is due and starts every planned run whose time has come."""
    now = now or timezone.now()
    plan_due_nights(now)
    due = Run.objects.filter(status=Run.Status.PLANNED, start_at__lte=now).order_by(
        "start_at", "pk"
    )
    return [run for run in due if start(run, now=now)]


def start(run: Run, *, now: datetime | None = None) -> bool:
    """Starts a run and writes its queue in one transaction. False when somebody else already did."""
    now = now or timezone.now()
    try:
        with transaction.atomic():
            checks = list(_checks(run, now))
            run._take("start", by="night", facts={"checks": len(checks)}, started_at=now)
            DeviceCheck.objects.bulk_create(checks, batch_size=500, ignore_conflicts=True)
            _wake_workers(len(checks))
    except InvalidTransition:
        return False
    return True


def _wake_workers(checks: int) -> None:
    # The tasks call this module.
    from cameras import tasks

    tasks.wake_workers(checks)


def _checks(run: Run, now: datetime) -> Iterable[DeviceCheck]:
    devices, channels = _devices(run)
    conditions = DeviceCondition.objects.in_bulk([device.pk for device in devices])
    every = dict(CheckFrequency.objects.values_list("kind", "every_days"))
    sweep = run.kind in SWEEPS
    jitter = settings.NIGHT_JITTER_SECONDS if sweep else 0
    for device in devices:
        kinds = _kinds(run, device, conditions.get(device.pk), every if sweep else {}, now)
        yield DeviceCheck(
            run=run,
            device=device,
            kinds=kinds,
            channels=channels.get(device.pk),
            due_at=now + timedelta(seconds=random.uniform(0, jitter)),  # noqa: S311 - not a secret
        )


def _devices(run: Run) -> tuple[list[Device], dict[int, list[int]]]:
    """The devices to visit, and for recorders asked about one camera only those channels."""
    rows = Device.objects.in_service_on(run.day)
    if run.kind in SWEEPS:
        return list(rows), {}
    if run.kind == Run.Kind.BACKFILL:
        return list(rows.recorders()), {}
    rows = Device.objects.filter(status__in=["IN_SERVICE", "FAULTY"])
    if run.minute is not None:
        recorders = list(rows.filter(channels=run.minute[0]))
        return recorders, {recorder.pk: [run.minute[0]] for recorder in recorders}
    if run.devices is None:
        return list(rows), {}
    wanted = set(run.devices)
    whole = {d.pk for d in rows.recorders().filter(pk__in=wanted)}
    channels: dict[int, list[int]] = {}
    start, end = day_bounds(run.day)
    positions = Installation.objects.during(start, end + timedelta(days=1)).filter(
        device__in=wanted - whole
    )
    assigned = ChannelAssignment.objects.during(start, end + timedelta(days=1)).filter(
        position__in=positions.values("position")
    )
    for recorder_id, channel_id in assigned.values_list("channel__recorder", "channel").distinct():
        if recorder_id not in whole:
            channels.setdefault(recorder_id, []).append(channel_id)
    return list(rows.filter(Q(pk__in=wanted) | Q(pk__in=channels))), channels


def _kinds(
    run: Run,
    device: Device,
    condition: DeviceCondition | None,
    every: dict[str, int],
    now: datetime,
) -> list[str]:
    if run.kind == Run.Kind.BACKFILL:
        return [CheckKind.RECORDING]
    kinds = RECORDER_KINDS if device.kind == Device.Kind.RECORDER else CAMERA_KINDS
    if run.minute is not None:
        return [str(kind) for kind in kinds]
    if run.kind not in SWEEPS:
        return [str(kind) for kind in kinds if kind != CheckKind.PROOF]
    asked = {
        CheckKind.IDENTITY: condition.identity_at if condition else None,
        CheckKind.CLOCK: condition.clock_at if condition else None,
        CheckKind.PICTURE: condition.picture_at if condition else None,
        CheckKind.PROOF: condition.proof_at if condition else None,
    }
    due = []
    for kind in kinds:
        last = asked.get(kind)
        days = every.get(kind, 1)
        # Half a day of slack: nights do not begin at the same second.
        if days == 1 or last is None or now - last >= timedelta(days=days, hours=-12):
            due.append(str(kind))
    return due
