"""What the control room adds to Bugün and to pages of cameras and recorders: what the last shift left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from textwrap import shorten
from typing import Any, NamedTuple

from django.db.models import CharField, Count, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Cast, Left
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.requests import PersonRequest
from core import panels
from inventory.models import Address, Device, Position

from . import permissions
from .models import ShiftNote

MOST_SHOWN = 5
MOST_LETTERS = 240
_URGENCY = 42


class Shown(NamedTuple):
    """A note as it stands on Bugün, in the order of the query's columns."""

    pk: int
    text: str
    left_by: str
    left_by_id: int
    left_at: dt.datetime
    needed_until: dt.datetime | None
    status: str
    taken_by: str | None
    position: str | None
    building: str | None
    maker: str | None
    model: str | None
    ip: str | None
    open: int
    overdue: int

    @property
    def about(self) -> str:
        """What it is about, as people call it; empty for a note to the whole unit."""
        # PostgreSQL writes an address as text with its mask.
        parts = (self.maker, self.model, (self.ip or "").partition("/")[0])
        return self.position or self.building or " ".join(part for part in parts if part)

    @property
    def is_overdue(self) -> bool:
        return self.needed_until is not None and self.needed_until <= timezone.now()

    @property
    def is_waiting(self) -> bool:
        return self.status == ShiftNote.Status.OPEN

    @property
    def is_cut(self) -> bool:
        return len(self.text) >= MOST_LETTERS


def register() -> None:
    """Called once when Django is ready."""
    panels.register_today_lines(lines, _OPEN)
    panels.register("today-side", 7, "control_room/_today.html", beside, _may)
    for page in ("cameras-position", "cameras-device"):
        panels.register(page, 60, "control_room/_about.html", about, _may)


def _may(person: Any, _row: Any) -> bool:
    return permissions.can_see_notes(person)


def _asked(person: Any) -> QuerySet[Any] | None:
    """The most pressing open notes, and how many there are and are overdue."""
    if not permissions.can_see_notes(person):
        return None
    now = timezone.now()
    address = Address.objects.at(now).filter(device=OuterRef("recorder")).order_by("-starts_at")
    return (
        ShiftNote.objects.visible_to(person)
        .open()
        .values_list(
            *("pk", Left("text", MOST_LETTERS), "left_by__full_name", "left_by_id", "left_at"),
            *("needed_until", "status", "taken_by__full_name"),
            *("position__name", "building__name", "recorder__maker", "recorder__model"),
            Cast(Subquery(address.values("ip")[:1]), CharField()),
            Window(Count("pk")),
            Window(Count("pk", filter=Q(needed_until__lte=now))),
        )[:MOST_SHOWN]
    )


_OPEN = panels.Question(_asked)


def beside(request: PersonRequest, _row: Any) -> dict[str, Any]:
    """The card beside what is to be done."""
    notes = [Shown(*values) for values in _OPEN(request.user)]
    return {
        "notes": notes,
        "more": notes[0].open - len(notes) if notes else 0,
        "may_leave": permissions.can_leave_note(request.user),
    }


def about(request: PersonRequest, row: Any) -> dict[str, Any] | None:
    """What is open about one camera's place or one recorder, on its page."""
    field = "position" if isinstance(row, Position) else "recorder"
    if isinstance(row, Device) and row.kind != Device.Kind.RECORDER:
        return None
    notes = ShiftNote.objects.visible_to(request.user).open().filter(**{field: row})
    return {
        "notes": notes.select_related("left_by")[:MOST_SHOWN],
        "code": f"{field}:{row.pk}",
        "may_leave": permissions.can_leave_note(request.user, row),
    }


def lines(person: Any) -> Iterable[panels.TodayLine]:
    """One line, however many notes are overdue: the first of them is the most pressing."""
    first = next((Shown(*values) for values in _OPEN(person)), None)
    if first is None or not first.overdue:
        return
    text = ngettext(
        "A shift note is overdue: “%(note)s”",
        "%(count)d shift notes are overdue, the first: “%(note)s”",
        first.overdue,
    )
    yield panels.TodayLine(
        urgency=_URGENCY,
        sentence=text % {"count": first.overdue, "note": shorten(first.text, 90, placeholder="…")},
        url=reverse("control_room:note", args=[first.pk]),
        action_label=_("Open the note"),
        age_instant=first.needed_until,
        kind="shift-note",
        key="overdue",
    )
