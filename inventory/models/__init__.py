"""Rows of the inventory: places, devices, and what is wired to what for how long."""

from .devices import Address, Device, DeviceStep, Disk, Network
from .places import (
    Building,
    Floor,
    Position,
    PositionGroup,
    PositionStep,
    RecordingSchedule,
    Site,
)
from .wiring import Channel, ChannelAssignment, Installation

__all__ = [
    "Address",
    "Building",
    "Channel",
    "ChannelAssignment",
    "Device",
    "DeviceStep",
    "Disk",
    "Floor",
    "Installation",
    "Network",
    "Position",
    "PositionGroup",
    "PositionStep",
    "RecordingSchedule",
    "Site",
]
