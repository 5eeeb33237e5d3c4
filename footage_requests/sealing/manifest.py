"""manifest.json: everything that the signature vouches for, as canonical JSON (RFC 8785, without floats).

Times are true time: UTC texts with milliseconds. It names each file with size and SHA-256, the people, the
recipient, the sources and clocks, the gaps and the place in the audit log.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from audit.canon import utc_text as audit_time
from audit.recording import APP_VERSION
from core.papers import content_text
from inventory.models import Device

from ..exhibits.true_order import as_facts, in_true_order
from ..footage.right_channel import recognised_by
from ..models import DecisionLine, Package
from .clock_words import statement
from .doubt_records import doubt_facts
from .keys import EvidenceKey, fingerprint
from .leaving import Leaving, Role
from .media_signing import SigningReport
from .sounds import sound_facts
from .text_records import utc_text

SCHEMA = "cctv-release/1"
SOFTWARE = f"cctv-ops {APP_VERSION}"


@dataclass(frozen=True)
class Recipient:
    """For whom the package is. Named inside the signed part, so that a forwarded copy betrays itself."""

    name: str
    office: str
    title: str = ""
    certificate: x509.Certificate | None = None

    @property
    def words(self) -> str:
        return ", ".join(part for part in (self.name, self.title, self.office) if part)


@dataclass(frozen=True)
class FileFacts:
    """One file of the folder. `more` is what else the manifest says of it."""

    path: str
    bytes: int
    sha256: str
    role: str
    more: Mapping[str, Any]


def recipient_of(package: Package) -> Recipient:
    """Who asked, and so receives."""
    request = package.request
    return Recipient(request.requester_name, request.organisation, request.requester_title)


def canonical(
    package: Package,
    *,
    items: Sequence[Leaving],
    files: Sequence[FileFacts],
    recipient: Recipient,
    audit_head: Mapping[str, Any],
    audit_leaves: Sequence[int],
    key: EvidenceKey,
    sealed_at: dt.datetime,
) -> bytes:
    """The manifest's bytes, exactly as they are signed."""
    content = {
        "schema": SCHEMA,
        "software": SOFTWARE,
        "sealed_at": audit_time(sealed_at),
        "release": {"number": package.number, "uuid": str(package.uuid)},
        "request": _request(package),
        "recipient": _recipient(recipient),
        "decision": _decision(package),
        "sound": sound_facts(package),
        "people": people(package),
        "compensating_control": package.is_small_unit,
        "files": [
            {"path": f.path, "bytes": f.bytes, "sha256": f.sha256, "role": f.role, **f.more}
            for f in files
        ],
        "sources": _sources(items),
        "true_order": _true_order(items),
        "audit": {**audit_head, "leaves": list(audit_leaves)},
        "signer": {
            "certificate_sha256": key.fingerprint,
            "authority_sha256": fingerprint(key.authority),
        },
        "seal_says": "unchanged since this export; nothing about the time before it",
    }
    return content_text(content).encode()


def exhibit_facts(item: Leaving) -> dict[str, Any]:
    """What the manifest says of an exhibit, besides its file."""
    row = item.exhibit
    parent = row.parent
    return {
        "exhibit": row.ident,
        "position": item.position.code,
        "method": method_of(item),
        "derived_from": None
        if parent is None
        else {"exhibit": parent.ident, "sha256": row.parent_sha256},
        "exported_sha256": row.file.sha256,
        "asked": span_text(item.asked_ms),
        "obtained": span_text(item.delivered_ms),
        "gaps": [span_text(gap) for gap in item.gaps_ms],
        "gap_count": item.gap_count,
        "gap_ms": item.gap_ms,
        "bitstream_sha256": "",
        "doubts": doubt_facts(row),
        "camera_recognised_by": recognised_by(row) or None,
        "clocks": statement(item),
    }


def camera_signature(report: SigningReport) -> dict[str, Any]:
    """What the camera's own signature (ONVIF Media Signing) says; it reaches further back than our seal."""
    return {
        "verdict": report.verdict.value,
        "chain_leads_to_known_factory": report.is_trusted,
        "groups": report.groups,
        "bad_groups": report.bad_groups,
        "missing_units": report.missing_units,
        "units": report.units,
        "units_without_signature": report.loose_units,
        "certificate": report.certificate,
        "first_at": audit_time(report.first_at) if report.first_at else None,
    }


