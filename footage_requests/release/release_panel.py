"""What the page of a case shows about its release: export, masks, verification, sealing, hand-over, destruction."""

from __future__ import annotations

from typing import Any

from accounts.requests import PersonRequest
from cameras.permissions import can_see_cameras
from core import panels

from .. import parts, permissions
from ..decisions import deciding
from ..exhibits import fixed_masks, masking, verifying
from ..footage import exporting, sound_told
from ..models import Decision, FixedMask, FootageRequest, Package
from ..parts import Part
from . import closing, destroying, handing_over, release_work, returning

S = Package.Status
# What alone makes the panel worth showing.
_ACTS = ("may_start", "may_record", "may_close", "may_archive")


def register() -> None:
    """Called once when Django is ready."""
    panels.register("request", 50, "requests/_release.html", _context, _may)
    panels.register("inventory-position", 80, "requests/_fixed_masks_of.html", _masks_of, _may_see)


def _may_see(person: Any, row: Any) -> bool:
    return can_see_cameras(person)


def _masks_of(_request: PersonRequest, row: Any) -> dict[str, Any]:
    count = FixedMask.objects.filter(position=row, ends_on=None).count()
    return {
        "position": row,
        "count": count,
        "unmasked": fixed_masks.kinds_without_masks() if count else [],
    }


def _may(person: Any, row: Any) -> bool:
    return permissions.can_see_requests(person)


def _context(request: PersonRequest, row: FootageRequest) -> dict[str, Any] | None:
    person = request.user
    packages, records = list(row.packages.all()), list(row.records.all())
    decision = deciding.standing_decision(row)
    may_deliver = permissions.can_deliver(person, row)
    for record in records:
        may_go = may_deliver and returning.may_go_again(record)
        record.may_go_again = may_go
        record.is_here = returning.is_still_here(record)
    names = {
        "row": row,
        "packages": [package_context(package, person) for package in packages],
        "records": records,
        **_media(row, person),
        "may_scan_in": permissions.can_file(person, row),
        **_start(row, decision, packages, person),
        "expects": _expects(row) if decision is not None else "",
        "may_record_nothing": row.status == FootageRequest.Status.NO_RECORDING
        and permissions.can_assess(person, row)
        and not any(record.kind == "NO_RECORDING" for record in records),
        "may_record_hold": permissions.can_assess(person, row)
        and any(hold.status in {"HELD", "EXTENDED"} for hold in row.holds.all()),
        "may_close": row.allows("close") and permissions.can_assess(person, row),
        "lacking": closing.missing(row) if row.allows("close") else [],
        "may_archive": row.status == FootageRequest.Status.CLOSED
        and permissions.can_assess(person, row),
    }
    has_something = (
        names["waits_for_exporter"]
        or packages
        or records
        or any(names[key] for key in names if key.startswith(_ACTS))
    )
    return names if has_something else None


def _start(
    row: FootageRequest, decision: Decision | None, packages: list[Package], person: Any
) -> dict[str, bool]:
    """Whether this person may begin the export, or waits for somebody who may."""
    has_package = any(package.status != S.CANCELLED for package in packages)
    if decision is None or not decision.releases or has_package:
        return {"may_start": False, "waits_for_exporter": False}
    played = {Part.FILER: row.filer_id, Part.APPROVER: decision.decided_by_id}
    may_start = permissions.can_export(person, row) and parts.may_play(
        Part.EXPORTER, person, played
    )
    return {"may_start": may_start, "waits_for_exporter": not may_start}


def _media(row: FootageRequest, person: Any) -> dict[str, Any]:
    """Media that came back or may come back."""
    media = [one for one in row.destructions.all() if one.medium_id is not None]
    return {
        "may_take_back": permissions.can_deliver(person, row),
        "may_prepare_destruction": destroying.may(person, row, destroying.PREPARING),
        "media": [(one, destroying.steps_for(one, person)) for one in media],
    }


def _expects(row: FootageRequest) -> str:
    """Whether anything of the window is still to be fetched is told by the export itself."""
    return str(row.kind.get_masking_display())


def package_context(package: Package, person: Any) -> dict[str, Any]:
    """One package with everything that this person may do with it now."""
    making, giving = _making(package, person), _giving(package, person)
    content = _content(package)
    may_play = making["may_verify"] or giving["may_show"]
    return {
        "row": package,
        **content,
        **making,
        **giving,
        **_ending(package, person),
        "may_watch_together": may_play and len(content["exhibits"]) > 1,
    }


