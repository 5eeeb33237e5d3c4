"""The rows of a checked file written: with field history, dated rows and an audit entry for each.

Inside the caller's transaction, a batch at a time, so that how far it is can be told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from audit.recording import Draft, write_many

from ..models import Address, Device, Installation, Position, UploadedSheet
from ..text import search_text
from .devices import DevicePlan
from .positions import PositionPlan

if TYPE_CHECKING:
    from accounts.models import Person

BATCH = 500


def write(upload: UploadedSheet, plans: list[Any], by: Person) -> Iterator[int]:
    """Writes what the file's rows ask for; gives how many rows are written, beginning with none.

    No row waits for another: `plans` were judged against the inventory as it is and against each other.
    """
    now = timezone.now()
    yield 0
    for start in range(0, len(plans), BATCH):
        batch = plans[start : start + BATCH]
        if upload.table == "devices":
            _write_devices(batch, by, upload.file_name, now)
        else:
            _write_positions(batch, by, upload.file_name)
        yield start + len(batch)


def _write_devices(plans: list[DevicePlan], by: Person, file: str, now: dt.datetime) -> None:
    for plan in plans:
        plan.row.normalise()
    _write_rows(Device, plans, by, file, also=["serial_key", "search_text"])
    _close_moved(plans, by, now)
    addresses = [
        Address(device=plan.row, network=net, ip=ip, mac=plan.row.mac, starts_at=now)
        for plan in plans
        if plan.address
        for net, ip in [plan.address]
    ]
    bulk_create_with_history(addresses, Address, default_user=by)
    fitted = [
        Installation(device=plan.row, position=plan.position, starts_at=now)
        for plan in plans
        if plan.position
    ]
    bulk_create_with_history(fitted, Installation, default_user=by)
    _audit_moves(addresses, fitted, by, file, now)


def _close_moved(plans: Iterable[DevicePlan], by: Person, now: dt.datetime) -> None:
    """The address that a device had in the same network stays as history."""
    moved = {plan.row.pk: plan.address[0].pk for plan in plans if plan.address and plan.before_pk}
    for row in Address.objects.at(now).filter(device__in=moved):
        if row.network_id == moved[row.device_id]:
            row._history_user = by
            row.end(now)


def _audit_moves(
    addresses: list[Address], fitted: list[Installation], by: Person, file: str, now: dt.datetime
) -> None:
    at = now.isoformat()
    drafts = [
        Draft(
            action="address.give",
            actor=by,
            target=row.device,
            because=file,
            after={"ip": row.ip, "mac": row.mac, "network": row.network.name},
            facts={"at": at},
        )
        for row in addresses
    ]
    drafts += [
        Draft(
            action="installation.start",
            actor=by,
            target=row.position,
            because=file,
            facts={"device": row.device_id, "serial": row.device.serial, "lens": 1, "at": at},
        )
        for row in fitted
    ]
    write_many(drafts)


def _write_positions(plans: list[PositionPlan], by: Person, file: str) -> None:
    for plan in plans:
        row = plan.row
        row.search_text = search_text(row.code, row.name, row.purpose)
    _write_rows(Position, plans, by, file, also=["search_text"])


def _write_rows(model: Any, plans: list[Any], by: Person, file: str, also: list[str]) -> None:
    """New rows and changed rows with their field history and their audit entries."""
    new = [plan for plan in plans if plan.row.pk is None]
    changed = [plan for plan in plans if plan.row.pk is not None and plan.before]
    for plan in plans:
        plan.before_pk = plan.row.pk
    created = bulk_create_with_history([plan.row for plan in new], model, default_user=by)
    for plan, row in zip(new, created, strict=True):
        plan.row = row
    names = sorted({name for plan in changed for name in plan.before})
    if names:
        bulk_update_with_history(
            [plan.row for plan in changed],
            model,
            [*names, *also],
            default_user=by,
        )
    _audit_rows(str(model._meta.model_name), new, changed, by, file)


def _audit_rows(name: str, new: list[Any], changed: list[Any], by: Person, file: str) -> None:
    """An entry per row that was made or changed."""
    drafts = [
        Draft(
            action=f"{name}.create",
            actor=by,
            target=plan.row,
            because=file,
            after=_told(plan.values),
        )
        for plan in new
    ]
    drafts += [
        Draft(
            action=f"{name}.change",
            actor=by,
            target=plan.row,
            because=file,
            before=_told(plan.before),
            after=_told({field: plan.values[field] for field in plan.before}),
        )
        for plan in changed
    ]
    write_many(drafts)


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """Values as the audit log takes them: dates as text, rows by their id."""
    return {
        name: value.isoformat() if isinstance(value, dt.date) else getattr(value, "pk", value)
        for name, value in values.items()
    }
