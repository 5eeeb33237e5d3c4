"""The rows of core, where Django looks for them."""

from .holidays import Holiday
from .jobs import Job
from .paper_rows import Letterhead, PaperRevision

__all__ = ["Holiday", "Job", "Letterhead", "PaperRevision"]
