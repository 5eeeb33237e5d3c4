"""Tutanaks and the destruction record as printed papers. What they say is the frozen content of the row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from core import tsi
from core.papers import Paper

from ..footage import sound_told
from ..models import Destruction, HandOverRecord, MediumKind
from .record_rows import (
    day,
    exhibit_row,
    hold_row,
    in_bytes,
    joined,
    labels,
    player_words,
    proof_row,
    span,
    stamp,
)

Fact = tuple[str, str]
Kind = HandOverRecord.Kind
FORMS = {
    Kind.COPY: "HAND_OVER",
    Kind.VIEWING: "VIEWING_RECORD",
    Kind.NOT_COLLECTED: "HAND_OVER",
    Kind.NO_RECORDING: "NO_RECORDING",
    Kind.HOLD: "HOLD_RECORD",
    Kind.RETURNED: "HAND_OVER",
}


def record_paper(row: HandOverRecord, link: str = "") -> Paper:
    """One record; from the second print on it is stamped as a copy."""
    kind, content = Kind(row.kind), row.content
    return Paper(
        form=FORMS[kind],
        title=_title(kind),
        template="papers/hand_over_record.html",
        data=content,
        about=tsi.day_of(row.happened_at),
        link=link,
        shown={
            "number": row.number,
            "is_copy": row.prints > 1,
            "print_number": row.prints,
            "is_small_unit": content["small_unit"],
            "opening": _opening(kind, content),
            "facts": _facts(kind, content),
            "exhibits": [exhibit_row(one) for one in content["exhibits"]],
            "holds": [hold_row(one) for one in content["holds"]],
            "proof": [proof_row(one) for one in content["shown"].get("lines", [])],
            "closing": _closing(kind, content),
            "signatures": _signatures(kind, content),
            "labels": labels(content) if kind == Kind.COPY else [],
        },
    )


def destruction_paper(row: Destruction, link: str = "") -> Paper:
    """İmha tutanağı of one destruction: what goes, why, how, and the three people."""
    package = row.package
    data = {
        "schema": "destruction-record/1",
        "number": row.number,
        "request": row.request.number,
        "package": package.number if package else "",
        "manifest_sha256": package.manifest_sha256 if package else "",
        "trigger": row.trigger,
        "method": row.method,
        "reason": row.reason,
        "files": row.evidence,
        "prepared_by": str(row.prepared_by),
        "verified_by": str(row.verified_by or ""),
        "approved_by": str(row.approved_by or ""),
        "done_at": row.done_at.isoformat() if row.done_at else "",
    }
    return Paper(
        form="DESTRUCTION",
        title=_("Destruction record (personal data)"),
        template="papers/destruction.html",
        data=data,
        about=tsi.day_of(row.prepared_at),
        link=link,
        shown={
            "number": row.number,
            "is_done": row.done_at is not None,
            "facts": _destruction_facts(row),
            "files": [
                {"sha256": file["sha256"], "bytes": in_bytes(file["bytes"])}
                for file in row.evidence
                if "file" in file
            ],
            "signatures": [
                (_("Prepared by"), str(row.prepared_by)),
                (_("Verified by"), str(row.verified_by or "")),
                (_("Approved by"), str(row.approved_by or "")),
            ],
        },
    )


def _destruction_facts(row: Destruction) -> list[Fact]:
    """What domain.md 6.4 asks of the record beside the files and the people."""
    package = f" · {row.package.number}" if row.package else ""
    media = [
        (_("Medium"), joined(one["medium"], one["serial"], one["seal_no"]))
        for one in row.evidence
        if "medium" in one
    ]
    return [
        (_("Kind"), str(row.get_trigger_display())),
        (_("Place"), settings.UNIT_NAME),
        (_("Category of data"), _("security of physical premises (camera recordings)")),
        (_("Group of people"), _("people in the view of the cameras")),
        (_("Request and package"), f"{row.request.number}{package}"),
        *_what_it_held(row),
        (_("Why the reason to keep it has ceased"), row.reason),
        (_("Method"), str(row.get_method_display())),
        *(media or [(_("Medium"), _("encrypted evidence store of the unit"))]),
        (_("Destroyed at (TSİ)"), tsi.stamp(row.done_at) if row.done_at else "–"),
        (_("This record is kept"), _("at least three years")),
    ]


def _what_it_held(row: Destruction) -> list[Fact]:
    """Which time the footage was of, and who else has it: the destruction is told to them where the law asks it."""
    package = row.package or (row.medium.package if row.medium else None)
    if package is None:
        return []
    lines = package.decision.lines.select_related("item__position").order_by("starts_at", "pk")
    told = [
        f"{line.item.position.name}: {span(tsi.to_ms(line.starts_at), tsi.to_ms(line.ends_at))}"
        for line in lines
    ]
    given = row.request.records.filter(kind=Kind.COPY, package=package, is_taken_back=False)
    names = [joined(one.receiver_name, one.receiver_office, one.number) for one in given]
    return [
        (_("Footage of (true time)"), "; ".join(told) or "–"),
        (_("Copies that others have"), "; ".join(names) or _("none")),
    ]


def _title(kind: HandOverRecord.Kind) -> str:
    return {
        Kind.COPY: _("Record of handing over camera footage"),
        Kind.VIEWING: _("Record of viewing camera footage"),
        Kind.NOT_COLLECTED: _("Record that footage was not collected"),
        Kind.NO_RECORDING: _("Record that no recording was found"),
        Kind.HOLD: _("Record of putting footage under protection"),
        Kind.RETURNED: _("Record of taking a medium back"),
    }[kind]


def _opening(kind: HandOverRecord.Kind, content: Mapping[str, Any]) -> str:
    names = {
        "who": content["organisation"] or content["requester"],
        "letter": _letter(content),
        "request": content["request"],
        "decided": stamp(content["decided_at"]),
        "place": content["place"],
    }
    texts = {
        Kind.COPY: _(
            "On the letter of %(who)s (%(letter)s) and the approval of %(decided)s, the camera recordings "
            "listed below were copied from the recorder without being changed and handed over in "
            "%(place)s (request %(request)s)."
        ),
        Kind.VIEWING: _(
            "On the letter of %(who)s (%(letter)s) and the approval of %(decided)s, the camera recordings "
            "listed below were shown in %(place)s under supervision (request %(request)s)."
        ),
        Kind.NOT_COLLECTED: _(
            "The camera recordings prepared on the letter of %(who)s (%(letter)s) were not collected "
            "(request %(request)s)."
        ),
        Kind.NO_RECORDING: _(
            "On the letter of %(who)s (%(letter)s) the recorders were asked for the recordings of the "
            "places and times below; no recording was found (request %(request)s)."
        ),
        Kind.HOLD: _(
            "On the request of %(who)s (%(letter)s) the camera recordings of the places and times below "
            "were put under protection (request %(request)s)."
        ),
        Kind.RETURNED: _(
            "The medium that was prepared on the letter of %(who)s (%(letter)s) came back to %(place)s "
            "(request %(request)s)."
        ),
    }
    return texts[kind] % names


def _facts(kind: HandOverRecord.Kind, content: Mapping[str, Any]) -> list[Fact]:
    happened = stamp(content["happened_at"])
    until = f" – {stamp(content['viewing_until'])}" if content["viewing_until"] else ""
    facts: list[Fact] = [
        (_("Place"), content["place"]),
        (_("Date and time (TSİ)"), happened + until),
        (
            _("Letter and approval"),
            " · ".join(filter(None, (_letter(content), _approval(content)))),
        ),
    ]
    if kind in {Kind.COPY, Kind.VIEWING}:
        checked = (
            _("identity checked") if content["identity_checked"] else _("identity not checked")
        )
        facts += [
            (
                _("Received by") if kind == Kind.COPY else _("Watched by"),
                joined(
                    content["receiver_name"], content["receiver_title"], content["receiver_office"]
                ),
            ),
            (
                _("Identity and letter of assignment"),
                joined(content["receiver_identity"], checked, content["receiver_letter"]),
            ),
        ]
    if kind == Kind.RETURNED:
        facts += _returned(content)
    if content["attendees"]:
        facts.append((_("Who was present"), content["attendees"]))
    if kind == Kind.COPY:
        facts += _medium(content)
    facts += _sound(content)
    facts += _made_by(content)
    if content["manifest_sha256"]:
        facts.append((_("Manifest of the sealed package (SHA-256)"), content["manifest_sha256"]))
        facts += _fingerprints(content)
        facts += _audit_log(content)
    if content["note"]:
        facts.append((_("Note"), content["note"]))
    return facts


def _returned(content: Mapping[str, Any]) -> list[Fact]:
    told = content["returned"]
    answers = {True: _("as it was handed over"), False: _("NOT what was handed over")}
    brought = joined(content["receiver_name"], content["receiver_identity"])
    return [
        (_("Record of the hand-over"), told["takes_back"]),
        (_("Brought back by"), brought),
        (_("Why it came back"), str(HandOverRecord.Return(told["reason"]).label)),
        (_("Seal no. of the envelope"), content["seal_no"] or "–"),
        (_("Seal"), _("intact") if told["seal_intact"] else _("broken or missing")),
        (_("Measured on the medium (SHA-256)"), told["measured_sha256"] or "–"),
        (_("Content"), answers.get(told["matched"], _("could not be measured"))),
        (_("What happens next"), str(HandOverRecord.Next(told["next_step"]).label)),
    ]


def _letter(content: Mapping[str, Any]) -> str:
    """By which number the letter is known: that of EBYS with its day, else the requester's own."""
    number = content["ebys_number"]
    if not number:
        return str(content["reference_no"] or content["request"])
    return f"{number} ({day(content['ebys_date'])})" if content["ebys_date"] else str(number)


