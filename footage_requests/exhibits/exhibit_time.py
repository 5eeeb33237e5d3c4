"""Which true moment a place in an exhibit is, and what the camera's clock showed then.

An exhibit's pictures keep their distances in time, so its place plus the first picture's true time is
the true moment, gaps included; `facts["timeline"]`, where an exhibit has one, says it piece by piece:
[[place, true, length], ...] in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..models import Exhibit

Span = tuple[int, int]


@dataclass(frozen=True)
class ExhibitTime:
    """Spans in milliseconds of true time; `offset_ms` is device minus true, None when not measured."""

    delivered: Span
    asked: Span
    gaps: tuple[Span, ...]
    timeline: tuple[tuple[int, int, int], ...]
    offset_ms: int | None
    uncertainty_ms: int | None
    is_doubted: bool = False
    """The clock was set inside it, or across it, at a moment that is not known."""

    @property
    def length_ms(self) -> int:
        """Length of the exhibit in its own time."""
        if self.timeline:
            place, _true, length = self.timeline[-1]
            return place + length
        return self.delivered[1] - self.delivered[0]

    def true_of(self, place_ms: int) -> int:
        """The true moment of a place, in milliseconds since 1970."""
        for place, true, length in self.timeline:
            if place <= place_ms < place + length:
                return true + place_ms - place
        return self.delivered[0] + place_ms

    def place_of(self, true_ms: int) -> int | None:
        """The place at which a true moment stands; the next picture's where there is none at that moment."""
        if not self.timeline:
            return true_ms - self.delivered[0]
        for place, true, length in self.timeline:
            if true_ms < true + length:
                return place + max(0, true_ms - true)
        return self.length_ms

    def as_data(self) -> dict[str, Any]:
        """For the player."""
        return {
            "delivered": list(self.delivered),
            "asked": list(self.asked),
            "gaps": [list(gap) for gap in self.gaps],
            "timeline": [list(piece) for piece in self.timeline],
            "offset_ms": self.offset_ms,
            "uncertainty_ms": self.uncertainty_ms,
            "length_ms": self.length_ms,
        }


def time_of(exhibit: Exhibit) -> ExhibitTime:
    """The times of an exhibit; of a derived one those of the original that it was made from."""
    facts = (
        exhibit.facts
        if "delivered" in exhibit.facts or exhibit.parent is None
        else (exhibit.parent.facts)
    )
    clock = facts.get("clock") or {}
    return ExhibitTime(
        delivered=_span(facts["delivered"]),
        asked=_span(facts.get("asked") or facts["delivered"]),
        gaps=tuple(_span(gap) for gap in facts.get("gaps", ())),
        timeline=tuple((int(a), int(b), int(c)) for a, b, c in facts.get("timeline", ())),
        offset_ms=clock.get("offset_ms"),
        uncertainty_ms=clock.get("uncertainty_ms"),
        is_doubted=bool(clock.get("doubts")),
    )


def _span(pair: Any) -> Span:
    start, end = pair
    return int(start), int(end)
