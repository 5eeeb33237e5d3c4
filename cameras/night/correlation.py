"""What devices have in common, judged when a run ends: one finding for one cause, not one per camera."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, Sum

from cameras.models import (
    ChannelCondition,
    CheckResult,
    CoverageDay,
    DeviceCondition,
    Finding,
    PositionDay,
    Result,
    Run,
)
from cameras.night.device_findings import device_subject
from cameras.night.findings import (
    NOT_IN_SERVICE_ANY_MORE,
    Found,
    Subject,
    not_before_opening,
    settle,
)
from cameras.night.nights import SWEEPS
from cameras.visiting.visit_data import SILENCE
from core.tsi import day_of, to_ms
from inventory.models import (
    Address,
    Channel,
    ChannelAssignment,
    Device,
    Installation,
    Network,
    Position,
)
from inventory.schedules import expected_many

Kind = Finding.Kind
MASS_AT_LEAST = 5
MASS_SHARE = 0.6
"""So many silent devices, and such a share of a network's devices, are one fault of the network."""
SLACK_DAYS = 0.5
WHOLE_DAYS = 2
"""Recorders delete by whole files and days: so much beyond the goal is not yet kept too long."""
REMEMBERED_DAYS = 60
"""So far back the recorder's page shows how many days were held."""
TOGETHER = {"RECORDER_DOWN", "DISK"}


def judge(run: Run, now: datetime) -> None:
    """Settles the findings that need the whole run."""
    if run.kind == Run.Kind.BACKFILL:
        return
    judge_silence(run, now)
    judge_identities(run, now)
    if run.kind in SWEEPS and run.day >= day_of(now) - timedelta(days=1):
        judge_positions(run, now)
        judge_retention(run, now)
    close_leavers(now)


def close_leavers(now: datetime) -> int:
    """Closes what was found about devices, channels and positions that nobody checks any more."""
    kinds = Finding.Subject
    checked = {
        kinds.DEVICE: Device.objects.filter(
            status__in=[Device.Status.IN_SERVICE, Device.Status.FAULTY]
        ),
        kinds.POSITION: Position.objects.filter(status=Position.Status.ACTIVE),
        kinds.CHANNEL: Channel.objects.filter(
            pk__in=ChannelAssignment.objects.current().values("channel")
        ),
    }
    left = Q()
    for kind, rows in checked.items():
        left |= Q(subject_kind=kind) & ~Q(subject_id__in=rows.values("pk"))
    rows = Finding.objects.open().filter(left).exclude(kind__in=Finding.HAPPENED_ONCE)
    return rows.update(closed_at=not_before_opening(now), closed_because=NOT_IN_SERVICE_ANY_MORE)


def judge_silence(run: Run, now: datetime) -> None:
    """Cameras that do not answer: one finding each, or one for the network that took them along."""
    asked = list(
        run.checks.filter(device__kind=Device.Kind.CAMERA).values_list("device", flat=True)
    )
    rows = CheckResult.objects.filter(
        device_check__run=run, device_check__device__kind=Device.Kind.CAMERA, kind="IDENTITY"
    ).values_list("device_check__device", "answer", "reason")
    silent = {d: reason for d, answer, reason in rows if reason in SILENCE}
    networks = dict(
        Address.objects.at(now).filter(device__in=asked).values_list("device", "network")
    )
    asked_in = Counter(networks.values())
    by_network: dict[int, list[int]] = defaultdict(list)
    for device_id in silent:
        if device_id in networks:
            by_network[networks[device_id]].append(device_id)
    mass = {
        network: devices
        for network, devices in by_network.items()
        if len(devices) >= MASS_AT_LEAST and len(devices) >= MASS_SHARE * asked_in[network]
    }
    found = list(_mass(mass, now))
    explained = {device for devices in mass.values() for device in devices}
    devices = Device.objects.in_bulk(asked)
    for device_id, reason in silent.items():
        if device_id not in explained:
            found.append(Found(Kind.CAMERA_SILENT, device_subject(devices[device_id]), reason))
    looked = [(Kind.CAMERA_SILENT, device_subject(device)) for device in devices.values()]
    if run.kind in SWEEPS:
        looked += [
            (Kind.NETWORK_SILENT, Subject(Finding.Subject.NETWORK, network)) for network in asked_in
        ]
    settle(found, looked, now)


def _mass(mass: dict[int, list[int]], now: datetime) -> Iterable[Found]:
    names = {network.pk: str(network) for network in Network.objects.filter(pk__in=mass)}
    for network, devices in mass.items():
        positions = Installation.objects.at(now).filter(device__in=devices)
        covers = tuple(positions.values_list("position", flat=True))
        yield Found(
            Kind.NETWORK_SILENT,
            Subject(Finding.Subject.NETWORK, network, names[network]),
            covers=covers,
            count=len(devices),
        )


