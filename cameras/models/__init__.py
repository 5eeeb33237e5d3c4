"""Rows about what devices do. One file per topic."""

from .clocks import ClockMeasurement
from .conditions import ChannelCondition, DeviceCondition
from .coverage import CoverageDay, CoverageRevision, PositionDay, Result
from .evidence import LastPicture, PlaybackProof, RecorderUse, ReferencePicture, ViewCheck
from .findings import Finding, StateChange
from .runs import Answer, CheckFrequency, CheckKind, CheckResult, DeviceCheck, Run
from .sheets import DailySheet, FiledSheet, SheetExplanation, SheetReminder, SignedSheet

__all__ = [
    "Answer",
    "ChannelCondition",
    "CheckFrequency",
    "CheckKind",
    "CheckResult",
    "ClockMeasurement",
    "CoverageDay",
    "CoverageRevision",
    "DailySheet",
    "DeviceCheck",
    "DeviceCondition",
    "FiledSheet",
    "Finding",
    "LastPicture",
    "PlaybackProof",
    "PositionDay",
    "RecorderUse",
    "ReferencePicture",
    "Result",
    "Run",
    "SheetExplanation",
    "SheetReminder",
    "SignedSheet",
    "StateChange",
    "ViewCheck",
]
