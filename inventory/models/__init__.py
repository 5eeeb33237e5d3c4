"""Rows of the inventory: places, devices, and what is wired to what for how long."""

from .contracts import Contract, Contractor, ModelLife
from .counts import CountLine, StockCount
from .devices import Address, Device, DeviceStep, Disk, Network
from .floorplans import FloorPlan, PlanPlace
from .places import (
    Building,
    Floor,
    Position,
    PositionGroup,
    PositionStep,
    RecordingSchedule,
    Site,
)
from .uploads import Attachment, Survey, UploadedSheet
from .wiring import Channel, ChannelAssignment, Installation

__all__ = [
    "Address",
    "Attachment",
    "Building",
    "Channel",
    "ChannelAssignment",
    "Contract",
    "Contractor",
    "CountLine",
    "Device",
    "DeviceStep",
    "Disk",
    "Floor",
    "FloorPlan",
    "Installation",
    "ModelLife",
    "Network",
    "PlanPlace",
    "Position",
    "PositionGroup",
    "PositionStep",
    "RecordingSchedule",
    "Site",
    "StockCount",
    "Survey",
    "UploadedSheet",
]
