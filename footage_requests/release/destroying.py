"""Destruction of our own copy: prepared, verified and approved by three people, then carried out.

What is destroyed is every file of a package: exhibits, slices and the sealed folder. First the keys go,
then the bytes; the rows and hashes stay as proof for at least three years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from accounts.models import Role

from .. import refusals
from ..casework.numbers import next_number
from ..errors import NotThisPerson, Refused
from ..footage import store
from ..models import (
    CustodyEvent,
    Destruction,
    EvidenceFile,
    FootageRequest,
    HandOverRecord,
    Hold,
    Package,
)
from ..permissions import places_of_case
from ..secrecy import interests
from . import links, returning
from .custody import note_custody

if TYPE_CHECKING:
    from accounts.models import Person

SERIES = "IM"
PREPARING = (Role.OPERATOR, Role.UNIT_HEAD)
VERIFYING = (Role.PRIVACY, Role.UNIT_HEAD, Role.OPERATOR)
APPROVING = (Role.SUPERIOR,)
# The step that follows in each state, and who takes it where the case is.
NEXT = {
    Destruction.Status.PREPARED: "verify",
    Destruction.Status.VERIFIED: "approve",
    Destruction.Status.APPROVED: "carry-out",
}
ROLES = {
    "verify": VERIFYING,
    "approve": APPROVING,
    "carry-out": PREPARING,
    "cancel": (*PREPARING, *APPROVING),
}
# A case that still needs its footage, whoever says otherwise.
_KEPT_FOR = (Hold.Status.REQUESTED, Hold.Status.HELD, Hold.Status.EXTENDED)


def files_of(package: Package) -> list[EvidenceFile]:
    """Every file that holds footage of this package and is still there."""
    rows: list[EvidenceFile | None] = [package.inner_file]
    rows += [row.file for row in package.exhibits.select_related("file")]
    rows += [row.file for row in package.slices.select_related("file")]
    rows += [row.file for row in package.sound_slices.select_related("file")]
    rows += [link.file for link in package.links.select_related("file")]
    rows += [copy.file for copy in package.copies.select_related("file")]
    found = {row.pk: row for row in rows if row is not None and row.destroyed_at is None}
    return list(found.values())


@refusals.are_noted
def prepare(package: Package, *, by: Person, reason: str, trigger: str = "PERIODIC") -> Destruction:
    """The first of three: lists what goes. Raises Refused while a hold or an inquiry still needs it."""
    _may(by, package.request, PREPARING)
    if not package.allows("destroy"):
        raise Refused(_("Only what was handed over, shown, given up or cancelled is destroyed."))
    if not reason.strip():
        raise Refused(_("Write why the reason to keep it has ceased."))
    _refuse_kept(package)
    with transaction.atomic():
        row = Destruction.objects.create(
            number=next_number(SERIES),
            request=package.request,
            package=package,
            trigger=trigger,
            reason=reason.strip(),
            prepared_by=by,
            evidence=[_evidence(file) for file in files_of(package)],
        )
        audit.record(
            "destruction.prepare",
            actor=by,
            target=package.request,
            because=row.reason,
            record=row.number,
            files=len(row.evidence),
        )
    return row


def prepare_medium(record: HandOverRecord, *, by: Person, reason: str) -> Destruction:
    """The first of three for a medium that came back; it is destroyed physically. Raises Refused."""
    _may(by, record.request, PREPARING)
    if not returning.is_still_here(record):
        raise Refused(_("Only a returned medium that is still here is destroyed."))
    if not reason.strip():
        raise Refused(_("Write why the reason to keep it has ceased."))
    handed = record.takes_back or record
    medium = {
        "medium": handed.get_medium_display() or "–",
        "serial": handed.medium_serial,
        "seal_no": record.seal_no,
        "sha256": record.measured_sha256,
    }
    try:
        with transaction.atomic():
            row = Destruction.objects.create(
                number=next_number(SERIES),
                request=record.request,
                medium=record,
                trigger=Destruction.Trigger.MEDIUM_RETURNED,
                method=Destruction.Method.PHYSICAL,
                reason=reason.strip(),
                prepared_by=by,
                evidence=[medium],
            )
            audit.record(
                "destruction.prepare",
                actor=by,
                target=record.request,
                because=row.reason,
                record=row.number,
                medium=record.number,
            )
    except IntegrityError:
        raise Refused(_("Its destruction has been prepared already.")) from None
    return row


@refusals.are_noted
def verify(row: Destruction, *, by: Person) -> None:
    """The second: checks that nothing else needs it, judicial or administrative."""
    _may(by, row.request, VERIFYING)
    _another(by, row.prepared_by_id)
    _refuse_kept(row.package)
    _refuse_unlisted(row)
    row.take("verify", by=by, verified_by=by)


@refusals.are_noted
def approve(row: Destruction, *, by: Person) -> None:
    """The third: an authorised superior."""
    _may(by, row.request, APPROVING)
    _another(by, row.prepared_by_id, row.verified_by_id)
    _refuse_unlisted(row)
    row.take("approve", by=by, approved_by=by)


@refusals.are_noted
def carry_out(row: Destruction, *, by: Person) -> None:
    """Destroys the files and closes the record. Killed in the middle, it is simply run again."""
    _may(by, row.request, PREPARING)
    if row.status != Destruction.Status.APPROVED:
        raise Refused(_("Destruction needs three people: prepared, verified and approved."))
    package = row.package
    if package is None:
        _destroy_medium(row, by)
        return
    _refuse_kept(package)
    _refuse_needed_again(row, package)
    _refuse_unlisted(row)
    for file in files_of(package):
        store.destroy(file)
    with transaction.atomic():
        # A copy that is being made takes the same lock: it comes before this and is seen, or after and is dropped.
        Package.objects.select_for_update(of=("self",), no_key=True).get(pk=package.pk)
        _refuse_unlisted(row)
        now = timezone.now()
        row.take("carry_out", by=by, done_at=now)
        package.take("destroy", by=by, because=row.number, destroyed_at=now)
        links.end_all(package, by=by, because=row.number)
        note_custody(
            package,
            CustodyEvent.Act.DESTROYED,
            by=by,
            sha256=package.manifest_sha256,
            note=row.number,
        )


def _refuse_needed_again(row: Destruction, package: Package) -> None:
    """The rows as they stand now: the bytes must not go when the steps after them would be refused."""
    row.refresh_from_db(fields=["status"])
    package.refresh_from_db(fields=["status"])
    if not row.allows("carry_out") or not package.allows("destroy"):
        raise Refused(
            _("The package is to be handed over again, or its destruction was cancelled.")
        )


def _refuse_unlisted(row: Destruction) -> None:
    """Three people agreed on the files that the record lists, and on no others."""
    if row.package is None:
        return
    listed = {one["file"] for one in row.evidence}
    if any(str(file.uuid) not in listed for file in files_of(row.package)):
        raise Refused(
            _(
                "Since this record was prepared, another copy of %(number)s was made. Cancel the record and "
                "prepare it again, so that it lists every file."
            )
            % {"number": row.package.number}
        )


def _destroy_medium(row: Destruction, by: Person) -> None:
    """What three people agreed on was done by hand; the register of its package says so."""
    with transaction.atomic():
        row.take("carry_out", by=by, done_at=timezone.now())
        if row.medium is not None and row.medium.package is not None:
            note_custody(
                row.medium.package,
                CustodyEvent.Act.DESTROYED,
                by=by,
                sha256=row.medium.measured_sha256,
                seal_no=row.medium.seal_no,
                note=f"{row.number}: {row.evidence[0]['medium']} {row.evidence[0]['serial']}",
            )


def cancel(row: Destruction, *, by: Person, because: str) -> None:
    """Keeps what was to be destroyed."""
    _may(by, row.request, (*PREPARING, *APPROVING))
    if not because.strip():
        raise Refused(_("Write why it is kept."))
    # The medium is free for another record; what this one was about stands in its evidence.
    row.take("cancel", by=by, because=because.strip(), medium=None)


def due(day: Any) -> Any:
    """Packages whose copy should be gone by that day and for which nobody has prepared it."""
    return (
        Package.objects.filter(delete_by__lte=day, destroyed_at=None)
        .exclude(destructions__status__in=["PREPARED", "VERIFIED", "APPROVED", "DONE"])
        .select_related("request")
    )


def _evidence(file: EvidenceFile) -> dict[str, Any]:
    return {"file": str(file.uuid), "bytes": file.bytes, "sha256": file.sha256}


def _refuse_kept(package: Package | None) -> None:
    if package is None:
        return
    legal = FootageRequest.objects.filter(
        items__position__in=package.decision.lines.values("item__position"),
        kind__forbids_destruction=True,
        status__in=FootageRequest.OPEN,
    )
    if legal.exists():
        raise Refused(_("A legal hold stands on these cameras: nothing of them is destroyed."))
    if package.request.holds.filter(status__in=_KEPT_FOR).exists():
        raise Refused(_("The footage of this request is still held: release the hold first."))


def steps_for(row: Destruction, person: Person) -> list[str]:
    """The steps that this person may take now, for the buttons of the case."""
    step = NEXT.get(Destruction.Status(row.status))
    if step is None:
        return []
    earlier = {row.prepared_by_id, row.verified_by_id} if step != "carry-out" else set()
    possible = [name for name in (step, "cancel") if may(person, row.request, ROLES[name])]
    return [name for name in possible if name == "cancel" or person.pk not in earlier]


def may(person: Person, request: FootageRequest, roles: tuple[Role, ...]) -> bool:
    """Whether a person holds one of these roles where the case is, and is not out of it."""
    return person.has_role(*roles, scope=places_of_case(request)) and not interests.is_out(
        person, request
    )


def _may(by: Person, request: FootageRequest, roles: tuple[Role, ...]) -> None:
    if not may(by, request, roles):
        raise NotThisPerson(_("You hold no role for this step of destruction."))


def _another(by: Person, *others: int | None) -> None:
    if by.pk in others:
        raise NotThisPerson(_("Another person does this step: destruction takes three."))
