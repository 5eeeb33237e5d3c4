"""What the inventory refuses, in words for the person who tried."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models


class Overlap(ValidationError):
    """Another row already holds the same address, MAC, channel, position or lens in that time.

    `row` is that other row, or None when it was gone by the time we looked. Means 409.
    """

    def __init__(self, message: str, row: models.Model | None = None) -> None:
        super().__init__(message, code="overlap")
        self.row = row


class AddressRefused(ValidationError):
    """An address that may not be entered: malformed, outside DEVICE_NETWORKS, or our own. Means 400."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="address")


class WrongDate(ValidationError):
    """A step dated in the future, or before the step that precedes it. Means 400."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="date")
