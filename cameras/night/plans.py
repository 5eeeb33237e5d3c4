"""Builds visit plans out of the database: a batch of checks at a time, a handful of queries per batch."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

import vault
from cameras.clocks.history import KnownOffset, Method
from cameras.days import coverage
from cameras.days.coverage import Interval
from cameras.days.judging import MINUTE_MS, ChannelAsk, DayAsk, ProofAsk
from cameras.days.position_days import limits_of
from cameras.models import (
    ChannelCondition,
    CheckKind,
    ClockMeasurement,
    CoverageDay,
    DeviceCheck,
    DeviceCondition,
    Finding,
    Run,
)
from cameras.protocols.base import Endpoint, Identity, Login, Manner, Reason
from cameras.protocols.recognition import is_same_device
from cameras.visiting.visit_data import VisitPlan
from core.tsi import day_bounds_ms, day_of, from_ms, to_ms
from inventory.models import Address, ChannelAssignment, Device, Installation, Position
from inventory.schedules import ExpectedDay, expected_many

CAMERA_SECONDS = 60.0
RECORDER_SECONDS = 240.0
OLDER_DAYS_A_NIGHT = 3
SETTLING_MS = 120_000
"""The newest recordings are not in the index yet: "today so far" ends this long before now."""
OFFSETS_BACK = timedelta(days=3)
SECOND_SAMPLE_SHARE = 0.02
_SITE = "position__floor__building__site"


@dataclass(frozen=True)
class Unvisitable:
    """A device that cannot even be dialled, and why."""

    reason: str
    channels: tuple[ChannelAsk, ...] = ()


@dataclass
class _Batch:
    """What the batch's queries brought, by id."""

    now: datetime
    addresses: dict[int, Address]
    conditions: dict[int, DeviceCondition]
    clocks: dict[int, list[ClockMeasurement]]
    assignments: dict[int, list[ChannelAssignment]]
    expected: dict[date, dict[int, ExpectedDay]]
    answered: set[tuple[int | None, int, date]]
    silent: dict[int, Interval]
    earliest: dict[int, int]
    logins_changed: dict[int, datetime]
    strangers: set[int]


def build(checks: Sequence[DeviceCheck], now: datetime) -> list[VisitPlan | Unvisitable]:
    """One plan per check, in the same order. The checks have `run` and `device` loaded."""
    batch = _load(checks, now)
    return [_plan(check, batch) for check in checks]


def days_of(run: Run, now: datetime) -> list[date]:
    """The days that a run asks about, most important first; rotation adds older ones per channel."""
    today = day_of(now)
    if run.kind == Run.Kind.BACKFILL or run.minute is not None:
        return [run.day]
    days = [run.day]
    if run.day == today - timedelta(days=1):
        days.append(today)
    return days


def older_days(recorder_id: int, day: date, goal_days: int) -> list[date]:
    """Three older days, in rotation through the retention goal.

    All channels of a recorder have the same: what all of them lack is the recorder's fault.
    """
    room = max(goal_days - 1, OLDER_DAYS_A_NIGHT)
    first = (day.toordinal() * OLDER_DAYS_A_NIGHT + recorder_id) % room
    steps = {(first + n) % room for n in range(OLDER_DAYS_A_NIGHT)}
    return [day - timedelta(days=1 + step) for step in sorted(steps)]


def _load(checks: Sequence[DeviceCheck], now: datetime) -> _Batch:
    devices = [check.device_id for check in checks]
    recorders = [c.device_id for c in checks if c.device.kind == Device.Kind.RECORDER]
    runs = {check.run_id: check.run for check in checks}
    addresses = Address.objects.at(now).filter(device__in=devices).select_related("network")
    oldest = min((run.day for run in runs.values()), default=day_of(now)) - timedelta(days=40)
    measured_from = from_ms(day_bounds_ms(oldest)[0]) - OFFSETS_BACK
    clocks: dict[int, list[ClockMeasurement]] = {}
    for row in ClockMeasurement.objects.filter(device__in=devices, measured_at__gte=measured_from):
        clocks.setdefault(row.device_id, []).append(row)
    assignments: dict[int, list[ChannelAssignment]] = {}
    rows = ChannelAssignment.objects.filter(channel__recorder__in=recorders).select_related(
        "channel", "position__group"
    )
    for assignment in rows.during(from_ms(day_bounds_ms(oldest)[0]), now):
        assignments.setdefault(assignment.channel.recorder_id, []).append(assignment)
    batch = _Batch(
        now=now,
        addresses={row.device_id: row for row in addresses},
        conditions=DeviceCondition.objects.in_bulk(devices),
        clocks=clocks,
        assignments=assignments,
        expected={},
        answered=set(
            CoverageDay.objects.filter(
                run__in=runs, is_complete=True, channel__recorder__in=recorders
            ).values_list("run_id", "channel_id", "day")
        ),
        silent=_silent_cameras(now) if recorders else {},
        earliest={
            channel_id: to_ms(at)
            for channel_id, at in ChannelCondition.objects.filter(
                channel__recorder__in=recorders
            ).values_list("channel", "earliest_at")
            if at is not None
        },
        logins_changed=_logins_changed(devices),
        strangers=set(),
    )
    batch.strangers |= _strangers(checks, batch)
    positions = {a.position_id: a.position for rows_ in assignments.values() for a in rows_}
    for day in {d for check in checks for d in _all_days(check, batch)}:
        batch.expected[day] = expected_many(positions.values(), day)
    return batch


