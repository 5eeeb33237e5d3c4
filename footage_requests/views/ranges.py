"""Range headers (RFC 9110, one range of bytes)."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def asked_range(header: str, size: int) -> tuple[int, int] | None:
    """The half-open span that a Range header asks for, all of it without one, None: not satisfiable."""
    if not header:
        return 0, size
    match = _RANGE.fullmatch(header.strip())
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    end = min(size, int(last) + 1) if last else size
    return (int(first), end) if int(first) < end else None
