"""Spans in pieces that are fetched each by itself: at most five minutes, and never across a clock that was set.

On each side of a correction a recorder is asked with the offset of that side (B12). Where the correction
became known only after the pieces had been planned, a piece is cut once more when it is claimed.
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from django.db import transaction

from core.tsi import from_ms, to_ms
from inventory.models import Channel

from ..models import HoldPart
from . import part_claims
from .clock_windows import RecorderClock, clock_of, cut_where_set
from .fetching import SLICE_MS
from .part_claims import AnyPart

Span = tuple[dt.datetime, dt.datetime]


def pieces(start: dt.datetime, end: dt.datetime, longest_ms: int = SLICE_MS) -> list[Span]:
    """[start, end) in pieces of at most five minutes."""
    marks = [*range(to_ms(start), to_ms(end), longest_ms), to_ms(end)]
    return [(from_ms(a), from_ms(b)) for a, b in itertools.pairwise(marks)]


def planned(channel: Channel, start: dt.datetime, end: dt.datetime) -> list[Span]:
    """[start, end) of true time on a channel in pieces, cut as well where its recorder's clock was set."""
    spans = cut_where_set(clock_of(channel.recorder), to_ms(start), to_ms(end))
    return [piece for a, b in spans for piece in pieces(from_ms(a), from_ms(b))]


def cut(part: AnyPart, clock: RecorderClock) -> None:
    """Leaves of a claimed piece what lies before the clock was set; the rest becomes pieces of its own."""
    first, *others = cut_where_set(clock, to_ms(part.starts_at), to_ms(part.ends_at))
    if not others:
        return
    owner: dict[str, Any] = (
        {"hold": part.hold}
        if isinstance(part, HoldPart)
        else {"package": part.package, "line": part.line, "channel": part.channel}
    )
    end = from_ms(first[1])
    with transaction.atomic():
        if not part_claims.mine(part).update(ends_at=end):
            return
        rows: list[Any] = [
            type(part)(**owner, starts_at=from_ms(a), ends_at=from_ms(b), turn=part.turn)
            for a, b in others
        ]
        type(part)._base_manager.bulk_create(rows)
    part.ends_at = end
