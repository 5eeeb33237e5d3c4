"""What this app refuses, in words for the person who tried."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError


class Refused(ValidationError):
    """A step that the rules do not allow now; the message says what to do. Means 400."""

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message, code=code)


class ContentChanged(Refused):
    """The request is no longer what the person saw. Means 409: look again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="changed")


class NotThisPerson(PermissionDenied):
    """The person already plays another part in this case, or lacks the role for this one. Means 403."""
