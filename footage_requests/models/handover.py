"""What happens to a package after it is sealed: signed records, media, links, custody."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.jobs import Job
from core.scoping import ScopedQuerySet

from .files import EvidenceFile
from .packages import OfPackageQuerySet, Package
from .requests import FootageRequest, OfRequestQuerySet, RequestAttachment

if TYPE_CHECKING:
    pass


class StockQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, person: Any) -> Any:
        """The unit's stock: whoever works with cases sees it."""
        from ..permissions import READING_CASES

        return self if person.has_role(*READING_CASES) else self.none()


class MediumKind(models.TextChoices):
    """On what footage is handed over (domain.md 7b)."""

    CD = "CD", _("CD-R")
    DVD = "DVD", _("DVD-R")
    USB = "USB", _("USB stick")
    HDD = "HDD", _("hard disk")
    DOWNLOAD = "DOWNLOAD", _("encrypted download")
    VIEWING = "VIEWING", _("viewing only, no medium")


class MediumMovement(models.Model):
    """Media coming into stock and going out with a record: append-only, the sum is the stock."""

    kind = models.CharField(_("medium"), max_length=8, choices=MediumKind)
    change = models.SmallIntegerField(_("change"))
    record = models.ForeignKey(
        "footage_requests.HandOverRecord",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="movements",
    )
    document = models.CharField(_("document or reason"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = StockQuerySet.as_manager()

    class Meta:
        verbose_name = _("movement of media")
        verbose_name_plural = _("movements of media")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(change=0), name="requests_stock_moves"),
            models.UniqueConstraint(
                fields=["record"],
                condition=Q(record__isnull=False),
                name="requests_stock_once_a_record",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.change:+d}"


class HandOverRecord(models.Model):
    """A tutanak: what was handed over, shown, not found or put under protection, and who signed.

    `content` is frozen when the record is made; its hash is printed on every page. A reprint is
    counted and marked as a copy.
    """

    class Kind(models.TextChoices):
        COPY = "COPY", _("hand-over of a copy")
        VIEWING = "VIEWING", _("supervised viewing")
        NO_RECORDING = "NO_RECORDING", _("no recording found")
        HOLD = "HOLD", _("put under protection")
        NOT_COLLECTED = "NOT_COLLECTED", _("not collected")
        RETURNED = "RETURNED", _("medium taken back")

    class Return(models.TextChoices):
        BROUGHT = "BROUGHT", _("the receiver brought it back")
        UNDELIVERED = "UNDELIVERED", _("it came back undelivered")
        WRONG = "WRONG", _("it was the wrong medium, or went to the wrong person")

    class Next(models.TextChoices):
        KEPT = "KEPT", _("the medium is kept here, sealed")
        DESTROYED = "DESTROYED", _("the medium is destroyed with a record")
        AGAIN = "AGAIN", _("the package is handed over again")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("record no."), max_length=20, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    request = models.ForeignKey(FootageRequest, on_delete=models.PROTECT, related_name="records")
    package = models.ForeignKey(
        Package, null=True, blank=True, on_delete=models.PROTECT, related_name="records"
    )
    place = models.CharField(_("place"), max_length=150)
    happened_at = models.DateTimeField(_("date and time"))
    receiver_name = models.CharField(_("received by"), max_length=150, blank=True)
    receiver_office = models.CharField(_("office"), max_length=200, blank=True)
    receiver_title = models.CharField(_("title or staff number"), max_length=120, blank=True)
    receiver_identity = models.CharField(
        _("identity shown"),
        max_length=120,
        blank=True,
        help_text=_("Kind of card; never a copy of it."),
    )
    receiver_letter = models.CharField(_("letter of assignment"), max_length=150, blank=True)
    identity_checked = models.BooleanField(_("identity checked"), default=False)
    attendees = models.CharField(_("who was present"), max_length=500, blank=True)
    viewing_until = models.DateTimeField(_("viewing ended"), null=True, blank=True)
    medium = models.CharField(_("medium"), max_length=8, choices=MediumKind, blank=True)
    medium_serial = models.CharField(_("serial number of the medium"), max_length=120, blank=True)
    medium_count = models.PositiveSmallIntegerField(_("number of media"), default=0)
    seal_no = models.CharField(_("seal no. of the envelope"), max_length=60, blank=True)
    is_encrypted = models.BooleanField(_("encrypted"), default=True)
    passphrase_by = models.CharField(_("passphrase delivered by"), max_length=120, blank=True)
    played_together = models.BooleanField(_("opened and played together"), default=False)
    note = models.CharField(_("note"), max_length=500, blank=True)
    return_reason = models.CharField(
        _("why it came back"), max_length=12, choices=Return, blank=True
    )
    seal_intact = models.BooleanField(_("seal intact"), null=True, blank=True)
    measured_sha256 = models.CharField(
        _("SHA-256 measured on the medium"), max_length=64, blank=True
    )
    next_step = models.CharField(_("what happens next"), max_length=10, choices=Next, blank=True)
    takes_back = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="taken_back_by",
        editable=False,
    )
    is_taken_back = models.BooleanField(default=False, editable=False)
    deliverer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    witness = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("checked by"),
    )
    content = models.JSONField(default=dict, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    prints = models.PositiveSmallIntegerField(default=0, editable=False)
    signed_paper = models.ForeignKey(
        RequestAttachment, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OfRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("hand-over record")
        verbose_name_plural = _("hand-over records")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["package"],
                condition=Q(kind__in=["COPY", "NOT_COLLECTED"], is_taken_back=False),
                name="requests_handed_over_once",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["COPY", "VIEWING", "NOT_COLLECTED", "RETURNED"])
                | Q(package__isnull=False),
                name="requests_record_of_a_package",
            ),
            models.CheckConstraint(
                condition=~Q(kind="RETURNED")
                | (
                    Q(takes_back__isnull=False, seal_intact__isnull=False)
                    & ~Q(return_reason="")
                    & ~Q(next_step="")
                    & (~Q(receiver_name="") | Q(witness__isnull=False))
                ),
                name="requests_return_is_complete",
            ),
            models.CheckConstraint(
                condition=~Q(kind="COPY") | Q(identity_checked=True),
                name="requests_receiver_identified",
            ),
            models.CheckConstraint(
                condition=Q(witness=None) | ~Q(witness=F("deliverer")),
                name="requests_witness_is_another",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CustodyEvent(models.Model):
    """One act on a package or its medium, with the hash measured again: append-only, a fact has no draft."""

    class Act(models.TextChoices):
        SEALED = "SEALED", _("sealed")
        WRITTEN = "WRITTEN", _("written to a medium")
        LINKED = "LINKED", _("made ready for download")
        DOWNLOADED = "DOWNLOADED", _("downloaded by the recipient")
        HANDED_OVER = "HANDED_OVER", _("handed over")
        SHOWN = "SHOWN", _("shown")
        RETURNED = "RETURNED", _("medium came back")
        MEASURED = "MEASURED", _("hash measured again")
        DESTROYED = "DESTROYED", _("destroyed")

    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="custody")
    act = models.CharField(_("act"), max_length=12, choices=Act)
    by = models.CharField(_("who"), max_length=200)
    at = models.DateTimeField(default=timezone.now)
    sha256 = models.CharField(max_length=64, blank=True)
    matched = models.BooleanField(_("hash was right"), null=True, blank=True)
    seal_no = models.CharField(_("seal no."), max_length=60, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = OfPackageQuerySet.as_manager()

    class Meta:
        verbose_name = _("act of custody")
        verbose_name_plural = _("chain of custody")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.package_id} {self.act}"