def _content(package: Package) -> dict[str, Any]:
    """What is in the package, and what came of it."""
    is_stopped = package.status == S.CANCELLED
    is_exporting = package.status == S.EXPORTING
    current = package.exhibits.filter(replaced_at=None)
    rows = current.select_related("line__item__position", "file", "mask_plan")
    exhibits = [] if is_stopped else list(rows)
    failed = package.slices.filter(state="FAILED").select_related("channel")
    told = [] if is_stopped or is_exporting else sound_told.words_of(package)
    return {
        "job": exporting.job_of(package) if is_exporting else None,
        "failed": list(failed[:50]) if is_exporting else [],
        "exhibits": exhibits,
        "leaving": {one.pk for one in exhibits if verifying.would_leave(one)},
        "missing": masking.missing_masks(package) if package.status == S.MASKING else [],
        "sounds": [*told, *sound_told.notes_of(package)] if told else [],
        **_given_out(package),
    }


def _given_out(package: Package) -> dict[str, Any]:
    """Copies for recipients, links to them, and the chain of custody: all begin with the seal."""
    if package.status in Package.BEFORE_SEALING:
        return {"copies": [], "links": [], "custody": []}
    return {
        "copies": list(package.copies.select_related("job", "file", "made_by")),
        "links": list(package.links.select_related("made_by", "file")),
        "custody": list(package.custody.all()),
    }


def _making(package: Package, person: Any) -> dict[str, Any]:
    """The steps up to the seal, for who may take them."""
    case, is_verified = package.request, package.status == S.VERIFIED
    may_verify = (
        package.status == S.VERIFYING
        and permissions.can_verify(person, case)
        and parts.may_play(Part.VERIFIER, person, parts.people_of(package))
    )
    return {
        "may_export": permissions.can_export(person, case) and person.pk != package.approver_id,
        "may_go_without": person.pk == package.exporter_id,
        "may_offer": package.status == S.MASKING and masking.may_mask(package, person),
        "may_verify": may_verify,
        "may_seal": is_verified and release_work.may_seal(package, person),
        "seal_job": release_work.job_for(release_work.SEAL, package) if is_verified else None,
        "may_review": package.is_small_unit
        and package.reviewed_at is None
        and permissions.can_decide(person, case)
        and person.pk not in {package.exporter_id, package.verifier_id},
    }


def _giving(package: Package, person: Any) -> dict[str, Any]:
    """The steps of handing over and showing, for who may take them."""
    case, is_sealed = package.request, package.status == S.SEALED
    may_deliver = permissions.can_deliver(person, case) and person.pk != package.approver_id
    is_going_out = package.status in {S.SEALED, S.HANDED_OVER}
    may_play = (
        may_deliver
        and is_going_out
        and parts.may_play(Part.DELIVERER, person, parts.people_of(package))
    )
    # Asked where a fee can exist at all: most cases know none.
    is_owed = bool(case.kind.fee_pay_working_days) and case.fees.owed() is not None
    may_give = may_play and not is_owed
    only_shown = package.decision.kind == Decision.Kind.VIEWING
    return {
        "may_deliver": may_deliver,
        "may_copy": may_give,
        "may_show": is_sealed and may_give,
        "may_hand_over": is_sealed and may_give and not only_shown,
        "is_owed": is_owed and package.status in {S.VERIFIED, S.SEALED},
        "may_give_up": is_sealed and may_play,
        "only_shown": only_shown and package.status not in {S.CANCELLED, S.VIEWED, S.DESTROYED},
        "stock": handing_over.stock() if is_sealed and may_deliver else {},
    }


def _ending(package: Package, person: Any) -> dict[str, Any]:
    """The destruction of our copy."""
    rows = package.request.destructions.all()
    mine = [one for one in rows if one.package_id == package.pk and one.status != "CANCELLED"]
    destruction = mine[0] if mine else None
    return {
        "destruction": destruction,
        "destruction_steps": destroying.steps_for(destruction, person) if destruction else [],
        "may_prepare_destruction": package.allows("destroy")
        and destroying.may(person, package.request, destroying.PREPARING),
    }
