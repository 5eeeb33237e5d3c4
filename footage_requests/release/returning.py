"""A medium comes back: the receiver brings it, nobody fetched it, or it was the wrong one.

It is measured again, its seal is looked at, and what happens to it next is decided and recorded with two
signatures. The custody register gets the act; nothing is taken out of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from .. import refusals
from ..errors import Refused
from ..footage import store
from ..models import CustodyEvent, HandOverRecord, Package
from . import links
from .custody import known_hashes, note_custody
from .handing_over import make_record, refuse_deliverer, require

if TYPE_CHECKING:
    from accounts.models import Person

Kind, Next = HandOverRecord.Kind, HandOverRecord.Next
_UNDER_WAY = ("PREPARED", "VERIFIED", "APPROVED")
FROM = (Kind.COPY, Kind.NOT_COLLECTED)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def may_come_back(record: HandOverRecord) -> bool:
    """Whether this record's medium is still out."""
    return record.kind in FROM and not record.is_taken_back and record.package is not None


@refusals.are_noted
def take_back(record: HandOverRecord, facts: Mapping[str, Any], *, by: Person) -> HandOverRecord:
    """Records the return. Raises Refused with what is missing, NotThisPerson.

    `facts`: place, return_reason, seal_no, seal_intact, measured_sha256, next_step, receiver_name (who brought
    it), witness, note. Handed over again only what is still here and unchanged.
    """
    package = record.package
    if package is None or record.kind not in FROM:
        raise Refused(_("Only what was handed over, or waited to be fetched, comes back."))
    refuse_deliverer(package, by)
    told = _checked(facts)
    matched = told["measured_sha256"] in known_hashes(package) if told["measured_sha256"] else None
    again = told["next_step"] == Next.AGAIN
    if again and package.destructions.filter(status__in=_UNDER_WAY).exists():
        raise Refused(
            _("Its destruction is under way: cancel that first, then hand it over again.")
        )
    if again and not _is_here(package):
        raise Refused(
            _("Our own copy is destroyed or damaged: it cannot be handed over again from here.")
        )
    with transaction.atomic():
        _claim(record)
        row = make_record(
            Kind.RETURNED,
            package.request,
            package,
            {**told, "takes_back": record, "medium": record.medium},
            by,
        )
        if again:
            package.take("take_back", by=by, because=row.number, deliverer=None, delivered_at=None)
        if row.return_reason == HandOverRecord.Return.WRONG:
            # Whoever got the wrong medium, or it wrongly, may have a link as well.
            links.end_all(package, by=by, because=row.number)
        note_custody(
            package,
            CustodyEvent.Act.RETURNED,
            by=by,
            sha256=row.measured_sha256,
            matched=matched,
            seal_no=row.seal_no,
            note=_note(row),
        )
    return row


def may_go_again(record: HandOverRecord) -> bool:
    """Whether a medium that was kept here can still be handed over again after all."""
    package = record.package
    return (
        record.next_step == Next.KEPT
        and package is not None
        and package.allows("take_back")
        and not package.records.filter(kind__in=FROM, is_taken_back=False).exists()
        and not package.destructions.filter(status__in=_UNDER_WAY).exists()
        and not record.request.destructions.filter(medium=record).exists()
    )


def is_still_here(record: HandOverRecord) -> bool:
    """Whether the medium that came back lies here: to be destroyed, or kept and not given out since."""
    if record.next_step == Next.KEPT and record.package is not None:
        return not record.package.records.filter(kind__in=FROM, pk__gt=record.pk).exists()
    return record.next_step == Next.DESTROYED


@refusals.are_noted
def hand_over_again(record: HandOverRecord, *, because: str, by: Person) -> None:
    """What was kept sealed after its return goes out again: the record stays as it was signed, the register says it.

    Raises Refused when it is destroyed, damaged or out already, NotThisPerson.
    """
    package = record.package
    if package is None or not may_go_again(record):
        raise Refused(_("Only what came back and is kept here sealed can be handed over again."))
    refuse_deliverer(package, by)
    if not because.strip():
        raise Refused(_("Write why it is handed over again."))
    if not _is_here(package):
        raise Refused(
            _("Our own copy is destroyed or damaged: it cannot be handed over again from here.")
        )
    with transaction.atomic():
        told = f"{record.number}: {because.strip()}"
        package.take("take_back", by=by, because=told, deliverer=None, delivered_at=None)
        note_custody(
            package,
            CustodyEvent.Act.MEASURED,
            by=by,
            sha256=package.manifest_sha256,
            matched=True,
            note=_("%(record)s: to be handed over again") % {"record": told[:200]},
        )


def _claim(record: HandOverRecord) -> None:
    """Of two people who take the same medium back, one is late."""
    rows = HandOverRecord.objects.filter(pk=record.pk, is_taken_back=False)
    if not rows.update(is_taken_back=True):
        raise Refused(_("This medium has been taken back already."))


def _checked(facts: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(facts)
    require(told, "place", "return_reason", "next_step")
    if told.get("seal_intact") is None:
        raise Refused(_("Look at the seal: is it intact?"))
    if not str(told.get("receiver_name") or "").strip() and told.get("witness") is None:
        raise Refused(_("Two people sign: who brought it back, or who checked with you."))
    measured = str(told.get("measured_sha256") or "").replace(" ", "").lower()
    if measured and not _SHA256.fullmatch(measured):
        raise Refused(_("A SHA-256 has 64 digits and letters from a to f."))
    if not measured and not str(told.get("note") or "").strip():
        raise Refused(
            _("Measure the medium again, or write in the note why it cannot be measured.")
        )
    return {**told, "measured_sha256": measured}


def _is_here(package: Package) -> bool:
    """Whether our sealed package is there and unchanged; measured now."""
    file = package.inner_file
    return file is not None and file.destroyed_at is None and store.measure_again(file)


def _note(row: HandOverRecord) -> str:
    seal = _("seal intact") if row.seal_intact else _("seal broken")
    parts = (
        row.number,
        str(row.get_return_reason_display()),
        seal,
        str(row.get_next_step_display()),
    )
    return ", ".join(parts)
