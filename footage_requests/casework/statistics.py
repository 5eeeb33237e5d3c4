"""How many requests came, what became of them and in how many days: counts only, no names."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from core import tsi

from ..models import Decision, FootageRequest, RequesterKind

if TYPE_CHECKING:
    from accounts.models import Person

S = FootageRequest.Status
OUTCOMES = (
    *Decision.Kind.values[:5],
    S.WITHDRAWN.value,
    S.MERGED.value,
    "OPEN",
)


@dataclass
class KindCount:
    """One kind of requester in a span: how many by outcome, how quickly, how many too late."""

    kind: RequesterKind
    total: int = 0
    by_outcome: dict[str, int] = field(default_factory=dict)
    days: list[float] = field(default_factory=list)
    late: int = 0

    @property
    def median_days(self) -> float | None:
        """Days from arrival to decision, half of them were quicker."""
        return round(median(self.days), 1) if self.days else None

    @property
    def longest_days(self) -> float | None:
        return round(max(self.days), 1) if self.days else None

    @property
    def outcomes(self) -> list[int]:
        """Counts in the order of OUTCOMES."""
        return [self.by_outcome.get(name, 0) for name in OUTCOMES]


def count(person: Person, first: dt.date, last: dt.date) -> list[KindCount]:
    """Requests that arrived on the days [first, last], by kind, of those that the person sees. Two queries."""
    start, end = tsi.day_bounds(first)[0], tsi.day_bounds(last)[1]
    rows = (
        FootageRequest.objects.visible_to(person)
        .filter(arrived_at__gte=start, arrived_at__lt=end)
        .exclude(status=S.DRAFT)
        .select_related("kind")
        .prefetch_related("decisions")
    )
    found: dict[int, KindCount] = {}
    for row in rows:
        line = found.setdefault(row.kind_id, KindCount(row.kind))
        line.total += 1
        standing = next(
            (
                each
                for each in row.decisions.all()
                if each.voided_at is None and each.kind != "RETURN"
            ),
            None,
        )
        outcome = _outcome(row, standing)
        line.by_outcome[outcome] = line.by_outcome.get(outcome, 0) + 1
        if standing is not None:
            line.days.append((standing.decided_at - row.arrived_at).total_seconds() / 86400)
        line.late += _is_late(row, standing)
    return sorted(found.values(), key=lambda line: line.kind.order)


def _outcome(row: FootageRequest, standing: Decision | None) -> str:
    if row.status in {S.WITHDRAWN, S.MERGED}:
        return str(row.status)
    return str(standing.kind) if standing is not None else "OPEN"


def _is_late(row: FootageRequest, standing: Decision | None) -> bool:
    """Decided after its deadline, or still open behind it."""
    if row.deadline_at is None or row.status in {S.WITHDRAWN, S.MERGED}:
        return False
    ended = standing.decided_at if standing is not None else dt.datetime.now(dt.UTC)
    return ended >= row.deadline_at
