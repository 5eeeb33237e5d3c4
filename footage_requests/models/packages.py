"""The package: what is exported, masked, verified, sealed and handed over on one decision."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from core.steps import Step, SteppedModel
from inventory.models import Channel, Device

from .decisions import Decision, DecisionLine
from .files import EvidenceFile
from .holds import Part
from .requests import FootageRequest, OfRequestQuerySet

if TYPE_CHECKING:
    from accounts.models import Person


def _person(**options: Any) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        **options,
    )


class OfPackageQuerySet(OfRequestQuerySet):
    REQUEST = "package__request"


class Package(SteppedModel):
    """One release. Filer, approver, exporter, verifier and deliverer are columns here, so that the
    database refuses one person in two parts. Small-unit mode relaxes only filer = exporter, and stamps it.
    """

    class Status(models.TextChoices):
        EXPORTING = "EXPORTING", _("Exporting")
        MASKING = "MASKING", _("Masking")
        VERIFYING = "VERIFYING", _("Waiting for verification")
        VERIFIED = "VERIFIED", _("Verified")
        SEALED = "SEALED", _("Sealed")
        HANDED_OVER = "HANDED_OVER", _("Handed over")
        VIEWED = "VIEWED", _("Viewed")
        NOT_COLLECTED = "NOT_COLLECTED", _("Not collected")
        DESTROYED = "DESTROYED", _("Destroyed")
        CANCELLED = "CANCELLED", _("Cancelled")

    BEFORE_SEALING = (Status.EXPORTING, Status.MASKING, Status.VERIFYING, Status.VERIFIED)
    DELIVERED = (Status.HANDED_OVER, Status.VIEWED, Status.NOT_COLLECTED)
    STEPS = {
        "need_masks": Step({Status.EXPORTING}, Status.MASKING),
        "offer": Step({Status.EXPORTING, Status.MASKING}, Status.VERIFYING),
        "reject": Step({Status.VERIFYING}, Status.MASKING),
        "export_again": Step(
            {Status.EXPORTING, Status.MASKING, Status.VERIFYING}, Status.EXPORTING
        ),
        "verify": Step({Status.VERIFYING}, Status.VERIFIED),
        "seal": Step({Status.VERIFIED}, Status.SEALED),
        "hand_over": Step({Status.SEALED}, Status.HANDED_OVER),
        # What is shown has been sealed as well: the record of the viewing names its manifest.
        "show": Step({Status.SEALED}, Status.VIEWED),
        "give_up": Step({Status.SEALED}, Status.NOT_COLLECTED),
        "take_back": Step({Status.HANDED_OVER, Status.NOT_COLLECTED}, Status.SEALED),
        "destroy": Step(
            {Status.HANDED_OVER, Status.VIEWED, Status.NOT_COLLECTED, Status.CANCELLED},
            Status.DESTROYED,
        ),
        "cancel": Step(BEFORE_SEALING, Status.CANCELLED),
    }

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("release no."), max_length=20, unique=True, editable=False)
    request = models.ForeignKey(FootageRequest, on_delete=models.PROTECT, related_name="packages")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="packages")
    status = models.CharField(
        _("state"), max_length=15, choices=Status, default=Status.EXPORTING, editable=False
    )
    filer = _person()
    approver = _person()
    exporter = _person()
    verifier = _person()
    deliverer = _person()
    is_small_unit = models.BooleanField(_("compensating control"), default=False, editable=False)
    reviewed_by = _person()
    reviewed_at = models.DateTimeField(null=True, blank=True, editable=False)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_watched = models.BooleanField(
        _("the verifier watched what the rule asks for"), default=False, editable=False
    )
    unwatched_because = models.CharField(
        _("why parts were not watched"), max_length=300, blank=True, editable=False
    )
    sealed_at = models.DateTimeField(null=True, blank=True, editable=False)
    delivered_at = models.DateTimeField(null=True, blank=True, editable=False)
    manifest_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    inner_file = models.OneToOneField(
        EvidenceFile,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("sealed folder as one file"),
    )
    failure = models.CharField(max_length=300, blank=True, editable=False)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    delete_by = models.DateField(_("our copy is deleted by"), null=True, blank=True)
    destroyed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OfRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("release package")
        verbose_name_plural = _("release packages")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["decision"],
                condition=~Q(status__in=["CANCELLED", "DESTROYED"]),
                name="requests_one_package_a_decision",
            ),
            models.CheckConstraint(
                condition=~Q(approver=F("filer")), name="requests_approver_is_not_filer"
            ),
            models.CheckConstraint(
                condition=~Q(approver=F("exporter")), name="requests_approver_is_not_exporter"
            ),
            models.CheckConstraint(
                condition=Q(verifier=None) | ~Q(approver=F("verifier")),
                name="requests_approver_is_not_verifier",
            ),
            models.CheckConstraint(
                condition=Q(verifier=None) | ~Q(exporter=F("verifier")),
                name="requests_exporter_is_not_verifier",
            ),
            models.CheckConstraint(
                condition=Q(deliverer=None) | ~Q(approver=F("deliverer")),
                name="requests_approver_is_not_deliverer",
            ),
            models.CheckConstraint(
                condition=Q(is_small_unit=True) | ~Q(filer=F("exporter")),
                name="requests_filer_is_not_exporter",
            ),
            models.CheckConstraint(
                condition=Q(is_small_unit=True) | Q(verifier=None) | ~Q(filer=F("verifier")),
                name="requests_filer_is_not_verifier",
            ),
            models.CheckConstraint(
                condition=Q(filer__isnull=False, approver__isnull=False, exporter__isnull=False),
                name="requests_package_has_its_people",
            ),
            models.CheckConstraint(
                condition=~Q(
                    status__in=["VERIFIED", "SEALED", "HANDED_OVER", "VIEWED", "NOT_COLLECTED"]
                )
                | Q(verifier__isnull=False),
                name="requests_verified_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(
                    status__in=["VERIFIED", "SEALED", "HANDED_OVER", "VIEWED", "NOT_COLLECTED"]
                )
                | Q(is_watched=True)
                | ~Q(unwatched_because=""),
                name="requests_verified_after_watching",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["SEALED", "HANDED_OVER", "NOT_COLLECTED"])
                | ~Q(manifest_sha256=""),
                name="requests_sealed_has_a_manifest",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def take(self, step: str, *, by: Person | str, because: str = "", **changes: Any) -> Entry:
        """Takes a named step; the service modules of this app call it, views never do."""
        return self._take(step, by=by, because=because, **changes)

    take.alters_data = True  # type: ignore[attr-defined]

    @property
    def is_undone(self) -> bool:
        """Whether nobody received or watched it, and nobody will: the decision is not used up by it."""
        is_over = self.status in {self.Status.CANCELLED, self.Status.DESTROYED}
        return is_over and self.delivered_at is None


class LinePart(Part):
    """At most five recorded minutes of one decided line on one channel, fetched under its own lease."""

    line = models.ForeignKey(DecisionLine, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")

    objects = OfPackageQuerySet.as_manager()

    class Meta:
        abstract = True


def rules_of(name: str) -> list[models.BaseConstraint]:
    """What the database refuses of the pieces of that name: twice the same, backwards, done without a file."""
    return [
        models.UniqueConstraint(
            fields=["package", "line", "channel", "starts_at"], name=f"requests_{name}_once"
        ),
        models.CheckConstraint(
            condition=Q(ends_at__gt=F("starts_at")), name=f"requests_{name}_is_forward"
        ),
        models.CheckConstraint(
            condition=~Q(state="DONE") | Q(file__isnull=False), name=f"requests_{name}_has_a_file"
        ),
    ]


class ExportSlice(LinePart):
    """Pictures. `source` says from where: the recorder, or a held part when the recorder has it no longer."""

    class Source(models.TextChoices):
        RECORDER = "RECORDER", _("recorder")
        HOLD = "HOLD", _("held copy")

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="slices")
    source = models.CharField(max_length=8, choices=Source, blank=True)

    class Meta:
        ordering = ["line_id", "channel_id", "starts_at"]
        indexes = [models.Index(fields=["state", "due_at"], name="requests_slice_queue")]
        constraints = rules_of("slice")

    def __str__(self) -> str:
        return f"{self.package_id} {self.channel_id} {self.starts_at:%H:%M:%S}"


class ExportPace(models.Model):
    """How fast one recorder gave footage on one day: minutes fetched against minutes that it took."""

    recorder = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="export_paces")
    day = models.DateField()
    footage_ms = models.BigIntegerField(default=0)
    took_ms = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["recorder", "day"], name="requests_one_pace_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.recorder_id} {self.day}"


class Exhibit(models.Model):
    """One file of a package: a film, or the sound beside one. A derived exhibit keeps its parent and the parent's hash.

    `facts`: {"asked": [ms, ms], "delivered": [ms, ms], "gaps": [[ms, ms], ...], "clock": {...},
    "codec", "width", "height", "frames", "slices": [...], "tools": {...}}; times are
    true time in milliseconds since 1970. Of sound: "codec", "rate", "channels", "samples", "drift_ms" in place of the
    picture's.
    """

    class Kind(models.TextChoices):
        ORIGINAL = "ORIGINAL", _("original, stream copy")
        SOUND = "SOUND", _("sound, stream copy")
        VIEWING = "VIEWING", _("viewing copy, transcoded")
        MASKED = "MASKED", _("masked copy")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="exhibits")
    line = models.ForeignKey(DecisionLine, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    ident = models.CharField(_("exhibit"), max_length=20)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="derived"
    )
    parent_sha256 = models.CharField(max_length=64, blank=True)
    file_name = models.CharField(max_length=150)
    file = models.OneToOneField(EvidenceFile, on_delete=models.PROTECT, related_name="+")
    facts = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    replaced_at = models.DateTimeField(null=True, blank=True)

    objects = OfPackageQuerySet.as_manager()

    class Meta:
        verbose_name = _("exhibit")
        verbose_name_plural = _("exhibits")
        ordering = ["ident"]
        constraints = [
            models.UniqueConstraint(fields=["package", "ident"], name="requests_exhibit_once"),
            models.CheckConstraint(
                condition=(Q(kind__in=["ORIGINAL", "SOUND"], parent=None) & Q(parent_sha256=""))
                | (
                    ~Q(kind__in=["ORIGINAL", "SOUND"])
                    & Q(parent__isnull=False)
                    & ~Q(parent_sha256="")
                ),
                name="requests_derived_has_a_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.ident
