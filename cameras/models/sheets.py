"""Günlük Kayıt Kontrol Çizelgesi: one sheet per calendar day, its explanations, its signed content."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

import audit
from core.scoping import ScopedQuerySet
from core.steps import InvalidTransition, Step, SteppedModel
from inventory.models import Device, Position
from inventory.permissions import SEEING

if TYPE_CHECKING:
    from accounts.models import Person


class SheetQuerySet(ScopedQuerySet[Any]):
    """A sheet tells about the whole campus: those see it whose scope is the whole campus."""

    def visible_to(self, person: Person) -> Self:
        return self if person.scope(SEEING).everything else self.none()


class DailySheet(SteppedModel):
    """What was recorded on one day, checked, explained and signed by a person, and seen by another.

    `day` is the day that was recorded; `due_at` is when the sheet must be closed. A signature after
    `due_at` is a late entry: it carries the true time, nothing is ever back-dated.
    """

    class Status(models.TextChoices):
        PLANNED = "PLANNED", _("Planned")
        OPEN = "OPEN", _("Waiting for signature")
        SIGNED = "SIGNED", _("Signed")
        SEEN = "SEEN", _("Seen by the superior")
        NOT_DONE = "NOT_DONE", _("Not done in time")

    WRITABLE = (Status.OPEN, Status.NOT_DONE)
    STEPS = {
        "open": Step({Status.PLANNED}, Status.OPEN),
        "sign": Step(WRITABLE, Status.SIGNED),
        "see": Step({Status.SIGNED}, Status.SEEN),
        "miss": Step({Status.PLANNED, Status.OPEN}, Status.NOT_DONE),
    }

    day = models.DateField(_("day"), unique=True)
    status = models.CharField(
        _("state"), max_length=10, choices=Status, default=Status.PLANNED, editable=False
    )
    due_at = models.DateTimeField(_("due"))
    opened_at = models.DateTimeField(null=True, blank=True)
    missed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = SheetQuerySet.as_manager()

    class Meta:
        verbose_name = _("daily sheet")
        verbose_name_plural = _("daily sheets")
        ordering = ["-day"]
        indexes = [models.Index(fields=["status", "day"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(seen_by=None) | ~Q(seen_by=F("signed_by")),
                name="cameras_sheet_seen_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["SIGNED", "SEEN"])
                | (Q(signed_by__isnull=False, signed_at__isnull=False) & ~Q(sha256="")),
                name="cameras_sheet_signed_has_signature",
            ),
            models.CheckConstraint(
                condition=Q(status="SEEN", seen_by__isnull=False, seen_at__isnull=False)
                | (~Q(status="SEEN") & Q(seen_by=None, seen_at=None)),
                name="cameras_sheet_seen_has_a_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%d.%m.%Y}"

    @property
    def is_signed(self) -> bool:
        return self.status in {self.Status.SIGNED, self.Status.SEEN}

    @property
    def is_late(self) -> bool:
        """Signed after it was due."""
        return self.signed_at is not None and self.signed_at > self.due_at

    def is_overdue(self, now: dt.datetime) -> bool:
        return not self.is_signed and now >= self.due_at

    def open(self, *, by: Person | str) -> None:
        """The day's results are there (or will not come any more): people may explain and sign."""
        self._take("open", by=by, opened_at=timezone.now())

    @transaction.atomic
    def sign(self, canonical: str, *, by: Person) -> None:
        """Binds the content to a person. Callers have asked for the password again and checked rights.

        The content is stored as it was signed; it is what the paper prints from then on.
        """
        sha256 = hashlib.sha256(canonical.encode()).hexdigest()
        now = timezone.now()
        late = now > self.due_at
        facts = {"day": self.day, "content_sha256": sha256, "late_entry": late}
        self._take("sign", by=by, facts=facts, signed_by_id=by.pk, signed_at=now, sha256=sha256)
        SignedSheet.objects.create(sheet=self, canonical=canonical)

    def see(self, *, by: Person) -> None:
        """Another person takes note. The database refuses the signer as well."""
        if by.pk == self.signed_by_id:
            raise InvalidTransition("see", self)
        self._take("see", by=by, seen_by_id=by.pk, seen_at=timezone.now())

    def miss(self, *, by: str) -> None:
        """Nobody signed before the end of the day on which it was due."""
        self._take("miss", by=by, missed_at=timezone.now())

    open.alters_data = sign.alters_data = True  # type: ignore[attr-defined]
    see.alters_data = miss.alters_data = True  # type: ignore[attr-defined]


