"""Played-back minutes, last and reference pictures, and who is using a recorder."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.models import Channel, Device, Position

from .runs import Answer, Run
from .scopes import ChannelScoped, DeviceScoped, PositionScoped


class PlaybackProof(models.Model):
    """One random minute that the index claims, really played back. The frame is hashed and dropped.

    `minute_at` is true time; `seed` and `share` let anybody draw the same minute again.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="proofs")
    day = models.DateField()
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    minute_at = models.DateTimeField(null=True, blank=True)
    seed = models.CharField(max_length=80)
    answer = models.CharField(max_length=7, choices=Answer)
    reason = models.CharField(max_length=40, blank=True)
    frame_sha256 = models.CharField(max_length=64, blank=True)
    frame_at = models.DateTimeField(null=True, blank=True, help_text=_("True time of the frame."))
    frames = models.PositiveIntegerField(default=0)
    lost_per_mille = models.PositiveSmallIntegerField(null=True, blank=True)
    bits_per_second = models.PositiveBigIntegerField(null=True, blank=True)
    picture_format = models.CharField(
        max_length=40, blank=True, help_text="Codec and size, such as H264 1920 x 1080."
    )
    played_at = models.DateTimeField(default=timezone.now)

    objects = ChannelScoped.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "day", "seed"], name="cameras_one_proof_a_seed"
            ),
            models.CheckConstraint(
                condition=~models.Q(answer="YES") | ~models.Q(frame_sha256=""),
                name="cameras_proof_has_a_frame",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.day} {self.answer}"


class LastPicture(models.Model):
    """The last picture of a camera, sealed by the vault. One per camera; viewing it is audited.

    `outline` is what `cameras.scene` compares, null where none was made; `colour` is how far the picture is
    from grey (0 to 128), which tells an infrared picture.
    """

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, primary_key=True, related_name="last_picture"
    )
    sealed = models.BinaryField()
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    taken_at = models.DateTimeField()
    outline = models.BinaryField(null=True, blank=True)
    colour = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = DeviceScoped.as_manager()

    def __str__(self) -> str:
        return f"{self.device_id} {self.taken_at:%Y-%m-%d %H:%M}"


class ReferencePicture(models.Model):
    """How a position ought to look: a picture that a person chose, sealed by the vault. One per position.

    A new one replaces the old one's bytes; the audit log keeps who chose which, when and why. `verdict` is
    what a person said last when comparing it with the picture taken at `compared_with`. `other_outline` is
    of a picture in the other light (infrared or colour) of which a person has said that it shows the same view.
    """

    class Verdict(models.TextChoices):
        SAME = "SAME", _("It shows the same view")
        MOVED = "MOVED", _("The camera has moved")
        UNSURE = "UNSURE", _("It cannot be told")

    position = models.OneToOneField(
        Position, on_delete=models.PROTECT, primary_key=True, related_name="reference_picture"
    )
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    taken_at = models.DateTimeField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)
    because = models.CharField(max_length=300)
    verdict = models.CharField(max_length=6, choices=Verdict, blank=True)
    remark = models.CharField(max_length=300, blank=True)
    compared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    compared_at = models.DateTimeField(null=True, blank=True)
    compared_with = models.DateTimeField(null=True, blank=True)
    outline = models.BinaryField(null=True, blank=True)
    colour = models.PositiveSmallIntegerField(null=True, blank=True)
    other_outline = models.BinaryField(null=True, blank=True)
    other_colour = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = PositionScoped.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(because=""), name="cameras_reference_has_a_reason"
            ),
            models.CheckConstraint(
                condition=models.Q(verdict="")
                | models.Q(compared_at__isnull=False, compared_by__isnull=False),
                name="cameras_comparison_has_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position_id} {self.taken_at:%Y-%m-%d %H:%M}"


class ViewCheck(models.Model):
    """How the last picture compares with the reference picture of its position, as the machine sees it.

    `unlike_nights` counts the nights in a row (noon to noon) on which it was UNLIKE; nights on which nothing
    could be compared neither count nor end the row. A new reference picture begins anew.
    """

    class Answer(models.TextChoices):
        LIKE = "LIKE", _("Looks like the reference picture")
        PARTLY = "PARTLY", _("Looks like the reference picture in part")
        UNLIKE = "UNLIKE", _("Does not look like the reference picture")
        NOT_COMPARED = "NOT_COMPARED", _("Could not be compared with the reference picture")

    reference = models.OneToOneField(
        ReferencePicture, on_delete=models.CASCADE, primary_key=True, related_name="view_check"
    )
    answer = models.CharField(max_length=12, choices=Answer)
    reason = models.CharField(max_length=20, blank=True)
    agreement = models.SmallIntegerField(null=True, blank=True, help_text=_("In per cent."))
    picture_at = models.DateTimeField()
    unlike_nights = models.PositiveSmallIntegerField(default=0)
    unlike_since = models.DateField(null=True, blank=True)
    unlike_last = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(answer="NOT_COMPARED") | ~models.Q(reason=""),
                name="cameras_not_compared_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference_id} {self.answer}"


class RecorderUseQuerySet(DeviceScoped):
    def visible_to(self, person: Any) -> Self:
        return self.filter(recorder__in=Device.objects.visible_to(person))

    def open(self) -> Self:
        return self.filter(ends_at__isnull=True)


class RecorderUse(models.Model):
    """An export or a hold uses this recorder: nothing may be written to it meanwhile."""

    recorder = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="uses")
    purpose = models.CharField(max_length=40)
    holder_uuid = models.UUIDField()
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)

    objects = RecorderUseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recorder", "purpose", "holder_uuid"],
                condition=models.Q(ends_at__isnull=True),
                name="cameras_one_open_use",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(ends_at__gte=models.F("starts_at")),
                name="cameras_use_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recorder_id} {self.purpose}"

    @classmethod
    def is_in_use(cls, recorder: Device) -> bool:
        """Whether a write to this recorder must be refused now."""
        return cls.objects.open().filter(recorder=recorder).exists()
