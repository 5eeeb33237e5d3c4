"""Sound that a superior released expressly: what is fetched of it, piece by piece."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from inventory.models import Channel

from .decisions import DecisionLine
from .holds import Part
from .packages import OfPackageQuerySet, Package


class SoundSlice(Part):
    """At most five minutes of recorded sound of one decided line on one channel, fetched under its own lease.

    There are none unless the decision releases sound. `failure` is why there is none, as a stored sentence
    (`footage_requests.said`); it never stops the pictures. `delivered` has, beside times and clock as of pictures,
    {"codec", "rate", "channels", "profile", "units", "samples"}.
    """

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="sound_slices")
    line = models.ForeignKey(DecisionLine, on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")

    objects = OfPackageQuerySet.as_manager()

    class Meta:
        ordering = ["line_id", "channel_id", "starts_at"]
        indexes = [models.Index(fields=["state", "due_at"], name="requests_sound_queue")]
        constraints = [
            models.UniqueConstraint(
                fields=["package", "line", "channel", "starts_at"], name="requests_sound_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="requests_sound_is_forward"
            ),
            models.CheckConstraint(
                condition=~Q(state="DONE") | Q(file__isnull=False),
                name="requests_sound_has_a_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.package_id} {self.channel_id} {self.starts_at:%H:%M:%S} sound"
