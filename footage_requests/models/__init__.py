"""Three machines for three things: the request, its holds, its package."""

from __future__ import annotations

from .casework import CaseVisit, NumberSeries, Opinion, RequestReminder, SavedFilter
from .decisions import Decision, DecisionLine
from .exhibits import FixedMask, MaskPlan, Viewing
from .files import EvidenceFile
from .handover import (
    CustodyEvent,
    Destruction,
    DownloadLink,
    HandOverRecord,
    MediumKind,
    MediumMovement,
    RecipientCopy,
)
from .holds import Hold, HoldPart
from .kinds import LegalBasis, RefusalCode, RequesterKind, SmallUnitPeriod
from .packages import Exhibit, ExportPace, ExportSlice, Package
from .portal import WebhookDelivery, WebhookEndpoint, WebhookTry
from .requests import FootageRequest, RequestAttachment, RequestItem

__all__ = [
    "CaseVisit",
    "CustodyEvent",
    "Decision",
    "DecisionLine",
    "Destruction",
    "DownloadLink",
    "EvidenceFile",
    "Exhibit",
    "ExportPace",
    "ExportSlice",
    "FixedMask",
    "FootageRequest",
    "HandOverRecord",
    "Hold",
    "HoldPart",
    "LegalBasis",
    "MaskPlan",
    "MediumKind",
    "MediumMovement",
    "NumberSeries",
    "Opinion",
    "Package",
    "RecipientCopy",
    "RefusalCode",
    "RequestAttachment",
    "RequestItem",
    "RequestReminder",
    "RequesterKind",
    "SavedFilter",
    "SmallUnitPeriod",
    "Viewing",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookTry",
]
