"""The disks of a recorder as its pages show them, with what the switches do to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.faults import fault
from simulator.world import SimDevice

DEGRADED = "degraded"


@dataclass(frozen=True, slots=True)
class ShownDisk:
    """One disk, or the array that a recorder shows in place of its disks."""

    slot: str
    capacity_gb: int
    state: str = "ok"
    is_read_only: bool = False
    is_array: bool = False


def shown_disks(device: SimDevice) -> list[ShownDisk]:
    """Return what the recorder shows now; its disks are those of its inventory."""
    fitted = device.inventory.get("disks") or [{"slot": "1", "capacity_gb": 8000}]
    disks = [
        ShownDisk(str(each["slot"]), each["capacity_gb"], each.get("state", "ok"))
        for each in fitted
    ]
    missing = fault(device, "disk_missing")
    if missing is not None:
        disks = disks[: max(0, len(disks) - int(missing))]
    if disks and fault(device, "disk_read_only") is not None:
        disks[0] = replace(disks[0], is_read_only=True)
    if fault(device, "array_degraded") is not None:
        whole = sum(each.capacity_gb for each in disks)
        disks = [ShownDisk("1", whole, DEGRADED, is_array=True)]
    return disks


def smart_is_bad(device: SimDevice, number: int) -> bool:
    """Whether the disk of this 1-based number says of itself that it will fail: the first one, by the switch."""
    return number == 1 and fault(device, "smart_warning") is not None
