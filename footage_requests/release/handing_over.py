"""Hand-over records (tutanak), the stock of media, and the chain of custody after sealing.

A record is made after sealing and stands outside the sealed folder: it names the manifest's hash. What
it says is frozen as `content`; the signed paper comes back as a scan.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from core.papers import content_sha256

from .. import refusals
from ..casework.numbers import next_number
from ..errors import NotThisPerson, Refused
from ..footage import store
from ..models import (
    CustodyEvent,
    FootageRequest,
    HandOverRecord,
    MediumKind,
    MediumMovement,
    Package,
)
from ..parts import Part, people_of, refuse_same_person
from ..permissions import can_assess, can_deliver
from .custody import note_custody
from .giving_out import refuse_unpaid, refuse_viewing_only
from .record_content import PLAIN, RETURN, content_of

if TYPE_CHECKING:
    from accounts.models import Person

RECORDS = "TT"
Kind = HandOverRecord.Kind
NOTHING_TO_GIVE = (FootageRequest.Status.NO_RECORDING, FootageRequest.Status.CLOSED)
ON_A_MEDIUM = (MediumKind.CD, MediumKind.DVD, MediumKind.USB, MediumKind.HDD)
_LATE = dt.timedelta(minutes=5)
_ENTERED = (*PLAIN, *RETURN, "takes_back")


def stock() -> dict[str, int]:
    """How many media of each kind are there."""
    rows = MediumMovement.objects.values("kind").annotate(left=Sum("change"))
    return {str(kind): 0 for kind in ON_A_MEDIUM} | {row["kind"]: row["left"] for row in rows}


def add_stock(kind: str, change: int, document: str, *, by: Person) -> MediumMovement:
    """Media bought, or counted away. Raises Refused when more would go than there are."""
    if kind not in ON_A_MEDIUM or not change or not document.strip():
        raise Refused(_("Choose a medium, a number and say by which document."))
    with transaction.atomic():
        _lock_stock()
        if stock()[kind] + change < 0:
            raise Refused(_("There are not that many in stock."))
        row = MediumMovement.objects.create(
            kind=kind, change=change, document=document.strip(), by=by
        )
        audit.record(
            "stock.move", actor=by, target=("medium", kind, kind), change=change, because=document
        )
    return row


@refusals.are_noted
def hand_over(package: Package, facts: Mapping[str, Any], *, by: Person) -> HandOverRecord:
    """The sealed package leaves on a medium, or by a download link, to a person whose identity was checked.

    `facts` are the fields of HandOverRecord. Measures the package once more before it goes. Raises
    Refused with what is missing, NotThisPerson, InvalidTransition when somebody handed it over first.
    """
    refuse_deliverer(package, by)
    refuse_unpaid(package.request)
    require(facts, "place", "receiver_name", "receiver_office", "receiver_identity", "medium")
    refuse_viewing_only(package)
    if facts["medium"] == MediumKind.VIEWING:
        raise Refused(_("A viewing takes nothing along: make a viewing record."))
    if not facts.get("identity_checked"):
        raise Refused(_("Check the receiver's identity, then confirm it."))
    if facts["medium"] in ON_A_MEDIUM:
        require(facts, "medium_serial", "seal_no")
        if not facts.get("medium_count"):
            raise Refused(_("How many media are handed over?"))
    if not facts.get("is_encrypted", True) and not package.request.kind.is_judicial:
        raise Refused(_("Only judicial authorities may get an unencrypted medium."))
    matched = package.inner_file is not None and store.measure_again(package.inner_file)
    if not matched:
        raise Refused(
            _("The stored package is not what was sealed. Nothing leaves: tell the unit head.")
        )
    with transaction.atomic():
        package.take("hand_over", by=by, **_delivery(package, facts, by))
        row = make_record(Kind.COPY, package.request, package, facts, by)
        _take_from_stock(row, by)
        note_custody(
            package,
            CustodyEvent.Act.HANDED_OVER,
            by=by,
            sha256=package.manifest_sha256,
            matched=matched,
            seal_no=row.seal_no,
            note=f"{row.number}: {row.receiver_name}, {row.receiver_office}",
        )
    return row


@refusals.are_noted
def record_viewing(package: Package, facts: Mapping[str, Any], *, by: Person) -> HandOverRecord:
    """Footage was shown and nothing was taken along (İzletme Tutanağı)."""
    refuse_deliverer(package, by)
    refuse_unpaid(package.request)
    require(facts, "place", "receiver_name", "receiver_office", "attendees")
    until = facts.get("viewing_until")
    if until is None or until <= moment_of(facts):
        raise Refused(_("Enter when the viewing began and when it ended."))
    if not package.exhibits.filter(viewings__purpose="SHOW", viewings__person=by).exists():
        raise Refused(_("Open the footage in the player first: the viewing is recorded there."))
    with transaction.atomic():
        package.take("show", by=by, **_delivery(package, facts, by))
        row = make_record(
            Kind.VIEWING,
            package.request,
            package,
            {**facts, "medium": MediumKind.VIEWING, "medium_count": 0},
            by,
        )
        note_custody(package, CustodyEvent.Act.SHOWN, by=by, note=f"{row.number}: {row.attendees}")
    return row


@refusals.are_noted
def record_not_collected(
    package: Package, facts: Mapping[str, Any], *, by: Person
) -> HandOverRecord:
    """The receiver never came: the package stays sealed here until it is destroyed."""
    refuse_deliverer(package, by)
    require(facts, "place", "note")
    with transaction.atomic():
        package.take("give_up", by=by, because=facts["note"], delivered_at=moment_of(facts))
        return make_record(Kind.NOT_COLLECTED, package.request, package, facts, by)


def record_no_recording(
    request: FootageRequest, facts: Mapping[str, Any], *, by: Person
) -> HandOverRecord:
    """Nothing was found, with the proof that the decision rests on (Kayıt Bulunmadı Tutanağı)."""
    if not can_assess(by, request):
        raise NotThisPerson(_("You hold no role that makes this record."))
    if request.status not in NOTHING_TO_GIVE:
        raise Refused(_("This record follows the decision that there is no recording."))
    require(facts, "place")
    with transaction.atomic():
        # Of two who press at once, the second finds the record of the first.
        FootageRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
        made = request.records.filter(kind=Kind.NO_RECORDING).first()
        if made is not None:
            raise Refused(
                _("%(number)s has been made on this decision already.") % {"number": made.number}
            )
        return make_record(Kind.NO_RECORDING, request, None, facts, by)


def is_held(request: FootageRequest) -> bool:
    """Whether there is held footage that a record can be made of."""
    return bool(request.holds.filter(status__in=["HELD", "EXTENDED"]).exists())


def record_hold(request: FootageRequest, facts: Mapping[str, Any], *, by: Person) -> HandOverRecord:
    """What was put under protection, for whoever asked for it (Koruma Altına Alma Tutanağı)."""
    if not can_assess(by, request):
        raise NotThisPerson(_("You hold no role that makes this record."))
    if not is_held(request):
        raise Refused(_("Nothing is held for this request yet."))
    require(facts, "place")
    with transaction.atomic():
        return make_record(Kind.HOLD, request, None, facts, by)


def count_print(record: HandOverRecord, *, by: Person) -> int:
    """One more print of a record; from the second on it is marked as a copy. Returns its number."""
    with transaction.atomic():
        HandOverRecord.objects.filter(pk=record.pk).update(prints=F("prints") + 1)
        record.refresh_from_db(fields=["prints"])
        audit.record("handoverrecord.print", actor=by, target=record.request, number=record.number)
    return record.prints


def make_record(
    kind: str,
    request: FootageRequest,
    package: Package | None,
    facts: Mapping[str, Any],
    by: Person,
) -> HandOverRecord:
    witness = facts.get("witness")
    if witness is not None and witness.pk == by.pk:
        raise NotThisPerson(_("Another person checks with you."))
    happened_at = moment_of(facts)
    row = HandOverRecord(
        number=next_number(RECORDS),
        kind=kind,
        request=request,
        package=package,
        happened_at=happened_at,
        viewing_until=facts.get("viewing_until"),
        deliverer=by,
        witness=witness,
        **{name: facts[name] for name in _ENTERED if facts.get(name) not in (None, "")},
    )
    row.content = content_of(row)
    row.sha256 = content_sha256(row.content)
    row.full_clean(exclude=["content"])
    row.save()
    audit.record(
        "handoverrecord.make",
        actor=by,
        target=request,
        record=row.number,
        kind=kind,
        sha256=row.sha256,
        package=package.number if package else "",
    )
    return row


def refuse_deliverer(package: Package, by: Person) -> bool:
    """Whether only small-unit mode lets this person deliver. Raises NotThisPerson."""
    if not can_deliver(by, package.request):
        raise NotThisPerson(_("You hold no role that hands footage over."))
    return refuse_same_person(Part.DELIVERER, by, people_of(package))


def _delivery(package: Package, facts: Mapping[str, Any], by: Person) -> dict[str, Any]:
    """The columns that every delivery sets; nothing leaves before it was sealed."""
    is_small_unit = refuse_deliverer(package, by)
    happened_at = moment_of(facts)
    if package.sealed_at is not None and happened_at < package.sealed_at - _LATE:
        raise Refused(_("The date lies before the sealing of the package."))
    return {
        "deliverer": by,
        "delivered_at": happened_at,
        "is_small_unit": package.is_small_unit or is_small_unit,
    }


def require(facts: Mapping[str, Any], *names: str) -> None:
    missing = [
        str(HandOverRecord._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        for name in names
        if not str(facts.get(name) or "").strip()
    ]
    if missing:
        raise Refused(_("Fill in: %(names)s.") % {"names": ", ".join(missing)})


def moment_of(facts: Mapping[str, Any]) -> dt.datetime:
    """The true time of the act. Nothing is dated into the future; a late entry keeps the time of the act."""
    now = timezone.now()
    happened_at: dt.datetime = facts.get("happened_at") or now
    if happened_at > now + _LATE:
        raise Refused(_("A record is not made before the hand-over."))
    return happened_at


def _take_from_stock(row: HandOverRecord, by: Person) -> None:
    if row.medium not in ON_A_MEDIUM:
        return
    _lock_stock()
    if stock()[row.medium] < row.medium_count:
        raise Refused(
            _("Only %(left)s left in stock: enter what was bought, then hand over.")
            % {"left": stock()[row.medium]}
        )
    MediumMovement.objects.create(
        kind=row.medium, change=-row.medium_count, record=row, document=row.number, by=by
    )


def _lock_stock() -> None:
    """One at a time: the sum is read under the lock of the newest row (SQLite has one writer anyway)."""
    newest = MediumMovement.objects.order_by("-pk").values_list("pk", flat=True).first()
    list(MediumMovement.objects.select_for_update(no_key=True).filter(pk=newest))
