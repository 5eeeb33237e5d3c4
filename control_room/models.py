"""Shift notes (devir notları): what one shift leaves for the next, until somebody says that it is done.

What was written is never edited, by nobody: what has to be added is a further line, what was wrong as well.
The database refuses it too (`control_room.guards`).
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.scoping import ScopedQuerySet
from core.steps import Step, SteppedModel
from core.text import fold
from inventory.models import Building, Device, Position

from .permissions import READING

if TYPE_CHECKING:
    from accounts.models import Person

About = Building | Position | Device
LONGEST = 2000


class ShiftNoteQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """Notes about no thing are for the whole unit, others for those who work where that thing is."""
        scope = person.scope(READING)
        if scope.everything:
            return self
        if not scope:
            return self.none()
        return self.filter(
            Q(building=None, position=None, recorder=None)
            | Q(building__in=Building.objects.within(scope))
            | Q(position__in=Position.objects.within(scope))
            | Q(recorder__in=Device.objects.within(scope))
        )

    def open(self) -> Self:
        """Notes that nobody has closed, the most pressing first."""
        return self.exclude(status=ShiftNote.Status.DONE).order_by(
            F("needed_until").asc(nulls_last=True), "left_at", "pk"
        )


def _person() -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )


class ShiftNote(SteppedModel):
    """One note. It stands on Bugün from day to day until somebody closes it with a sentence.

    `needed_until` is true time: after it the note is overdue, not gone. `uuid` comes from the form, so that
    a form sent twice is one note.
    """

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Waiting")
        TAKEN = "TAKEN", _("Taken over")
        DONE = "DONE", _("Closed")

    STEPS = {
        "take_over": Step({Status.OPEN}, Status.TAKEN),
        "finish": Step({Status.OPEN, Status.TAKEN}, Status.DONE),
    }

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    text = models.TextField(_("note"), max_length=LONGEST)
    status = models.CharField(
        _("state"), max_length=10, choices=Status, default=Status.OPEN, editable=False
    )
    building = models.ForeignKey(
        Building, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    position = models.ForeignKey(
        Position, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    recorder = models.ForeignKey(
        Device, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    needed_until = models.DateTimeField(_("needed until"), null=True, blank=True)
    left_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    left_at = models.DateTimeField(_("left"), default=timezone.now)
    taken_by = _person()
    taken_at = models.DateTimeField(null=True, blank=True)
    closed_by = _person()
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(_("what came of it"), max_length=500, blank=True)
    search_text = models.TextField(blank=True, editable=False)

    objects: ClassVar[models.Manager[ShiftNote]] = models.Manager.from_queryset(ShiftNoteQuerySet)()

    class Meta:
        verbose_name = _("shift note")
        verbose_name_plural = _("shift notes")
        ordering = ["-left_at", "-pk"]
        indexes = [models.Index(fields=["status", "-left_at"])]
        constraints = [
            models.CheckConstraint(
                name="control_room_note_about_one_thing",
                condition=Q(position=None, recorder=None)
                | Q(building=None, recorder=None)
                | Q(building=None, position=None),
            ),
            models.CheckConstraint(
                name="control_room_note_taken_by_another",
                condition=Q(taken_by=None) | ~Q(taken_by=F("left_by")),
            ),
            models.CheckConstraint(
                name="control_room_note_closed_with_a_sentence",
                condition=~Q(status="DONE")
                | (Q(closed_by__isnull=False, closed_at__isnull=False) & ~Q(outcome="")),
            ),
        ]

    def __str__(self) -> str:
        first = self.text.strip().splitlines()[0] if self.text.strip() else ""
        return first if len(first) <= 80 else f"{first[:79].rstrip()}…"

    @property
    def about(self) -> About | None:
        """The one thing that it is about; None for a note to the whole unit."""
        return self.position or self.recorder or self.building

    def is_overdue(self, now: dt.datetime) -> bool:
        return (
            self.status != self.Status.DONE
            and self.needed_until is not None
            and self.needed_until <= now
        )

    def take_over(self, *, by: Person) -> None:
        """Somebody of the next shift has read it and sees to it. Raises InvalidTransition."""
        self._take("take_over", by=by, taken_by=by, taken_at=timezone.now())

    def finish(self, outcome: str, *, by: Person) -> None:
        """Closes it with what came of it. Raises InvalidTransition."""
        self._take(
            "finish",
            by=by,
            because=outcome,
            closed_by=by,
            closed_at=timezone.now(),
            outcome=outcome,
            search_text=f"{self.search_text} {fold(outcome)}",
        )

    take_over.alters_data = True  # type: ignore[attr-defined]
    finish.alters_data = True  # type: ignore[attr-defined]


class NoteLine(models.Model):
    """A line that somebody has added to a note: an answer, or what was wrong in it."""

    note = models.ForeignKey(ShiftNote, on_delete=models.PROTECT, related_name="lines")
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    text = models.TextField(_("line"), max_length=LONGEST)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("line of a shift note")
        ordering = ["written_at", "pk"]

    def __str__(self) -> str:
        return f"{self.note_id}: {self.text[:60]}"