def _strangers(checks: Sequence[DeviceCheck], batch: _Batch) -> set[int]:
    """Devices at whose address another one took the login: it gets none again until a person has looked.

    Closing the finding, correcting the serial or entering the login again is such a look.
    """
    devices = {check.device_id: check.device for check in checks}
    told = Finding.objects.open().filter(
        kind=Finding.Kind.SERIAL_CHANGED,
        subject_kind=Finding.Subject.DEVICE,
        subject_id__in=devices,
    )
    found = set()
    for device_id, seen_at in told.values_list("subject_id", "seen_at"):
        condition, changed_at = batch.conditions.get(device_id), batch.logins_changed.get(device_id)
        device = devices[device_id]
        if condition is None or (changed_at is not None and changed_at > seen_at):
            continue
        ours = Identity(serial=device.serial, macs=(device.mac,) if device.mac else ())
        theirs = Identity(serial=condition.serial, macs=tuple(condition.macs))
        if is_same_device(ours, theirs) is False:
            found.add(device_id)
    return found


def _silent_cameras(now: datetime) -> dict[int, Interval]:
    """Since when the camera of a position has not answered, by position."""
    rows = DeviceCondition.objects.filter(
        silent_since__isnull=False, device__kind=Device.Kind.CAMERA
    ).values_list(
        "silent_since", "device__installations__position", "device__installations__ends_at"
    )
    return {
        position: (to_ms(since), to_ms(now))
        for since, position, ends_at in rows
        if position is not None and ends_at is None
    }


def _all_days(check: DeviceCheck, batch: _Batch) -> Iterable[date]:
    yield from days_of(check.run, batch.now)
    if check.run.kind == Run.Kind.NIGHT:
        for assignment in batch.assignments.get(check.device_id, []):
            yield from older_days(
                check.device_id,
                check.run.day,
                assignment.position.group.retention_goal_days,
            )


def _plan(check: DeviceCheck, batch: _Batch) -> VisitPlan | Unvisitable:
    device = check.device
    address = batch.addresses.get(device.pk)
    if address is None:
        return Unvisitable("NO_ADDRESS", tuple(_channels(check, batch)))
    if address.network.via_id is not None:
        return Unvisitable("BEHIND_RECORDER", tuple(_channels(check, batch)))
    condition = batch.conditions.get(device.pk)
    login, why_not = login_of(device)
    if device.pk in batch.strangers:
        login, why_not = None, Reason.WRONG_DEVICE
    measured = batch.clocks.get(device.pk, [])
    is_recorder = device.kind == Device.Kind.RECORDER
    return VisitPlan(
        device_id=device.pk,
        is_recorder=is_recorder,
        endpoint=Endpoint(str(address.ip), device.http_port, device.rtsp_port, device.tls),
        login=login,
        no_login_because=why_not,
        manner=manner_of(device, condition, batch.logins_changed),
        kinds=frozenset(check.kinds),
        expected=Identity(
            maker=device.maker, serial=device.serial, macs=(device.mac,) if device.mac else ()
        ),
        channels=tuple(_channels(check, batch)) if is_recorder else (),
        known_utc=known_offsets(measured, "utc_offset_ms"),
        known_local=known_offsets(measured, "offset_ms"),
        calls_at_once=settings.CHECKS_PER_RECORDER,
        call_seconds=settings.DEVICE_DEADLINE_SECONDS,
        visit_seconds=RECORDER_SECONDS if is_recorder else CAMERA_SECONDS,
    )


def login_of(device: Device) -> tuple[Login | None, str]:
    """The login to use, or why there is none to try."""
    try:
        login = vault.login_for(device)
    except vault.CredentialParked:
        return None, Reason.CREDENTIAL_PARKED
    except vault.VaultError:
        return None, Reason.NO_CREDENTIAL
    if login is None:
        return None, ""  # some devices answer without one; those that do not will say so
    return Login(login.username, login.password), ""


def manner_of(
    device: Device,
    condition: DeviceCondition | None,
    logins_changed: Mapping[int, datetime] | None = None,
) -> Manner:
    """How to speak to a device: as learnt, else as entered, else to be found out.

    Whoever enters a login after the device was let in last says that it may be tried at whatever asks there.
    `logins_changed` says when, by device; without it one query does.
    """
    if logins_changed is None:
        logins_changed = _logins_changed([device.pk])
    login_changed_at = logins_changed.get(device.pk)
    known = {field.name for field in fields(Manner)}
    learnt: dict[str, Any] = condition.manner if condition and condition.manner else {}
    manner = Manner(**{key: value for key, value in learnt.items() if key in known})
    let_in_at = condition.answered_at if condition else None
    if login_changed_at is not None and (let_in_at is None or login_changed_at > let_in_at):
        manner.realm = ""
    entered = "" if device.protocol == Device.Protocol.AUTO else device.protocol
    if entered and manner.protocol != entered:
        return Manner(protocol=entered)
    return manner


