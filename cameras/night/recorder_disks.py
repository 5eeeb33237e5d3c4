"""The disks of a recorder as stored: what it told, and what should be there and is not (REC-12).

A disk is missing when the recorder tells of fewer than the inventory has, or no longer tells of one that it
told of. A recorder with an array may tell of the array alone, so its disks are not counted. What an array
is made of would need a call of its own, which is documented for no maker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from cameras.models import DeviceCondition
from cameras.protocols.disk_states import DiskKind, DiskState, DiskTrouble
from cameras.visiting.visit_data import VisitOutcome
from inventory.models import Disk

MOST = 64
FITTED = "fitted"
"""Marks a stored row that only the inventory knows of."""
_NUMBER = re.compile(r"(\d{1,4})$")
_LETTER = re.compile(r"sd([a-z])$")

Row = dict[str, Any]


def note(condition: DeviceCondition, outcome: VisitOutcome, now: datetime) -> None:
    """Stores what a visit was told, or why it was not; what was told before stays, with its age."""
    told = outcome.disks
    if told is None:
        condition.disks_reason = outcome.disks_reason or condition.disks_reason
        return
    rows = [asdict(disk) for disk in told[:MOST]]
    if not any(disk.kind is DiskKind.ARRAY for disk in told):
        rows += _missing(condition.device_id, told, condition.disks, now)
    condition.disks, condition.disks_at, condition.disks_reason = rows[:MOST], now, ""


def _missing(
    device_id: int, told: Sequence[DiskState], was: Sequence[Row], now: datetime
) -> list[Row]:
    present = [disk.slot for disk in told if disk.kind is DiskKind.DISK]
    fitted = list(Disk.objects.filter(recorder=device_id, removed_on=None))
    gone = _gone(present, was, now)
    # Whoever took a disk out on purpose says so in the inventory; until then it is missed.
    if gone and len(present) == len(fitted) and _was_looked_through(device_id, gone):
        gone = []
    lacking = len(fitted) - len(present) - len(gone)
    if lacking <= 0:
        return gone
    known = {_bay(slot) for slot in (*present, *(row["slot"] for row in gone))}
    unseen = [disk for disk in fitted if _bay(disk.slot) not in known] or fitted
    return [*gone, *_lacking(unseen, lacking, was, now)]


def _gone(present: Sequence[str], was: Sequence[Row], now: datetime) -> list[Row]:
    """The disks that were told of before, where there are fewer now. The names may have moved up since."""
    before = [row for row in was if row.get("kind") == DiskKind.DISK and FITTED not in row]
    bays = {_bay(slot) for slot in present}
    gone = [row for row in before if _bay(row["slot"]) not in bays]
    since = now.isoformat(timespec="seconds")
    lost = {"healthy": False, "trouble": DiskTrouble.MISSING, "word": "", "free_mb": None}
    fewer = max(0, len(before) - len(present))
    return [{**row, **lost, "since": row.get("since", since)} for row in gone[:fewer]]


def _lacking(
    unseen: Sequence[Disk], count: int, was: Sequence[Row], now: datetime
) -> Iterable[Row]:
    """So many disks of the inventory of which the recorder does not tell; of some only "one of these" is known."""
    is_sure = len(unseen) == count
    since = {row["slot"]: row["since"] for row in was if FITTED in row}
    for disk in unseen[:count]:
        slot = disk.slot if is_sure else " / ".join(one.slot for one in unseen)
        size = disk.capacity_gb * 1000 if disk.capacity_gb else None
        row = asdict(DiskState(slot, False, capacity_mb=size, trouble=DiskTrouble.MISSING))
        yield row | {"since": since.get(slot, now.isoformat(timespec="seconds")), FITTED: True}


def _was_looked_through(device_id: int, gone: Sequence[Row]) -> bool:
    since = min(datetime.fromisoformat(row["since"]) for row in gone)
    return Disk.history.filter(recorder=device_id, history_date__gt=since).exists()


def _bay(slot: str) -> str:
    """What names the same bay in the inventory's words and the recorder's: "hdd 2", "/dev/sdb" and "2" are "2"."""
    letter = _LETTER.search(slot)
    if letter is not None:
        return str(ord(letter[1]) - ord("a") + 1)
    number = _NUMBER.search(slot)
    return str(int(number[1])) if number is not None else slot.casefold()
