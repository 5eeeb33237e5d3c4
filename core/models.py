"""The rows of core, where Django looks for them."""

from .jobs import Job

__all__ = ["Job"]
