"""Where the pictures of a slice come from: the recorder, or what is held of them where that has more (B7)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cameras.days.coverage import clip, total
from core.tsi import to_ms

from ..models import EvidenceFile, ExportSlice, HoldPart
from ..models.holds import Part


@dataclass(frozen=True)
class Source:
    """Sealed bytes with the clock by which they were fetched, and from where they came."""

    file: EvidenceFile
    delivered: dict[str, Any]
    origin: str
    starts_at: dt.datetime
    ends_at: dt.datetime


def sources_of(part: ExportSlice) -> list[Source]:
    """The slice itself, or what is held of it where that has more."""
    own = []
    if part.file is not None and part.file.destroyed_at is None:
        own = [Source(part.file, part.delivered, "RECORDER", part.starts_at, part.ends_at)]
        if not part.delivered.get("gap_ms"):
            return own
    held = held_of(part)
    if not held:
        return own
    if own and _covered(part, own) >= _covered(part, held):
        return own
    ExportSlice.objects.filter(pk=part.pk).update(source=ExportSlice.Source.HOLD)
    return held


def held_of(part: ExportSlice) -> list[Source]:
    """What the holds of the same request have of a slice, in order."""
    rows = (
        HoldPart.objects.filter(
            hold__request=part.package.request_id,
            hold__channel=part.channel_id,
            state=Part.State.DONE,
            file__destroyed_at=None,
            starts_at__lt=part.ends_at,
            ends_at__gt=part.starts_at,
        )
        .select_related("file")
        .order_by("starts_at")
    )
    return [
        Source(row.file, row.delivered, "HOLD", row.starts_at, row.ends_at)
        for row in rows
        if row.file is not None
    ]


def _covered(part: ExportSlice, sources: list[Source]) -> int:
    """How much of a slice these sources hold."""
    span = [(to_ms(part.starts_at), to_ms(part.ends_at))]
    covered = 0
    for source in sources:
        told = source.delivered
        inside = clip([(int(told["start_ms"]), int(told["end_ms"]))], span)
        gaps = clip([(int(a), int(b)) for a, b in told.get("gaps", [])], inside)
        covered += total(inside) - total(gaps)
    return covered
