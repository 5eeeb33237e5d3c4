"""Files that people hand in: spreadsheets waiting to be imported, photos and documents."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.scoping import ScopedQuerySet

from ..queries import AttachmentQuerySet
from .devices import Device
from .places import Position

if TYPE_CHECKING:
    from accounts.models import Person


class SheetQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """One's own uploads: nobody imports what somebody else has checked."""
        return self.filter(uploaded_by=person.pk)


class UploadedSheet(models.Model):
    """A spreadsheet and what came of its dry run. `content` is dropped once it is no longer needed."""

    class Status(models.TextChoices):
        WAITING = "WAITING", _("being checked")
        CHECKED = "CHECKED", _("ready to import")
        REFUSED = "REFUSED", _("refused")
        IMPORTED = "IMPORTED", _("imported")

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    table = models.CharField(max_length=20)
    file_name = models.CharField(max_length=150)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    status = models.CharField(max_length=10, choices=Status.choices)
    faults: models.JSONField[Any, Any] = models.JSONField(default=list)
    fault_count = models.PositiveIntegerField(default=0)
    summary: models.JSONField[Any, Any] = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    uploaded_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[UploadedSheet]] = models.Manager.from_queryset(SheetQuerySet)()

    class Meta:
        verbose_name = _("uploaded spreadsheet")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name


class Attachment(models.Model):
    """A photo or a document of a device or a position. The file lies under a generated name."""

    class Kind(models.TextChoices):
        PHOTO = "PHOTO", _("Photo")
        DOCUMENT = "DOCUMENT", _("Document")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    device = models.ForeignKey(
        Device, on_delete=models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    position = models.ForeignKey(
        Position, on_delete=models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(_("title"), max_length=150)
    file_name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_by_name = models.CharField(max_length=150)
    added_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager[Attachment]] = models.Manager.from_queryset(
        AttachmentQuerySet
    )()

    class Meta:
        verbose_name = _("attachment")
        ordering = ["-added_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="inventory_attachment_of_one_thing",
                condition=Q(device__isnull=False, position__isnull=True)
                | Q(device__isnull=True, position__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.title


class SurveyQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Person) -> Self:
        """One's own surveys: what was found becomes visible to others once it is accepted."""
        return self.filter(asked_by=person.pk)

    def unfinished(self) -> Self:
        return self.filter(finished_at=None)


class Survey(models.Model):
    """Asking one recorder what it is, or the networks what is there; the row is the queue and the progress.

    `steps` are [name, answer, detail] in the order in which they were asked; `found` is what proposals are
    made of. It never holds a login: that lies in the vault, with `device`. `attempts` counts the workers
    that took it: one that is killed leaves it to the next, and not for ever.
    """

    class Kind(models.TextChoices):
        RECORDER = "RECORDER", _("Adding a recorder")
        NETWORKS = "NETWORKS", _("Looking for devices")

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, null=True, blank=True, related_name="surveys"
    )
    steps: models.JSONField[Any, Any] = models.JSONField(default=list)
    found: models.JSONField[Any, Any] = models.JSONField(default=dict)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[models.Manager[Survey]] = models.Manager.from_queryset(SurveyQuerySet)()

    class Meta:
        verbose_name = _("survey")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["finished_at"], name="inventory_survey_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    def step(self, name: str, answer: str, detail: str = "") -> None:
        """Adds one line of progress."""
        self.steps = [*self.steps, [name, answer, detail]]
        self.save(update_fields=["steps", "found"])
