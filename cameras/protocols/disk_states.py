"""What recorders tell of their disks: states of disks, arrays and network volumes. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DiskKind(StrEnum):
    """What a row of a recorder's list of storage stands for. Codes are stored."""

    DISK = "DISK"
    ARRAY = "ARRAY"
    NETWORK = "NETWORK"


class DiskTrouble(StrEnum):
    """What is wrong with a disk. Codes are stored; the words for them are in cameras.wording.disk_words."""

    FAULTY = "FAULTY"
    FAILING = "FAILING"  # it still works; its self-assessment (SMART) says not for long
    MISSING = "MISSING"
    DEGRADED = "DEGRADED"  # an array without the redundancy that it should have
    NOT_WRITABLE = "NOT_WRITABLE"


@dataclass(frozen=True)
class DiskState:
    """One row of a recorder's storage. `healthy` None: its state is not told, or in a word nobody knows.

    `word` is the device's own word for the state; `trouble` is set only where `healthy` is False.
    """

    slot: str
    healthy: bool | None
    word: str = ""
    capacity_mb: int | None = None
    free_mb: int | None = None
    trouble: DiskTrouble | None = None
    kind: DiskKind = DiskKind.DISK