def _logins_changed(device_ids: Iterable[int]) -> dict[int, datetime]:
    rows = vault.Credential.objects.filter(device__in=device_ids)
    return dict(rows.values_list("device", "changed_at"))


def known_offsets(rows: Iterable[ClockMeasurement], column: str) -> tuple[KnownOffset, ...]:
    """The measured offsets of one column, for an `OffsetHistory`."""
    return tuple(
        KnownOffset(to_ms(row.measured_at), value, row.uncertainty_ms)
        for row in rows
        if (value := getattr(row, column)) is not None and row.method != Method.UNKNOWN
    )


def _channels(check: DeviceCheck, batch: _Batch) -> Iterable[ChannelAsk]:
    if CheckKind.RECORDING not in check.kinds and CheckKind.PROOF not in check.kinds:
        return
    by_channel: dict[int, list[ChannelAssignment]] = {}
    for assignment in batch.assignments.get(check.device_id, []):
        if check.channels is None or assignment.channel_id in check.channels:
            by_channel.setdefault(assignment.channel_id, []).append(assignment)
    for channel_id, rows in sorted(by_channel.items()):
        ask = _channel(check, batch, channel_id, rows)
        if ask.days:
            yield ask


def _channel(
    check: DeviceCheck, batch: _Batch, channel_id: int, rows: Sequence[ChannelAssignment]
) -> ChannelAsk:
    run, now = check.run, batch.now
    days = days_of(run, now)
    if run.kind == Run.Kind.NIGHT:
        days += older_days(check.device_id, run.day, rows[0].position.group.retention_goal_days)
    draw = random.Random(f"{run.slot}:{channel_id}")  # noqa: S311 - a sample, repeatable by anybody
    seed = f"{run.slot}:{channel_id}"[-80:]
    wants_proof = CheckKind.PROOF in check.kinds and (
        run.minute is not None or draw.random() < settings.PROOF_SHARE
    )
    sample = draw.random() < SECOND_SAMPLE_SHARE
    asks = []
    for day in days:
        if (run.pk, channel_id, day) in batch.answered and not (wants_proof and day == run.day):
            continue
        ask = _day(day, rows, batch, sample_second=sample and day == run.day)
        if ask is not None:
            asks.append(ask)
    silent = [batch.silent[row.position_id] for row in rows if row.position_id in batch.silent]
    return ChannelAsk(
        channel_id,
        rows[0].channel.number,
        days=tuple(asks),
        proof=ProofAsk(run.day, seed, _chosen_minute(run)) if wants_proof else None,
        camera_silent=tuple(silent),
        known_earliest_ms=batch.earliest.get(channel_id),
    )


def _chosen_minute(run: Run) -> Interval | None:
    return None if run.minute is None else (run.minute[1], run.minute[1] + MINUTE_MS)


def _day(
    day: date, rows: Sequence[ChannelAssignment], batch: _Batch, *, sample_second: bool
) -> DayAsk | None:
    """What is expected of a channel on a day: of every position on it, while it was on it."""
    start_ms, end_ms = day_bounds_ms(day)
    now_ms = to_ms(batch.now) - SETTLING_MS
    is_provisional = end_ms > now_ms
    spans: list[Interval] = []
    position: Position | None = None
    motion = False
    for row in rows:
        until = to_ms(row.ends_at) if row.ends_at else end_ms
        held = coverage.clip([(start_ms, end_ms)], [(to_ms(row.starts_at), until)])
        if not held:
            continue
        expected = batch.expected[day][row.position_id]
        spans += coverage.clip(list(expected.spans_ms), held)
        motion = motion or expected.kind == "MOTION"
        position = row.position
    if position is None:
        return None
    if is_provisional:
        end_ms = max(now_ms, start_ms)
        spans = coverage.clip(coverage.merge(spans), [(start_ms, end_ms)])
        if end_ms - start_ms < SETTLING_MS:
            return None
    return DayAsk(
        day,
        start_ms,
        end_ms,
        tuple(coverage.merge(spans)),
        motion_only=motion,
        limits=limits_of(position),
        is_provisional=is_provisional,
        sample_second=sample_second,
    )


def sites_of(device_ids: Iterable[int]) -> dict[int, int]:
    """The site of each device: where it hangs, and for recorders where the first position hangs that it records."""
    ids, now = set(device_ids), timezone.now()
    recorded = ChannelAssignment.objects.at(now).filter(channel__recorder__in=ids)
    hangs = Installation.objects.at(now).filter(device__in=ids)
    sites = dict(recorded.order_by("-pk").values_list("channel__recorder", _SITE))
    return sites | dict(hangs.values_list("device", _SITE))
