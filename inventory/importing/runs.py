"""The dry run and the import itself: both judge the whole file; the second writes all of it or nothing.

`progress(done, total, message)` is told how far a call is, and may raise to stop it. While rows are being
written nothing that is told would be seen by others, so only `stop()` is asked; it may raise as well.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

import audit
from audit.recording import Draft, write_many

from ..models import Address, Device, Installation, Position, UploadedSheet
from ..sheets.reading import SheetRefused, read
from ..tables import DEVICES, POSITIONS
from ..text import search_text
from . import devices, positions
from .devices import DevicePlan, DeviceReader
from .faults import Fault, lines_of
from .positions import PositionPlan, PositionReader

if TYPE_CHECKING:
    from accounts.models import Person

BATCH = 500
KEPT_FAULTS = 5000
_TABLES: dict[str, Any] = {
    "devices": (DEVICES, devices.REQUIRED, DeviceReader),
    "positions": (POSITIONS, positions.REQUIRED, PositionReader),
}
Plan = DevicePlan | PositionPlan
Progress = Callable[[int, int, str], None]
Stop = Callable[[], None]
ROWS_PER_TICK = 200


def silent(done: int, total: int, message: str) -> None:
    """Nobody waits for the progress."""


def never() -> None:
    """Nobody stops it."""


class TooLate(Exception):
    """The upload was imported already, or the inventory changed so that it no longer fits."""


@dataclass
class Checked:
    """What a file would do: its faults, or how many rows are new, changed and as they are."""

    faults: list[Fault] = field(default_factory=list)
    plans: list[Any] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, int]:
        new = sum(plan.row.pk is None for plan in self.plans)
        changed = sum(plan.row.pk is not None and _does_something(plan) for plan in self.plans)
        return {"rows": len(self.plans), "new": new, "changed": changed}


def check(data: bytes, table: str, person: Person, progress: Progress = silent) -> Checked:
    """The dry run: judges every cell and writes nothing."""
    shown, required, reader_class = _TABLES[table]
    progress(0, 0, _("The file is being read."))
    try:
        sheet = read(data)
    except SheetRefused as refusal:
        return Checked([Fault(0, "", "", str(refusal))])
    lines: Any = lines_of(sheet, shown.filed, required)
    if isinstance(lines[0], Fault):
        return Checked(lines)
    reader = reader_class(person)
    plans = []
    for number, line in enumerate(lines):
        if number % ROWS_PER_TICK == 0:
            progress(number, len(lines), _("The rows are being checked."))
        plans.append(reader.plan(line))
    found = [fault for line in lines for fault in line.faults]
    return Checked(found, [] if found else plans)


def carry_out(
    upload: UploadedSheet, by: Person, progress: Progress = silent, stop: Stop = never
) -> Checked:
    """Imports a checked upload: judged once more, then all rows in one transaction, once.

    Returns the new faults when the inventory has changed meanwhile; then nothing was written. Raises TooLate
    when the upload is not waiting to be imported.
    """
    rows = UploadedSheet.objects.filter(pk=upload.pk, status=UploadedSheet.Status.CHECKED)
    if not rows.exists():
        raise TooLate(_("This file has been imported already."))
    checked = check(bytes(upload.content), upload.table, by, progress)
    if checked.faults:
        rows.update(**refusal(checked))
        return checked
    progress(len(checked.plans), len(checked.plans), _("All rows are being written."))
    try:
        with transaction.atomic():
            if not rows.update(status=UploadedSheet.Status.IMPORTED):
                raise TooLate(_("This file has been imported already."))
            _write(upload, checked, by, stop)
    except IntegrityError as error:
        raise TooLate(
            _(
                "Somebody changed the inventory at this moment. Nothing was written; upload the file again."
            )
        ) from error
    return checked


def refusal(checked: Checked) -> dict[str, Any]:
    """The columns of an upload that has faults: its bytes are of no use any more."""
    return {
        "status": UploadedSheet.Status.REFUSED,
        "content": b"",
        "faults": [fault.as_list() for fault in checked.faults[:KEPT_FAULTS]],
        "fault_count": len(checked.faults),
    }


def _write(upload: UploadedSheet, checked: Checked, by: Person, stop: Stop) -> None:
    summary = checked.summary
    write = _write_devices if upload.table == "devices" else _write_positions
    write(checked.plans, by, upload.file_name, stop)
    audit.record(
        "inventory.import",
        actor=by,
        table=upload.table,
        file=upload.file_name,
        sha256=upload.sha256,
        rows=summary["rows"],
        new=summary["new"],
        changed=summary["changed"],
    )
    UploadedSheet.objects.filter(pk=upload.pk).update(content=b"", summary=summary)


def _write_devices(plans: list[DevicePlan], by: Person, file: str, stop: Stop) -> None:
    for plan in plans:
        plan.row.normalise()
    _write_rows(Device, plans, by, file, stop, also=["serial_key", "search_text"])
    stop()
    now = timezone.now()
    _close_moved(plans, by, now)
    addresses = [
        Address(device=plan.row, network=net, ip=ip, mac=plan.row.mac, starts_at=now)
        for plan in plans
        if plan.address
        for net, ip in [plan.address]
    ]
    bulk_create_with_history(addresses, Address, batch_size=BATCH, default_user=by)
    fitted = [
        Installation(device=plan.row, position=plan.position, starts_at=now)
        for plan in plans
        if plan.position
    ]
    bulk_create_with_history(fitted, Installation, batch_size=BATCH, default_user=by)
    stop()
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
    _write_entries(drafts)


def _write_positions(plans: list[PositionPlan], by: Person, file: str, stop: Stop) -> None:
    for plan in plans:
        row = plan.row
        row.search_text = search_text(row.code, row.name, row.purpose)
    _write_rows(Position, plans, by, file, stop, also=["search_text"])


def _write_rows(
    model: Any, plans: list[Any], by: Person, file: str, stop: Stop, also: list[str]
) -> None:
    """New rows and changed rows with their field history and their audit entries."""
    new = [plan for plan in plans if plan.row.pk is None]
    changed = [plan for plan in plans if plan.row.pk is not None and plan.before]
    for plan in plans:
        plan.before_pk = plan.row.pk
    created = bulk_create_with_history(
        [plan.row for plan in new], model, batch_size=BATCH, default_user=by
    )
    for plan, row in zip(new, created, strict=True):
        plan.row = row
    stop()
    names = sorted({name for plan in changed for name in plan.before})
    if names:
        bulk_update_with_history(
            [plan.row for plan in changed],
            model,
            [*names, *also],
            batch_size=BATCH,
            default_user=by,
        )
    stop()
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
    _write_entries(drafts)


def _write_entries(drafts: list[Draft]) -> None:
    for start in range(0, len(drafts), BATCH):
        write_many(drafts[start : start + BATCH])


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """Values as the audit log takes them: dates as text, rows by their id."""
    return {
        name: value.isoformat() if isinstance(value, dt.date) else getattr(value, "pk", value)
        for name, value in values.items()
    }


def _does_something(plan: Plan) -> bool:
    moves = isinstance(plan, DevicePlan) and bool(plan.address or plan.position)
    return bool(plan.before) or moves
