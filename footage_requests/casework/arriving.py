"""How requests come in, by every door, and what is done to them until somebody decides.

Pages, the API and commands call these functions; they ask no permissions, which is the doors' part.
Every change of what a decision rests on counts the content's version up and voids a decision, in the
same transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from core.steps import InvalidTransition
from core.tsi import day_of, today
from inventory.models import Position

from .. import said
from ..errors import ContentChanged, Refused
from ..holds import holding
from ..models import FootageRequest, Hold, RequestItem
from ..portal import whose
from ..secrecy import declaring
from . import deadlines, following, identity
from .changes import deadline_extended
from .facts import FIELDS, NOT_CONTENT, check, plain, settle
from .numbers import REQUESTS, next_number

if TYPE_CHECKING:
    from accounts.models import Person

    from ..models import RequestAttachment

# A camera whose window has changed: its recorder has not been asked about it.
_UNASKED: dict[str, Any] = {
    "checked": {},
    "checked_at": None,
    "lost_at": None,
    "retention_at": None,
}


def file_request(
    *,
    by: Person,
    door: str,
    facts: Mapping[str, Any],
    national_id: str = "",
    on_behalf_of: str = "",
    positions: Collection[Position] = (),
    as_draft: bool = False,
    accept_missing: bool = False,
) -> FootageRequest:
    """Enters a request with a number of ours, counts its deadline, and starts preservation.

    `facts` are values of FIELDS. Without `accept_missing` a request that lacks what its kind requires is
    refused; with it the request is registered, so that its deadline runs and its footage is kept while
    the rest is asked for. Raises ValidationError by field.
    """
    unknown = set(facts) - set(FIELDS)
    if unknown:
        raise ValueError(f"These are not facts of a request: {sorted(unknown)}")
    request = FootageRequest(door=door, filer=by, **facts)
    identity.put(request, national_id)
    settle(request)
    request.on_behalf_of_hash = whose.hash_of(on_behalf_of) if on_behalf_of else ""
    check(request, has_places=bool(positions), is_draft=as_draft, accept_missing=accept_missing)
    with transaction.atomic():
        request.number = next_number(REQUESTS)
        request.deadline_at = deadline_of(request)
        request.save(force_insert=True)
        for position in positions:
            _item(request, position).save()
        audit.record(
            "footagerequest.file",
            actor=by,
            target=request,
            after=plain(request),
            door=door,
            cameras=[position.code for position in positions],
        )
        if not as_draft:
            request.take("register", by=by)
            following.cameras_named(request, by=by)
    return request


def register(request: FootageRequest, *, by: Person, accept_missing: bool = False) -> None:
    """A draft becomes a request. Raises ValidationError by field, or InvalidTransition."""
    with transaction.atomic():
        row = locked(request)
        check(
            row,
            has_places=row.items.exists(),
            is_draft=False,
            accept_missing=accept_missing,
        )
        row.take("register", by=by)
        following.cameras_named(row, by=by)


def edit(
    request: FootageRequest,
    changes: Mapping[str, Any],
    *,
    by: Person,
    national_id: str | None = None,
    seen_version: int | None = None,
    because: str = "",
) -> FootageRequest:
    """Changes facts of a request that is not over. `national_id` None leaves the stored one.

    Raises ContentChanged when it is no longer at `seen_version`, ValidationError by field, Refused when
    its package has been sealed or the case is over.
    """
    with transaction.atomic():
        row = locked(request)
        check_editable(row, seen_version)
        before, window = plain(row), (row.starts_at, row.ends_at)
        _set(row, changes)
        if national_id is not None:
            identity.put(row, national_id)
        settle(row)
        check(row, has_places=row.items.exists(), is_draft=True, accept_missing=True)
        row.deadline_at = deadline_of(row)
        after = plain(row)
        changed = [name for name in after if after[name] != before[name]]
        if not changed:
            return row
        row.save()
        _move_items(row, window)
        audit.record(
            "footagerequest.edit",
            actor=by,
            target=row,
            because=because,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
        if set(changed) - NOT_CONTENT - {"deadline_at"}:
            following.content_changed(row, by=by, because=because or said.because("REQUEST_EDITED"))
            following.cameras_named(row, by=by)
    return row


def enter_ebys(
    request: FootageRequest, number: str, date: dt.date | None = None, *, by: Person
) -> None:
    """Stores the number that EBYS gave, until the case is closed. No decision rests on it.

    Raises Refused without a number, and for a case that is over.
    """
    if not number.strip():
        raise Refused(_("Enter the number as EBYS gave it."))
    with transaction.atomic():
        row = locked(request)
        if not row.is_open:
            raise Refused(_("This request can no longer be changed."))
        before = {"ebys_number": row.ebys_number, "ebys_date": row.ebys_date}
        row.ebys_number, row.ebys_date = number.strip(), date
        row.save(update_fields=["ebys_number", "ebys_date"])
        after = {"ebys_number": row.ebys_number, "ebys_date": row.ebys_date}
        if after != before:
            audit.record("footagerequest.edit", actor=by, target=row, before=before, after=after)


def _set(row: FootageRequest, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if name not in FIELDS:
            raise ValueError(f"{name} is not a fact of a request.")
        setattr(row, name, value)


def review(request: FootageRequest, *, by: Person) -> None:
    """Somebody begins to work on a registered request; nothing happens when that was done before."""
    if request.status == FootageRequest.Status.REGISTERED:
        request.take("review", by=by)


def withdraw(request: FootageRequest, *, by: Person | str, because: str) -> None:
    """The requester does not want it any more, or a call was not followed by a letter."""
    if not because.strip():
        raise Refused(_("Write why the request is withdrawn."))
    with transaction.atomic():
        row = locked(request)
        if not row.allows("withdraw"):
            # Before the change is counted: that would void an answer which was given already.
            raise InvalidTransition("withdraw", row)
        following.content_changed(row, by=by, because=because)
        row.take("withdraw", by=by, because=because, closed_at=timezone.now())


def merge(request: FootageRequest, into: FootageRequest, *, by: Person, because: str = "") -> None:
    """The same matter was asked twice: this case ends in the other, which gets its cameras, held footage
    and papers.
    """
    if request.pk == into.pk:
        raise Refused(_("A request is not merged into itself."))
    with transaction.atomic():
        # Always in the same order, so that two merges cannot wait for each other.
        first, second = sorted((request, into), key=lambda each: each.pk)
        both = {each.pk: locked(each) for each in (first, second)}
        row, other = both[request.pk], both[into.pk]
        if other.status not in FootageRequest.BEFORE_DECISION:
            raise Refused(_("The other request is decided already: it takes nothing in any more."))
        _take_over(row, other, by)
        out = declaring.carry_over(row, other)
        row.attachments.update(request=other)
        following.content_changed(
            other, by=by, because=said.because("MERGED_INTO", number=row.number)
        )
        row.take("merge", by=by, because=because, merged_into=other, closed_at=timezone.now())
        audit.record(
            "footagerequest.take_in",
            actor=by,
            target=other,
            because=because,
            merged=row.number,
            out=out,
        )
        following.cameras_named(other, by=by)


def ask_missing(request: FootageRequest, *, what: str, until: dt.date, by: Person) -> None:
    """Asks the requester once for what is missing, with a day by which it must come."""
    if not what.strip():
        raise Refused(_("Write what is missing."))
    if until <= today():
        raise Refused(_("The day by which it must come lies in the past."))
    with transaction.atomic():
        row = locked(request)
        if row.missing_asked_at is not None:
            raise Refused(_("The requester was asked once already; it is not asked a second time."))
        row.take(
            "ask_missing",
            by=by,
            because=what,
            missing_info=what.strip(),
            missing_asked_at=timezone.now(),
            missing_until=until,
        )


def complete(request: FootageRequest, *, by: Person, because: str) -> None:
    """What was missing has come, or will not come and the case goes on without it."""
    with transaction.atomic():
        locked(request).take("complete", by=by, because=because, missing_info="")


def extend_deadline(request: FootageRequest, *, by: Person, because: str) -> None:
    """The period is extended once, as its law allows, with the reason that the requester is told."""
    if not because.strip():
        raise Refused(_("Write why the period is extended: the requester is told."))
    with transaction.atomic():
        row = locked(request)
        until = deadlines.extended_deadline(row.kind, row.arrived_at)
        if until is None or row.extended_until is not None or not row.is_open:
            raise Refused(_("The deadline of this request cannot be extended."))
        if row.deadline_at is not None and timezone.now() >= row.deadline_at:
            raise Refused(_("The deadline has passed: it can only be extended inside it."))
        before = row.deadline_at
        row.extended_until, row.extended_because = until, because.strip()
        row.deadline_at = deadline_of(row)
        row.save(update_fields=["extended_until", "extended_because", "deadline_at"])
        audit.record(
            "footagerequest.extend_deadline",
            actor=by,
            target=row,
            because=because,
            before={"deadline_at": before},
            after={"deadline_at": row.deadline_at},
        )
        deadline_extended.send(FootageRequest, request=row)


def add_attachment(
    request: FootageRequest, name: str, data: bytes, *, kind: str, title: str, by: Person
) -> RequestAttachment:
    """A paper of a request; see `footage_requests.casework.attachments.add`."""
    from . import attachments  # imports Pillow, which not every door needs

    return attachments.add(request, name, data, kind=kind, title=title, by=by)


def check_editable(row: FootageRequest, seen_version: int | None) -> None:
    """Raises Refused when the case is over, ContentChanged when it is not what the person saw."""
    if row.status not in FootageRequest.EDITABLE:
        raise Refused(_("This request can no longer be changed."))
    if seen_version is not None and seen_version != row.content_version:
        raise ContentChanged(
            _("Somebody changed the request while you worked on it. Read it again.")
        )


def locked(request: FootageRequest) -> FootageRequest:
    """The stored row, locked until the end of the transaction."""
    rows = FootageRequest.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("kind", "basis", "building").get(pk=request.pk)


def deadline_of(request: FootageRequest) -> dt.datetime | None:
    """The legal deadline with extension and fees; None while the clock stands still."""
    usual = deadlines.deadline_of(request.kind, request.arrived_at, request.written_deadline)
    if request.extended_until is not None:
        usual = deadlines.end_of(request.extended_until)
    fees = list(request.fees.all()) if request.pk else []
    if not fees:
        return usual
    last = deadlines.with_fees(request.kind, day_of(usual - dt.timedelta(seconds=1)), fees)
    return None if last is None else deadlines.end_of(last)


def _item(request: FootageRequest, position: Position) -> RequestItem:
    return RequestItem(
        request=request,
        position=position,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        is_included=True,
        reason=said.text_of(said.say("NAMED_IN_REQUEST")),
    )


def _take_over(row: FootageRequest, other: FootageRequest, by: Person) -> None:
    """The other request gets the cameras as they were judged, with the footage that is held for them."""
    twins = {(item.position_id, item.starts_at): item for item in other.items.all()}
    for item in row.items.all():
        twin = twins.get((item.position_id, item.starts_at)) or _copy(item, other)
        _reach(twin, item)
        for hold in item.holds.filter(status__in=Hold.KEPT):
            if _makes_room(hold, other, by):
                # Moved, not made again: the recorder may have overwritten it meanwhile.
                Hold.objects.filter(pk=hold.pk).update(request=other, item=twin, release_on=None)


def _reach(twin: RequestItem, item: RequestItem) -> None:
    """Of two windows that begin together the longer one is asked for."""
    if item.is_included is not False and item.ends_at > twin.ends_at:
        RequestItem.objects.filter(pk=twin.pk).update(ends_at=item.ends_at, **_UNASKED)


def _makes_room(hold: Hold, other: FootageRequest, by: Person) -> bool:
    """Whether the other case has no hold of that channel from then on, or gives its shorter one up."""
    same = other.holds.filter(
        status__in=Hold.KEPT, channel=hold.channel_id, starts_at=hold.starts_at
    ).first()
    if same is None:
        return True
    if hold.held_at is None or hold.ends_at <= same.ends_at:
        return False
    because = said.because("MERGED_INTO", number=hold.request.number)
    same.take("release", by=by, because=because, released_at=timezone.now())
    holding.end_pieces(same)
    return True


def _copy(item: RequestItem, other: FootageRequest) -> RequestItem:
    return RequestItem.objects.create(
        request=other,
        position_id=item.position_id,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        is_included=item.is_included,
        reason=_reason_from(item),
        is_proposed=item.is_proposed,
        proposed_because=item.proposed_because,
        checked=item.checked,
        checked_at=item.checked_at,
        lost_at=item.lost_at,
        retention_at=item.retention_at,
    )


def _reason_from(item: RequestItem) -> str:
    """The item's reason with the case that it comes from; one that we made stays a stored sentence."""
    reason = item.reason
    if not reason:
        return ""
    number = item.request.number
    if not reason.startswith(said.MARK):
        return f"{reason[:270]} ({number})"
    return said.text_of(said.say("FROM_CASE", reason=said.stored_in(reason), number=number))


def _move_items(row: FootageRequest, old: tuple[dt.datetime, dt.datetime]) -> None:
    """Cameras that were asked about for the whole old window follow it; the recorder is asked again."""
    if old == (row.starts_at, row.ends_at):
        return
    row.items.filter(starts_at=old[0], ends_at=old[1]).update(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        **_UNASKED,
    )