def judge_identities(run: Run, now: datetime) -> None:
    """The same serial or MAC at two addresses; a device that answers at another one (INV-10, D18)."""
    since = run.started_at or run.start_at
    rows = DeviceCondition.objects.filter(identity_at__gte=since).select_related("device")
    by_serial: dict[tuple[str, str], list[DeviceCondition]] = defaultdict(list)
    by_mac: dict[str, list[DeviceCondition]] = defaultdict(list)
    for row in rows:
        if row.serial:
            by_serial[row.maker.casefold(), row.serial.upper()].append(row)
        for mac in row.macs:
            by_mac[mac].append(row)
    found: dict[tuple[str, str, int], Found] = {}
    for key, group in [*by_serial.items(), *by_mac.items()]:
        if len(group) < 2:
            continue
        for row in group:
            others = [other.address for other in group if other is not row][:8]
            item = Found(
                Kind.DUPLICATE_IDENTITY,
                device_subject(row.device),
                detail={"same": str(key if isinstance(key, str) else key[1]), "at": others},
            )
            found.setdefault(item.key, item)
    _moved(by_mac, found)
    looked = [(Kind.DUPLICATE_IDENTITY, device_subject(row.device)) for row in rows]
    settle(found.values(), looked, now)


def _moved(
    by_mac: dict[str, list[DeviceCondition]], found: dict[tuple[str, str, int], Found]
) -> None:
    """A MAC that the inventory knows for another device: that device now answers here."""
    for device in Device.objects.filter(mac__in=[mac for mac in by_mac if mac]):
        here = by_mac[device.mac]
        if len(here) == 1 and here[0].device_id != device.pk:
            item = Found(
                Kind.DEVICE_MOVED, device_subject(device), detail={"now_at": here[0].address}
            )
            found[item.key] = item


def judge_positions(run: Run, now: datetime) -> None:
    """Missing recordings: one finding per recorder that missed the same time everywhere, else per position."""
    days = list(PositionDay.objects.filter(day=run.day).select_related("position__group"))
    expected = expected_many([row.position for row in days], run.day)
    bad = {
        row.position_id: row
        for row in days
        if row.result in {Result.PARTLY, Result.NOT_RECORDED}
        and expected[row.position_id].kind != "MOTION"
    }
    together = _together(run, set(bad))
    found = []
    explained: set[int] = set()
    for recorder, positions in together.items():
        explained |= positions
        found.append(
            Found(
                Kind.RECORDER_STOPPED,
                device_subject(recorder),
                covers=tuple(positions),
                count=len(positions),
            )
        )
    subjects = {
        row.position_id: Subject(Finding.Subject.POSITION, row.position_id, row.position.name)
        for row in days
    }
    for position_id, row in bad.items():
        if position_id not in explained:
            detail = {"day": str(run.day), "longest_gap_ms": row.longest_gap_ms}
            found.append(Found(Kind.NOT_RECORDING, subjects[position_id], row.result, detail))
    motion = [r for r in days if expected[r.position_id].kind == "MOTION"]
    found += _silent_motion(run, motion, subjects)
    known = [row for row in days if row.result != Result.UNKNOWN]
    looked = [(Kind.NOT_RECORDING, subjects[row.position_id]) for row in known]
    # Not on motion any more counts as looked for; a day that nobody could tell does not.
    looked += [(Kind.MOTION_SILENT, subjects[row.position_id]) for row in known]
    looked += [
        (Kind.RECORDER_STOPPED, device_subject(device))
        for device in Device.objects.recorders().filter(checks__run=run)
    ]
    settle(found, looked, now)


def _together(run: Run, positions: set[int]) -> dict[Device, set[int]]:
    """Recorders whose channels lack the same time, with the positions that this explains."""
    rows = (
        ChannelAssignment.objects.on(run.day)
        .filter(position__in=positions)
        .select_related("channel__recorder")
    )
    channels = {row.channel_id: row for row in rows}
    proofs = CoverageDay.objects.filter(day=run.day, channel__in=channels).only(
        "channel", "gaps", "longest_gap_ms"
    )
    together: dict[Device, set[int]] = defaultdict(set)
    for proof in proofs:
        longest = max(proof.gaps, key=lambda gap: gap[1] - gap[0], default=None)
        if longest is not None and longest[2] in TOGETHER:
            row = channels[proof.channel_id]
            together[row.channel.recorder].add(row.position_id)
    return {device: ids for device, ids in together.items() if len(ids) >= 2}


def _silent_motion(
    run: Run, rows: Sequence[PositionDay], subjects: dict[int, Subject]
) -> Iterable[Found]:
    """Motion recording that shows nothing for too many days in a row (REC-21)."""
    allowed = {row.position_id: row.position.group.silent_days_allowed for row in rows}
    since = run.day - timedelta(days=max(allowed.values(), default=1) - 1)
    silent: dict[int, set[date]] = defaultdict(set)
    nothing = PositionDay.objects.filter(
        position__in=allowed, day__range=(since, run.day), result=Result.NOT_RECORDED
    )
    for position_id, day in nothing.values_list("position", "day"):
        silent[position_id].add(day)
    for position_id, days in allowed.items():
        wanted = {run.day - timedelta(days=back) for back in range(days)}
        if wanted <= silent[position_id]:
            yield Found(Kind.MOTION_SILENT, subjects[position_id], detail={"days": days})


