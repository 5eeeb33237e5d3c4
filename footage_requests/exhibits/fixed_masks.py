"""Areas of a position that are masked in what leaves: entered with a document, ended by others.

Kinds of requesters that get the pictures as they were recorded (`RequesterKind.Masking.NONE`, by default courts,
prosecutors and police: KVKK 28/1) get them without these masks too, unless the superior has them masked.
Whoever runs the cameras enters an area; only a superior or the data protection contact ends one, because
that uncovers what was private. Nothing is deleted: an area holds from a day until a day.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

import audit
from accounts.models import Role
from cameras.night import drawn_areas
from core.tsi import today
from inventory.permissions import places_of

from ..errors import NotThisPerson, Refused
from ..models import FixedMask, RequesterKind
from .mask_shapes import BadShape, read_polygon

if TYPE_CHECKING:
    from accounts.models import Person
    from inventory.models import Position

ENTERING = (Role.OPERATOR, Role.UNIT_HEAD, Role.PRIVACY)
ENDING = (Role.SUPERIOR, Role.PRIVACY)
MOST = 40


def can_enter(person: Person, position: Position) -> bool:
    return person.has_role(*ENTERING, scope=places_of(position.floor.building))


def can_end(person: Person, position: Position) -> bool:
    return person.has_role(*ENDING, scope=places_of(position.floor.building))


def register() -> None:
    """Called once when Django is ready: the night compares the areas with what the cameras mask."""
    drawn_areas.register(areas_today)


def kinds_without_masks() -> list[str]:
    """Who gets footage as it was recorded, and so without these masks: names in the reader's language."""
    rows = RequesterKind.objects.usable().filter(masking=RequesterKind.Masking.NONE)
    return [row.name for row in rows.exclude(gives=RequesterKind.Gives.NOTHING)]


def areas_today(position_ids: Collection[int]) -> dict[int, int]:
    """How many areas hold today, by position."""
    day = today()
    rows = FixedMask.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=day), position__in=position_ids, starts_on__lte=day
    )
    return Counter(rows.values_list("position", flat=True))


def enter(position: Position, *, name: str, points: str, document: str, by: Person) -> FixedMask:
    """A new area from today on. `points` is JSON: corners in ten-thousandths. Raises Refused, NotThisPerson."""
    if not can_enter(by, position):
        raise NotThisPerson(_("You hold no role that enters masks here."))
    if not name.strip() or not document.strip():
        raise Refused(_("Name the area and the document that asks for it."))
    try:
        corners = read_polygon(json.loads(points[:20_000] or "null"), "The area")
    except (ValueError, BadShape) as error:
        raise Refused(_("Draw the area on the picture: at least three corners.")) from error
    if FixedMask.objects.filter(position=position, ends_on=None).count() >= MOST:
        raise Refused(_("A position takes at most 40 areas."))
    with transaction.atomic():
        row = FixedMask.objects.create(
            position=position,
            name=name.strip(),
            points=[list(corner) for corner in corners],
            starts_on=today(),
            document=document.strip(),
            entered_by=by,
        )
        audit.record(
            "fixedmask.enter",
            actor=by,
            target=position,
            because=row.document,
            mask=row.pk,
            name=row.name,
            points=row.points,
        )
    return row


def end(row: FixedMask, *, document: str, by: Person, on: dt.date | None = None) -> None:
    """From tomorrow (or that day) on the area is no longer masked. Raises Refused, NotThisPerson."""
    if not can_end(by, row.position):
        raise NotThisPerson(_("Only a superior or the data protection contact uncovers an area."))
    if not document.strip():
        raise Refused(_("Name the document that allows it."))
    day = on or today() + dt.timedelta(days=1)
    with transaction.atomic():
        if not FixedMask.objects.filter(pk=row.pk, ends_on=None).exists() or day <= row.starts_on:
            raise Refused(_("This area has ended already."))
        row.ends_on = day
        row.save(update_fields=["ends_on"])
        audit.record(
            "fixedmask.end",
            actor=by,
            target=row.position,
            because=document.strip(),
            mask=row.pk,
            name=row.name,
        )