def _approval(content: Mapping[str, Any]) -> str:
    if not content["decided_at"]:
        return ""
    deputy = " V." if content["decided_as_deputy"] else ""
    return f"{stamp(content['decided_at'])} · {content['decided_by']}{deputy}"


def _sound(content: Mapping[str, Any]) -> list[Fact]:
    """What is said of released sound; records made before say nothing of it."""
    told = [sound_told.words_from(one) for one in content.get("sound", ())]
    return [(_("Audio"), " ".join(told))] if told else []


def _made_by(content: Mapping[str, Any]) -> list[Fact]:
    """Who exported and who verified, and with what it is opened; records made before say nothing of it."""
    if not content.get("exported_by"):
        return []
    people = [(_("Exported by"), content["exported_by"])]
    if content["verified_by"]:
        people.append((_("Verified by"), content["verified_by"]))
    if content["exhibits"]:
        people.append((_("Player"), player_words(content["exhibits"])))
    return people


def _audit_log(content: Mapping[str, Any]) -> list[Fact]:
    """The head of the log: a log that was changed afterwards does not lead to it."""
    told = content.get("audit") or {}
    if not told.get("chain"):
        return []
    words = {"leaf": told["leaf"] if told["leaf"] is not None else "–", "head": told["head_leaf"]}
    return [
        (
            _("Audit log"),
            _("sealing is no. %(leaf)s; head at no. %(head)s as below (SHA-256)") % words,
        ),
        (_("Head of the audit log"), told["chain"]),
    ]