def judge_retention(run: Run, now: datetime) -> None:
    """Days really held per channel, holes taken off, against the goal (REC-2, REC-6, REC-7, REC-23)."""
    rows = {
        row.channel_id: row
        for row in ChannelCondition.objects.filter(
            channel__recorder__checks__run=run, asked_at__gte=run.started_at or run.start_at
        ).select_related("channel__recorder")
    }
    assigned = {
        row.channel_id: row
        for row in ChannelAssignment.objects.current()
        .filter(channel__in=rows)
        .select_related("position__group")
    }
    lost = _lost_by_channel(run, now, rows, assigned)
    looked = []
    long: dict[Device, list[tuple[datetime, int, int]]] = defaultdict(list)
    short: dict[Device, list[tuple[float, int, int]]] = defaultdict(list)
    for channel_id, row in rows.items():
        if row.earliest_at is None:
            continue
        held_ms = to_ms(now) - to_ms(row.earliest_at) - lost.get(channel_id, 0)
        held = round(max(held_ms, 0) / 86_400_000, 2)
        row.held_days = held
        row.recent = _remembered(row.recent, now, held)
        assignment = assigned.get(channel_id)
        if assignment is None:
            continue
        recorder = row.channel.recorder
        subject = device_subject(recorder)
        looked += [(Kind.RETENTION_SHORT, subject), (Kind.RETENTION_LONG, subject)]
        goal = assignment.position.group.retention_goal_days
        if now - row.earliest_at > timedelta(days=goal + WHOLE_DAYS):
            long[recorder].append((row.earliest_at, goal, assignment.position_id))
        # A channel that records for fewer days than the goal cannot hold them yet.
        old_enough = assignment.starts_at <= now - timedelta(days=goal)
        if old_enough and held < goal - SLACK_DAYS:
            short[recorder].append((held, goal, assignment.position_id))
    ChannelCondition.objects.bulk_update(rows.values(), ["held_days", "recent"], batch_size=200)
    found = [_short(recorder, channels) for recorder, channels in short.items()]
    found += [_long(recorder, channels) for recorder, channels in long.items()]
    settle(found, looked, now)


def _lost_by_channel(
    run: Run,
    now: datetime,
    rows: Mapping[int, ChannelCondition],
    assigned: Mapping[int, ChannelAssignment],
) -> dict[int, int]:
    """Milliseconds of holes per channel since its oldest recording."""
    lost = dict(
        CoverageDay.objects.filter(
            channel__in=rows, day__gte=day_of(now) - timedelta(days=400), is_complete=True
        )
        .filter(day__gte=_oldest(rows.values()), day__lt=day_of(now))
        .values_list("channel")
        .annotate(lost=Sum("expected_ms") - Sum("recorded_ms"))
    )
    # Motion recording has no holes: nothing to see is not a recording that was lost.
    kinds = expected_many([row.position for row in assigned.values()], run.day)
    for channel_id, assigned_row in assigned.items():
        if kinds[assigned_row.position_id].kind == "MOTION":
            lost.pop(channel_id, None)
    return lost


def _remembered(recent: list[list[Any]], now: datetime, held: float) -> list[list[Any]]:
    """The days held, one value a day: the newest replaces an earlier one of its day."""
    today = day_of(now)
    before = [pair for pair in recent if day_of(datetime.fromisoformat(pair[0])) != today]
    return [*before, [now.isoformat(timespec="seconds"), held]][-REMEMBERED_DAYS:]


def _short(recorder: Device, channels: list[tuple[float, int, int]]) -> Found:
    """One finding per recorder: its disks are shared, and so is the reason."""
    held, goal, _position = min(channels)
    return Found(
        Kind.RETENTION_SHORT,
        device_subject(recorder),
        detail={"held_days": str(held), "goal_days": goal},
        covers=tuple(position for _held, _goal, position in channels),
        count=len(channels),
    )


def _long(recorder: Device, channels: list[tuple[datetime, int, int]]) -> Found:
    """Footage older than the goal, locked clips left out: personal data that should be gone (REC-23)."""
    oldest, goal, _position = min(channels)
    return Found(
        Kind.RETENTION_LONG,
        device_subject(recorder),
        detail={"oldest_day": str(day_of(oldest)), "goal_days": goal},
        covers=tuple(position for _oldest, _goal, position in channels),
        count=len(channels),
    )


def _oldest(rows: Iterable[ChannelCondition]) -> object:
    told = [day_of(row.earliest_at) for row in rows if row.earliest_at is not None]
    return min(told, default=day_of(datetime.now().astimezone()))
