"""What the log refuses, and how it says so."""


class AuditRefused(ValueError):
    """The content cannot be written canonically (float, NUL, lone surrogate, too long). Means 400."""


class AppendOnly(TypeError):
    """Somebody tried to change or delete what may only be added to."""
