"""Sound that a superior released expressly: what is fetched of it, piece by piece."""

from __future__ import annotations

from django.db import models

from .packages import LinePart, Package, rules_of


class SoundSlice(LinePart):
    """Sound beside a slice of pictures. There are none unless the decision releases sound of that camera.

    `failure` is why there is none, as a stored sentence (`footage_requests.said`); it never stops the pictures.
    `delivered` has, beside times and clock as of pictures, {"codec", "rate", "channels", "profile", "units",
    "samples"}.
    """

    package = models.ForeignKey(Package, on_delete=models.CASCADE, related_name="sound_slices")

    class Meta:
        ordering = ["line_id", "channel_id", "starts_at"]
        indexes = [models.Index(fields=["state", "due_at"], name="requests_sound_queue")]
        constraints = rules_of("sound")

    def __str__(self) -> str:
        return f"{self.package_id} {self.channel_id} {self.starts_at:%H:%M:%S} sound"