class OfSheetQuerySet(ScopedQuerySet[Any]):
    """Rows with a column `sheet`."""

    def visible_to(self, person: Person) -> Self:
        return self.filter(sheet__in=DailySheet.objects.visible_to(person))


class SignedSheet(models.Model):
    """The canonical JSON that was signed. Its SHA-256 stands in the sheet and in the audit log."""

    sheet = models.OneToOneField(
        DailySheet, on_delete=models.PROTECT, primary_key=True, related_name="signed"
    )
    canonical = models.TextField()

    objects = OfSheetQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.sheet_id)

    def is_intact(self) -> bool:
        """Whether the stored content still has the hash that was signed."""
        return hashlib.sha256(self.canonical.encode()).hexdigest() == self.sheet.sha256


class FiledSheet(models.Model):
    """A signed sheet on paper as it was filed: a PDF under a running number of its year.

    A sheet is filed when it is signed, and again when it is seen. Neither row nor file is ever changed.
    """

    sheet = models.ForeignKey(DailySheet, on_delete=models.PROTECT, related_name="filed")
    status = models.CharField(max_length=10, choices=DailySheet.Status)
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    filed_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OfSheetQuerySet.as_manager()

    class Meta:
        ordering = ["filed_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "status"], name="cameras_sheet_filed_once"),
            models.UniqueConstraint(fields=["year", "number"], name="cameras_filed_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.year}/{self.number}"


class SheetExplanation(models.Model):
    """Why something was not recorded, in a person's words; one may cover many cameras and recorders.

    Never changed: a later explanation of the same row is a new one, and the latest counts.
    """

    sheet = models.ForeignKey(DailySheet, on_delete=models.PROTECT, related_name="explanations")
    text = models.CharField(_("explanation"), max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now, editable=False)
    positions = models.ManyToManyField(Position, related_name="+", blank=True)
    recorders = models.ManyToManyField(Device, related_name="+", blank=True)

    objects = OfSheetQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="cameras_explanation_has_words")
        ]

    def __str__(self) -> str:
        return self.text

    @classmethod
    @transaction.atomic
    def write(
        cls,
        sheet: DailySheet,
        text: str,
        *,
        positions: list[int],
        recorders: list[int],
        by: Person,
    ) -> SheetExplanation:
        """Adds an explanation to a sheet that can still be signed. Raises InvalidTransition otherwise."""
        writable = DailySheet.objects.select_for_update().filter(
            pk=sheet.pk, status__in=DailySheet.WRITABLE
        )
        if writable.first() is None:
            raise InvalidTransition("explain", sheet)
        row = cls.objects.create(sheet=sheet, text=text, by=by)
        row.positions.set(positions)
        row.recorders.set(recorders)
        audit.record(
            "dailysheet.explain",
            actor=by,
            target=sheet,
            because=text,
            cameras=len(positions),
            recorders=len(recorders),
        )
        return row


class SheetReminder(models.Model):
    """One letter to one person about one sheet, so that it is sent once. `sent_at` empty = not yet."""

    class Kind(models.TextChoices):
        DUE_SOON = "DUE_SOON", _("Due within the hour")
        OVERDUE = "OVERDUE", _("Not closed in time")

    sheet = models.ForeignKey(DailySheet, on_delete=models.CASCADE, related_name="reminders")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    tried = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = OfSheetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sheet", "person", "kind"], name="cameras_sheet_reminded_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sheet_id} {self.person_id} {self.kind}"
