"""Which cameras a request is about: named by staff or proposed as neighbours, each in or out and why.

A request is submitted only when no camera is left undecided and every included one was asked about, so
that gaps and faults of the window are known before anybody approves.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

import audit
from inventory.models import Position
from inventory.nearby import neighbours

from .. import said
from ..errors import Refused
from ..models import FootageRequest, RequestItem
from . import arriving, following, opinions
from .facts import missing_facts

if TYPE_CHECKING:
    from accounts.models import Person

MOST_CAMERAS = 64
PROPOSED_EACH = 8
# So that the stored sentence fits its column.
_LONGEST_NAME = 50


def name_cameras(
    request: FootageRequest, positions: Collection[Position], *, by: Person, because: str = ""
) -> list[RequestItem]:
    """Takes cameras into the request for its whole window. Those that are in it already stay as they are.

    Their footage is held from now on; the cameras around them are proposed.
    """
    with transaction.atomic():
        row = arriving.locked(request)
        arriving.check_editable(row, None)
        known = set(row.items.values_list("position_id", flat=True))
        new = [position for position in positions if position.pk not in known]
        if len(known) + len(new) > MOST_CAMERAS:
            raise Refused(_("A request takes at most %(most)d cameras.") % {"most": MOST_CAMERAS})
        items = [_named(row, position, because) for position in new]
        for item in items:
            item.save()
        included = _include_proposed(row, positions, because)
        if items or included:
            _changed(
                row, "footagerequest.name_cameras", [*items, *included], by=by, because=because
            )
            _propose(row, new, by)
    return items


def propose_neighbours(request: FootageRequest, *, by: Person) -> list[RequestItem]:
    """Proposes the cameras around all included ones; those already in the request are not proposed."""
    with transaction.atomic():
        row = arriving.locked(request)
        arriving.check_editable(row, None)
        named = [
            item.position
            for item in row.items.filter(is_included=True).select_related(
                "position__floor__building"
            )
        ]
        items = _propose(row, named, by)
        if items:
            _changed(row, "footagerequest.propose_cameras", items, by=by)
    return items


def decide_item(item: RequestItem, *, include: bool, because: str, by: Person) -> None:
    """A camera is taken in or left out, with the reason that the approver will read."""
    if not because.strip():
        raise Refused(_("Write why this camera is taken in or left out."))
    with transaction.atomic():
        row = arriving.locked(item.request)
        arriving.check_editable(row, None)
        stored = row.items.select_related("position").get(pk=item.pk)
        stored.is_included, stored.reason = include, because.strip()[:300]
        stored.save(update_fields=["is_included", "reason"])
        verb = "include_camera" if include else "exclude_camera"
        _changed(row, f"footagerequest.{verb}", [stored], by=by, because=because)


def exclude_rest(request: FootageRequest, *, because: str, by: Person) -> int:
    """Leaves out every camera that is still undecided, for one reason; says how many."""
    if not because.strip():
        raise Refused(_("Write why these cameras are left out."))
    with transaction.atomic():
        row = arriving.locked(request)
        arriving.check_editable(row, None)
        items = list(row.items.filter(is_included=None).select_related("position"))
        row.items.filter(is_included=None).update(is_included=False, reason=because.strip()[:300])
        if items:
            _changed(row, "footagerequest.exclude_camera", items, by=by, because=because)
    return len(items)


def obstacles(request: FootageRequest) -> list[str]:
    """Why the request cannot be submitted for decision yet, as sentences; empty when it can."""
    items = list(request.items.select_related("position"))
    included = [item for item in items if item.is_included]
    told = list(missing_facts(request).values())
    if not included and not items:
        told.append(_("No camera has been chosen yet."))
    elif not included:
        told.append(_("Every camera has been left out."))
    undecided = [item.position.name for item in items if item.is_included is None]
    if undecided:
        told.append(
            _("Not decided yet whether these belong to it: %(names)s.")
            % {"names": ", ".join(undecided)}
        )
    unchecked = [item.position.name for item in included if not item.checked]
    if unchecked:
        told.append(
            _("The recorder has not been asked yet about: %(names)s.")
            % {"names": ", ".join(unchecked)}
        )
    if request.kind.starts_preservation_only:
        told.append(_("A call only starts preservation. Enter the letter first."))
    if opinions.wanted_by(request):
        told.append(
            _(
                "An opinion that this kind of requester needs has not been given yet: choose “Ask for an "
                "opinion”."
            )
        )
    waiting = request.attachments.filter(scan="WAITING").count()
    if waiting:
        told.append(_("A paper is still being scanned for viruses."))
    return told


def submit(request: FootageRequest, *, by: Person) -> None:
    """Hands the request to the superior. Raises Refused with everything that is in the way."""
    with transaction.atomic():
        row = arriving.locked(request)
        told = obstacles(row)
        if told:
            raise Refused(" ".join(told))
        arriving.review(row, by=by)
        row.take("submit", by=by)


def _named(row: FootageRequest, position: Position, because: str) -> RequestItem:
    return RequestItem(
        request=row,
        position=position,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        is_included=True,
        reason=because.strip()[:300] or said.text_of(said.say("NAMED_BY_UNIT")),
    )


def _include_proposed(
    row: FootageRequest, positions: Collection[Position], because: str
) -> list[RequestItem]:
    """Naming a camera that was only proposed takes it in."""
    waiting = row.items.filter(position__in=positions, is_included=None)
    found = list(waiting.select_related("position"))
    waiting.update(
        is_included=True, reason=because.strip()[:300] or said.text_of(said.say("NAMED_BY_UNIT"))
    )
    return found


def _propose(row: FootageRequest, positions: Collection[Position], by: Person) -> list[RequestItem]:
    known = set(row.items.values_list("position_id", flat=True))
    items: list[RequestItem] = []
    for position in positions:
        for near in neighbours(position, person=by, limit=PROPOSED_EACH):
            if near.position.pk in known or len(known) >= MOST_CAMERAS:
                continue
            known.add(near.position.pk)
            why = said.say("NEARNESS", **near.why)
            told = said.say("NEAR", name=position.name[:_LONGEST_NAME], reason=why)
            item = RequestItem(
                request=row,
                position=near.position,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                is_proposed=True,
                proposed_because=said.text_of(told),
            )
            item.save()
            items.append(item)
    return items


def _changed(
    row: FootageRequest,
    action: str,
    items: Collection[RequestItem],
    *,
    by: Person,
    because: str = "",
) -> None:
    audit.record(
        action,
        actor=by,
        target=row,
        because=because,
        cameras=[item.position.code for item in items],
    )
    following.content_changed(row, by=by, because=because or said.because("CAMERAS_CHANGED"))
    following.cameras_named(row, by=by)
    arriving.review(row, by=by)
