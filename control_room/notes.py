"""Leaving shift notes, adding lines to them, and finding what somebody means by a few words."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

import audit
from accounts.models import Person
from cameras.wording.names import device_names, name_of
from core.text import fold
from inventory.models import Address, Building, Device, Position

from .models import About, NoteLine, ShiftNote

MOST_FOUND = 10
_FIELDS: dict[str, type[About]] = {"position": Position, "recorder": Device, "building": Building}


def name_of_thing(about: About | None) -> str:
    """ "Danışma (REK-02)", "Dahua NVR5216", "Rektörlük"; empty for none."""
    if isinstance(about, Position):
        return name_of(about)
    if isinstance(about, Device):
        return device_names([about.pk]).get(about.pk, str(about))
    return "" if about is None else about.name


def names_of(notes: Iterable[ShiftNote]) -> dict[int, str]:
    """What each note is about, as people call it; the recorders of all of them by one query."""
    rows = list(notes)
    recorders = device_names({row.recorder_id for row in rows if row.recorder_id})
    return {
        row.pk: recorders[row.recorder_id]
        if row.recorder_id in recorders
        else name_of_thing(row.about)
        for row in rows
    }


def leave(
    text: str,
    *,
    by: Person,
    about: About | None = None,
    needed_until: dt.datetime | None = None,
    once: uuid.UUID | None = None,
) -> ShiftNote:
    """The new note; the one that is there already when `once` was seen before."""
    once = once or uuid.uuid4()
    field = next((name for name, kind in _FIELDS.items() if isinstance(about, kind)), "")
    facts = {field: about} if field else {}
    words = fold(" ".join((text, name_of_thing(about), by.full_name)))
    try:
        with transaction.atomic():
            note = ShiftNote.objects.create(
                uuid=once,
                text=text,
                needed_until=needed_until,
                left_by=by,
                search_text=words,
                **facts,
            )
            after = {"text": text, "about": name_of_thing(about), "needed_until": needed_until}
            audit.record("shiftnote.leave", actor=by, target=note, after=after)
    except IntegrityError:
        known: ShiftNote | None = ShiftNote.objects.filter(uuid=once, left_by=by).first()
        if known is None:
            raise
        return known
    return note


def add_line(note: ShiftNote, text: str, *, by: Person, once: uuid.UUID | None = None) -> NoteLine:
    """A further line, also on a closed note; the one that is there when `once` was seen before."""
    once = once or uuid.uuid4()
    try:
        with transaction.atomic():
            line = NoteLine.objects.create(uuid=once, note=note, text=text, written_by=by)
            found = Concat(F("search_text"), Value(f" {fold(text)}"))
            ShiftNote.objects.filter(pk=note.pk).update(search_text=found)
            audit.record("shiftnote.add_line", actor=by, target=note, after={"text": text})
    except IntegrityError:
        known = NoteLine.objects.filter(uuid=once, written_by=by, note=note).first()
        if known is None:
            raise
        return known
    return line


@dataclass(frozen=True)
class Found:
    """A thing that a few words may mean: its code for forms ("position:12") and its words."""

    code: str
    label: str
    about: About


def found(field: str, about: About) -> Found:
    """One thing as a form offers it."""
    if isinstance(about, Position):
        label = _("Camera: %(name)s, %(building)s") % {
            "name": name_of(about),
            "building": about.floor.building.name,
        }
    elif isinstance(about, Device):
        label = _("Recorder: %(name)s") % {"name": name_of_thing(about)}
    else:
        label = _("Building: %(name)s") % {"name": about.name}
    return Found(f"{field}:{about.pk}", label, about)


def by_code(person: Person, code: str) -> Found | None:
    """The thing of a code, when that person may see it."""
    field, _colon, number = code.partition(":")
    if field not in _FIELDS or not number.isdecimal() or len(number) > 18:
        return None
    about = _seen(person, field).filter(pk=number).first()
    return None if about is None else found(field, about)


def _seen(person: Person, field: str) -> QuerySet[About]:
    rows: QuerySet[About]
    if field == "position":
        rows = Position.objects.visible_to(person).select_related("floor__building")
    elif field == "recorder":
        rows = Device.objects.visible_to(person).recorders()
    else:
        rows = Building.objects.visible_to(person)
    return rows


def find(person: Person, text: str) -> list[Found]:
    """What the words may mean, at most MOST_FOUND + 1; only one where a code or name says it exactly."""
    words = fold(text).split()
    if not words:
        return []
    now = timezone.now()
    places, recorders = _seen(person, "position"), _seen(person, "recorder")
    for word in words:
        places = places.filter(search_text__contains=word)
        by_ip = Address.objects.at(now).filter(ip__startswith=word).values("device")
        recorders = recorders.filter(Q(search_text__contains=word) | Q(pk__in=by_ip))
    houses = [
        house
        for house in _seen(person, "building")
        if all(word in fold(f"{house.name} {house.code}") for word in words)  # type: ignore[union-attr]
    ]
    every = [found("building", house) for house in houses[: MOST_FOUND + 1]]
    every += [found("position", place) for place in places[: MOST_FOUND + 1]]
    every += [found("recorder", each) for each in recorders[: MOST_FOUND + 1]]
    exact = [each for each in every if fold(text) in _exactly(each.about)]
    return exact if len(exact) == 1 else every[: MOST_FOUND + 1]


def _exactly(about: About) -> set[str]:
    if isinstance(about, Device):
        return {fold(about.serial)}
    return {fold(about.code), fold(about.name)}