def _fingerprints(content: Mapping[str, Any]) -> list[Fact]:
    """By these the receiver knows whose seal it is: the package's own certificates prove nothing."""
    sealed = next((one for one in content["exhibits"] if one.get("signer_sha256")), None)
    if sealed is None:
        return []
    return [
        (_("Certificate of the authority, SHA-256"), sealed["authority_sha256"]),
        (_("Certificate of the signer, SHA-256"), sealed["signer_sha256"]),
    ]


def _medium(content: Mapping[str, Any]) -> list[Fact]:
    medium = str(MediumKind(content["medium"]).label)
    count = f"{content['medium_count']} × " if content["medium_count"] else ""
    secret = _("encrypted") if content["is_encrypted"] else _("not encrypted")
    return [
        (_("Medium"), joined(f"{count}{medium}", content["medium_serial"], secret)),
        (_("Seal no. of the envelope"), content["seal_no"] or "–"),
        (_("Passphrase delivered by"), content["passphrase_by"] or "–"),
        (
            _("Opened and played together"),
            _("yes") if content["played_together"] else _("no"),
        ),
    ]


def _closing(kind: HandOverRecord.Kind, content: Mapping[str, Any]) -> str:
    when = stamp(content["happened_at"])
    if kind == Kind.COPY and not content["played_together"]:
        return _(
            "The recordings were handed over complete; they were not opened and played together. The "
            "receiver is responsible for their secrecy and for using them only for the purpose of the "
            "request. This record was made in two originals on %(when)s and signed by the parties."
        ) % {"when": when}
    texts = {
        Kind.COPY: _(
            "It was checked together that the recordings open and play, and they were handed over "
            "complete. The receiver is responsible for their secrecy and for using them only for the "
            "purpose of the request. This record was made in two originals on %(when)s and signed by "
            "the parties."
        ),
        Kind.VIEWING: _(
            "No copy, photograph or recording by telephone was made during the viewing. This record "
            "was made in two originals on %(when)s and signed by the parties."
        ),
        Kind.NOT_COLLECTED: _(
            "The sealed package stays under protection until it is destroyed. This record was made on "
            "%(when)s and signed."
        ),
        Kind.NO_RECORDING: _(
            "The proof of the daily recording checks stands above. This record was made on %(when)s and "
            "signed."
        ),
        Kind.RETURNED: _(
            "The medium was looked at and measured together. This record was made in two originals on "
            "%(when)s and signed by the parties."
        ),
        Kind.HOLD: _(
            "What is held is sealed and is viewed by nobody before a decision. This record was made on "
            "%(when)s and signed."
        ),
    }
    return texts[kind] % {"when": when}


def _signatures(
    kind: HandOverRecord.Kind, content: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    ours = {Kind.COPY: _("Handed over by"), Kind.RETURNED: _("Taken back by")}.get(
        kind, _("Made by")
    )
    found = [(ours, content["deliverer"], "")]
    if kind == Kind.RETURNED and content["receiver_name"]:
        found.append((_("Brought back by"), content["receiver_name"], ""))
    if content["witness"] or kind in {Kind.COPY, Kind.NO_RECORDING}:
        found.append((_("Checked by"), content["witness"], ""))
    if kind in {Kind.COPY, Kind.VIEWING, Kind.HOLD}:
        label = _("Received by") if kind == Kind.COPY else _("For the requester")
        office = joined(content["receiver_title"], content["receiver_office"]).strip("–")
        found.append((label, content["receiver_name"], office))
    return found
