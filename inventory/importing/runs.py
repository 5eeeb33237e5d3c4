"""The dry run and the import itself: both judge the whole file; the second writes all of it or nothing.

`progress(done, total, message)` is told how far a call is, and may raise to stop it. `within` is told the same
while rows are being written: that is inside the transaction, where whatever it writes is seen by nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

import audit

from ..models import UploadedSheet
from ..sheets.reading import SheetRefused, read
from ..tables import DEVICES, POSITIONS
from . import devices, positions, writing
from .devices import DevicePlan, DeviceReader
from .faults import Fault, lines_of
from .positions import PositionPlan, PositionReader

if TYPE_CHECKING:
    from accounts.models import Person

KEPT_FAULTS = 5000
_TABLES: dict[str, Any] = {
    "devices": (DEVICES, devices.REQUIRED, DeviceReader),
    "positions": (POSITIONS, positions.REQUIRED, PositionReader),
}
Plan = DevicePlan | PositionPlan
Progress = Callable[[int, int, str], None]
ROWS_PER_TICK = 200


def silent(done: int, total: int, message: str) -> None:
    """Nobody waits for the progress."""


def unwatched(checked: Checked) -> None:
    """Nobody has to note the end."""


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
    upload: UploadedSheet,
    by: Person,
    progress: Progress = silent,
    within: Progress = silent,
    ended: Callable[[Checked], None] = unwatched,
) -> Checked:
    """Imports a checked upload: judged once more, then all rows in one transaction, once.

    `ended` is called as the last thing in the transaction: what it writes stands if and only if the rows do.
    Returns the new faults when the inventory has changed meanwhile; then nothing was written. Raises TooLate
    when the upload is not waiting to be imported.
    """
    rows = UploadedSheet.objects.filter(pk=upload.pk, status=UploadedSheet.Status.CHECKED)
    if not rows.exists():
        raise TooLate(_("This file has been imported already."))
    checked = check(bytes(upload.content), upload.table, by, progress)
    if checked.faults:
        with transaction.atomic():
            rows.update(**refusal(checked))
            ended(checked)
        return checked
    progress(0, len(checked.plans), _("The rows are being written."))
    try:
        with transaction.atomic():
            if not rows.update(status=UploadedSheet.Status.IMPORTED):
                raise TooLate(_("This file has been imported already."))
            _write(upload, checked, by, within)
            ended(checked)
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


def _write(upload: UploadedSheet, checked: Checked, by: Person, within: Progress) -> None:
    # Counted first: writing gives new rows their numbers.
    summary = checked.summary
    for done in writing.write(upload, checked.plans, by):
        within(done, len(checked.plans), _("The rows are being written."))
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
    upload.summary = summary


def _does_something(plan: Plan) -> bool:
    moves = isinstance(plan, DevicePlan) and bool(plan.address or plan.position)
    return bool(plan.before) or moves
