"""Three machines for three things: the request, its holds, its package."""

from __future__ import annotations

from .casework import CaseVisit, NumberSeries, Opinion, RequestReminder, SavedFilter
from .checks import PackageCheck
from .decisions import Decision, DecisionLine
from .destructions import Destruction
from .exhibits import FixedMask, MaskPlan, Viewing
from .fees import Fee
from .files import EvidenceFile
from .handover import (
    CustodyEvent,
    DownloadLink,
    HandOverRecord,
    MediumKind,
    MediumMovement,
    RecipientCopy,
)
from .holds import Hold, HoldPart, HoldWeek
from .interests import InterestDeclaration
from .kinds import KindQuestion, LegalBasis, RefusalCode, RequesterKind, SmallUnitPeriod
from .lookups import LookupKey
from .packages import Exhibit, ExportPace, ExportSlice, Package
from .portal import WebhookDelivery, WebhookEndpoint, WebhookTry
from .requests import FootageRequest, RequestAttachment, RequestItem
from .sounds import SoundSlice
from .undertakings import AccessReportSeen, Undertaking, UndertakingText

__all__ = [
    "AccessReportSeen",
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
    "Fee",
    "FixedMask",
    "FootageRequest",
    "HandOverRecord",
    "Hold",
    "HoldPart",
    "HoldWeek",
    "InterestDeclaration",
    "KindQuestion",
    "LegalBasis",
    "LookupKey",
    "MaskPlan",
    "MediumKind",
    "MediumMovement",
    "NumberSeries",
    "Opinion",
    "Package",
    "PackageCheck",
    "RecipientCopy",
    "RefusalCode",
    "RequestAttachment",
    "RequestItem",
    "RequestReminder",
    "RequesterKind",
    "SavedFilter",
    "SmallUnitPeriod",
    "SoundSlice",
    "Undertaking",
    "UndertakingText",
    "Viewing",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookTry",
]
