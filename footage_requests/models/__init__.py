"""Three machines for three things: the request, its holds, its package."""

from __future__ import annotations

from .decisions import Decision, DecisionLine
from .files import EvidenceFile
from .holds import Hold, HoldPart
from .kinds import LegalBasis, RefusalCode, RequesterKind, SmallUnitPeriod
from .packages import Exhibit, ExportSlice, Package
from .requests import FootageRequest, RequestAttachment, RequestItem

__all__ = [
    "Decision",
    "DecisionLine",
    "EvidenceFile",
    "Exhibit",
    "ExportSlice",
    "FootageRequest",
    "Hold",
    "HoldPart",
    "LegalBasis",
    "Package",
    "RefusalCode",
    "RequestAttachment",
    "RequestItem",
    "RequesterKind",
    "SmallUnitPeriod",
]