def method_of(item: Leaving) -> str:
    """How the file came about, in one sentence."""
    if item.role == Role.MASKED:
        return "masked and encoded again; the original is named in derived_from"
    if item.role == Role.SOUND:
        return "sound, stream copy without encoding, one unbroken stretch (RECORDER)"
    if item.role == Role.VIEWING:
        return "encoded again for viewing; the original is named in derived_from"
    sources = ", ".join(str(source) for source in item.exhibit.facts.get("sources", []))
    return f"stream copy without encoding ({sources or 'recorder'})"


def people(package: Package) -> dict[str, dict[str, str] | None]:
    """Who played which part, by name and staff number."""
    parts = ("filer", "approver", "exporter", "verifier")
    return {part: _person(getattr(package, part)) for part in parts}


def _person(person: Any) -> dict[str, str] | None:
    if person is None:
        return None
    return {"name": person.get_full_name(), "staff_number": str(person.get_username())}


def span_text(span: tuple[int, int]) -> dict[str, str]:
    return {"from": utc_text(span[0]), "until": utc_text(span[1])}


def _request(package: Package) -> dict[str, Any]:
    request = package.request
    return {
        "number": request.number,
        "reference_no": request.reference_no,
        "ebys_number": request.ebys_number,
        "ebys_date": request.ebys_date,
        "kind": request.kind.code,
        "legal_basis": request.basis.citation or request.basis.code if request.basis else "",
        "arrived_at": audit_time(request.arrived_at),
        "requester": {
            "name": request.requester_name,
            "office": request.organisation,
            "title": request.requester_title,
        },
    }


def _recipient(recipient: Recipient) -> dict[str, Any]:
    certificate = recipient.certificate
    return {
        "name": recipient.name,
        "office": recipient.office,
        "title": recipient.title,
        "certificate_sha256": fingerprint(certificate) if certificate else None,
    }


def _decision(package: Package) -> dict[str, Any]:
    decision = package.decision
    lines = DecisionLine.objects.filter(decision=decision).select_related("item__position")
    return {
        "kind": decision.kind,
        "decided_at": audit_time(decision.decided_at),
        "authority": decision.authority,
        "as_deputy": decision.is_deputy,
        "content_sha256": decision.content_sha256,
        "sound_released": decision.includes_audio,
        "sound_reason": decision.audio_reason,
        "lines": [
            {
                "position": line.item.position.code,
                "from": audit_time(line.starts_at),
                "until": audit_time(line.ends_at),
                "masked": line.must_be_masked,
                "masking_note": line.masking_note,
                "sound_released": line.includes_audio,
            }
            for line in lines.order_by("item__position__code", "starts_at")
        ],
    }


def _sources(items: Sequence[Leaving]) -> list[dict[str, Any]]:
    found = {}
    for item in items:
        place = item.position
        building = place.floor.building
        key = (place.pk, item.exhibit.channel_id)
        found[key] = {
            "position": place.code,
            "name": place.name,
            "place": f"{building.site.name}, {building.name}, {place.floor.name}",
            "camera": _device(item.camera),
            "recorder": _device(item.recorder),
            "channel": item.exhibit.channel.number,
        }
    return [found[key] for key in sorted(found)]


def _true_order(items: Sequence[Leaving]) -> list[dict[str, Any]]:
    """Exhibits by their corrected beginnings, and whether the order is proven (CLK-14)."""
    return [
        {
            **{name: row[name] for name in row if name not in {"from_ms", "until_ms"}},
            **span_text((row["from_ms"], row["until_ms"])),
        }
        for row in as_facts(in_true_order(item.exhibit for item in items))
    ]


def _device(device: Device | None) -> dict[str, str] | None:
    if device is None:
        return None
    return {
        "maker": device.maker,
        "model": device.model,
        "serial": device.serial,
        "firmware": device.firmware,
        "mac": device.mac,
    }
