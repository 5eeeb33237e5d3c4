"""Footage at rest: every file is sealed while it is written and has its hash from the first byte."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EvidenceFile(models.Model):
    """One sealed file in the evidence store: held footage, an exhibit or a finished package.

    The bytes lie under EVIDENCE_DIR in chunks of AES-256-GCM with a key of their own, which only
    `wrapped_key` holds, wrapped by the vault's key. Without that column the bytes are noise: it is
    emptied first when the file is destroyed. The row stays as the proof that the file existed.
    `sha256` and `bytes` are those of the plain content.

    An exhibit is joined: its pictures stay in the pieces as which they were fetched (`part_of`), its own file only
    says what lies where. A piece has no hash of its own: the exhibit has one over everything, and until then each
    chunk is proven by its tag.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    wrapped_key = models.TextField(blank=True, editable=False)
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    content_type = models.CharField(max_length=60, default="video/mp4")
    is_piece = models.BooleanField(default=False, editable=False)
    is_joined = models.BooleanField(default=False, editable=False)
    part_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="pieces",
        editable=False,
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    checked_at = models.DateTimeField(
        _("hash last measured again"), null=True, blank=True, editable=False
    )
    is_sound = models.BooleanField(_("hash was right then"), default=True, editable=False)
    destroyed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("evidence file")
        verbose_name_plural = _("evidence files")
        constraints = [
            models.CheckConstraint(
                condition=Q(destroyed_at=None) | Q(wrapped_key=""),
                name="requests_destroyed_file_has_no_key",
            ),
            models.CheckConstraint(
                condition=~Q(sha256="") | Q(is_piece=True), name="requests_file_has_a_hash"
            ),
            models.CheckConstraint(
                condition=Q(part_of=None) | Q(is_piece=True), name="requests_only_a_piece_is_part"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uuid} ({self.bytes})"
