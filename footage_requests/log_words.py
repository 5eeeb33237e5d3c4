"""What the log holds about requests as codes and keys, in words."""

from __future__ import annotations

from collections.abc import Iterable

from audit.models import Entry

from . import said
from .models import Hold


def hold_names(uuids: Iterable[str]) -> dict[str, str]:
    """Which request's, and of which channel, by the hold's uuid."""
    holds = Hold.objects.filter(uuid__in=uuids).select_related("request", "channel__recorder")
    return {str(hold.uuid): f"{hold.request.number}, {hold.channel}" for hold in holds}


def reason_of(entry: Entry) -> str:
    """Reasons that the system gave are stored as sentences."""
    return said.read(entry.because) if entry.because.startswith(said.MARK) else ""
