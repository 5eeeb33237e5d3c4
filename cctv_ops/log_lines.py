"""Lines of the log without what must not stand there: the address of a download link is half of its secret."""

from __future__ import annotations

import logging
import re

_LINK = re.compile(r"(/collect/)[^/\s\"'?]+")


class LineFormatter(logging.Formatter):
    """The usual line; whatever wrote the address of a link (Django, gunicorn), its token is left out."""

    def format(self, record: logging.LogRecord) -> str:
        return _LINK.sub(r"\1…", super().format(record))
