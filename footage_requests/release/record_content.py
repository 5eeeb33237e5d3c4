"""What a hand-over record says, as plain data that is frozen when it is made."""

from __future__ import annotations

from typing import Any

from audit.canon import utc_text
from audit.models import Entry, Seal
from audit.sealing import leaf_of

from ..footage import sound_told
from ..holds import hold_life
from ..models import Decision, Exhibit, HandOverRecord, Hold, Package
from .custody import known_hashes

Kind = HandOverRecord.Kind
PLAIN = (
    "place",
    "receiver_name",
    "receiver_office",
    "receiver_title",
    "receiver_identity",
    "receiver_letter",
    "attendees",
    "medium",
    "medium_serial",
    "medium_count",
    "seal_no",
    "is_encrypted",
    "passphrase_by",
    "played_together",
    "identity_checked",
    "note",
)
"""The fields of a record that it says as they were entered."""
RETURN = ("return_reason", "seal_intact", "measured_sha256", "next_step")
"""What is entered beside them of a medium that came back."""


def content_of(row: HandOverRecord) -> dict[str, Any]:
    """What the paper says, as plain data: everything that domain.md 6.3 names, frozen at this moment."""
    request, package = row.request, row.package
    returned = {"returned": _returned(row)} if row.kind == Kind.RETURNED else {}
    standing = request.decisions.filter(voided_at=None).exclude(kind=Decision.Kind.RETURN)
    decision = package.decision if package else standing.first()
    return {
        "schema": "hand-over-record/1",
        "number": row.number,
        "kind": row.kind,
        "request": request.number,
        "requester": request.requester_name,
        "organisation": request.organisation,
        "reference_no": request.reference_no,
        "ebys_number": request.ebys_number,
        "ebys_date": request.ebys_date.isoformat() if request.ebys_date else "",
        "decided_by": str(decision.decided_by) if decision else "",
        "decided_as_deputy": bool(decision and decision.is_deputy),
        "decided_at": utc_text(decision.decided_at) if decision else "",
        "exported_by": str(package.exporter) if package else "",
        "verified_by": str(package.verifier) if package and package.verifier else "",
        "happened_at": utc_text(row.happened_at),
        "viewing_until": utc_text(row.viewing_until) if row.viewing_until else "",
        **{name: getattr(row, name) for name in PLAIN},
        "deliverer": str(row.deliverer),
        "witness": str(row.witness) if row.witness else "",
        "package": package.number if package else "",
        "manifest_sha256": package.manifest_sha256 if package else "",
        "audit": _audit_head(package) if package else {},
        "small_unit": bool(package and package.is_small_unit),
        "exhibits": [_exhibit(one) for one in _leaving(package)],
        "sound": sound_told.as_facts(package) if package else [],
        "holds": [_hold(one) for one in request.holds.exclude(status="DESTROYED")]
        if row.kind == Kind.HOLD
        else [],
        "shown": decision.shown if decision and row.kind == Kind.NO_RECORDING else {},
        **returned,
    }


def _audit_head(package: Package) -> dict[str, Any]:
    """Where the sealing of the package stands in the audit log, and the log's head at this moment (REL-22)."""
    sealing = Entry.objects.about(package).filter(action="package.seal").first()
    newest = Seal.objects.order_by("-leaf").first()
    return {
        "leaf": leaf_of(sealing) if sealing is not None else None,
        "head_leaf": newest.leaf if newest else None,
        "chain": newest.chain if newest else "",
    }


def _returned(row: HandOverRecord) -> dict[str, Any]:
    """What is said of a medium that came back; `matched` is None when nothing could be measured on it."""
    known = known_hashes(row.package) if row.package else {}
    return {
        "takes_back": row.takes_back.number if row.takes_back else "",
        "reason": row.return_reason,
        "seal_intact": row.seal_intact,
        "measured_sha256": row.measured_sha256,
        "matched": row.measured_sha256 in known if row.measured_sha256 else None,
        "next_step": row.next_step,
    }


def _leaving(package: Package | None) -> list[Exhibit]:
    from ..exhibits.verifying import current_exhibits  # verifying does not need records

    return list(current_exhibits(package)) if package else []


def _exhibit(row: Exhibit) -> dict[str, Any]:
    recorder = row.channel.recorder
    # The seal makes another file of it: the record names the one that is handed over.
    sealed = row.facts.get("sealed", {})
    return {
        "ident": row.ident,
        "kind": row.kind,
        "position": row.line.item.position.name,
        "recorder": f"{recorder.maker} {recorder.model}".strip(),
        "serial": recorder.serial,
        "channel": row.channel.number,
        "file_name": sealed.get("path", row.file_name),
        "bytes": sealed.get("bytes", row.file.bytes),
        "sha256": sealed.get("sha256", row.file.sha256),
        "signer_sha256": sealed.get("signer_sha256", ""),
        "authority_sha256": sealed.get("authority_sha256", ""),
        "codec": row.facts.get("codec", ""),
        "asked": row.facts.get("asked", []),
        "delivered": row.facts.get("delivered", []),
        "gaps": row.facts.get("gaps", []),
        "clock": row.facts.get("clock", {}),
    }


def _hold(row: Hold) -> dict[str, Any]:
    return {
        "position": row.item.position.name,
        "channel": row.channel.number,
        "from": utc_text(row.starts_at),
        "until": utc_text(row.ends_at),
        **_protected(row),
        "held_at": utc_text(row.held_at) if row.held_at else "",
        "keep_until": row.keep_until.isoformat() if row.keep_until else "",
    }


def _protected(row: Hold) -> dict[str, Any]:
    real = hold_life.protected(row, row.parts.all())
    return {
        "asked_from": utc_text(row.item.starts_at),
        "asked_until": utc_text(row.item.ends_at),
        "protected_from": utc_text(real.starts_at) if real else "",
        "protected_until": utc_text(real.ends_at) if real else "",
        "covers": bool(real and real.covers),
    }