class RecipientCopy(models.Model):
    """The sealed package encrypted for one recipient: to be written to a medium or offered by a link.

    The passphrase waits here sealed until the person who made the copy has read it, once; then it is gone.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="copies")
    recipient_name = models.CharField(_("recipient"), max_length=150)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    file = models.OneToOneField(
        EvidenceFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    passphrase_sealed = models.TextField(blank=True, editable=False)
    shown_at = models.DateTimeField(_("passphrase read"), null=True, blank=True, editable=False)

    objects = OfPackageQuerySet.as_manager()

    class Meta:
        verbose_name = _("copy for a recipient")
        verbose_name_plural = _("copies for recipients")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(shown_at=None) | Q(passphrase_sealed=""),
                name="requests_passphrase_read_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.package_id}: {self.recipient_name}"


class DownloadLink(models.Model):
    """A way for one named recipient to fetch one package: link and code travel apart, both only hashed here."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="links")
    recipient_name = models.CharField(_("recipient"), max_length=150)
    recipient_contact = models.CharField(_("e-mail or phone of the recipient"), max_length=150)
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    code_hmac = models.CharField(max_length=120, editable=False)
    code_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    ticket_sha256 = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    ticket_until = models.DateTimeField(null=True, blank=True, editable=False)
    file = models.OneToOneField(
        EvidenceFile, on_delete=models.PROTECT, related_name="+", editable=False
    )
    expires_at = models.DateTimeField(_("expires"))
    downloads_allowed = models.PositiveSmallIntegerField(_("downloads allowed"), default=2)
    downloads = models.PositiveSmallIntegerField(_("downloads"), default=0, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_because = models.CharField(max_length=200, blank=True, editable=False)

    objects = OfPackageQuerySet.as_manager()

    class Meta:
        verbose_name = _("download link")
        verbose_name_plural = _("download links")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(downloads__lte=F("downloads_allowed")),
                name="requests_link_not_used_too_often",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="requests_link_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.package_id}: {self.recipient_name}"

    @property
    def is_standing(self) -> bool:
        """Whether there is still something to end."""
        return self.is_usable(timezone.now())

    def is_usable(self, now: Any) -> bool:
        return (
            self.revoked_at is None
            and self.expires_at > now
            and self.file.destroyed_at is None
            and self.package.status in {Package.Status.SEALED, Package.Status.HANDED_OVER}
        )
