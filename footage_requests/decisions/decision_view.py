"""What the person who decides sees: exactly what would leave, what would not, and why. Never footage."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from core.tsi import day_of, to_ms

from .. import said
from ..models import FixedMask, FootageRequest, RequesterKind, RequestItem
from . import sound_rules
from .content import sha256_of

Span = tuple[int, int]


@dataclass(frozen=True)
class SummaryLine:
    """One included camera. Instants are milliseconds of true time; spans are half open."""

    item_id: int
    position: str
    code: str
    start_ms: int
    end_ms: int
    recorded_ms: int
    gaps: tuple[Span, ...]
    gap_count: int
    clock: Any
    must_be_masked: bool
    fixed_masks: int
    faults: tuple[Any, ...]
    is_held: bool
    answer: str
    oldest_ms: int | None = None
    unsure: tuple[Span, ...] = ()
    """What the recorder can neither call recorded nor lost."""
    sound: str = ""
    """What the inventory says of its sound, where sound was asked for (`sound_rules`)."""
    night: tuple[Any, ...] = ()
    """What the nightly check had proved of it, where not everything is there any more."""
    only_fixed: bool = False
    """Masked because of the camera's own areas, not because of other people."""

    @property
    def clock_words(self) -> str:
        """What the clock was worth then, in the reader's language; stored without words."""
        return said.read(self.clock)

    @property
    def fault_words(self) -> list[str]:
        return said.read_all(self.faults)

    @property
    def night_words(self) -> list[str]:
        return said.read_all(self.night)

    @property
    def sound_words(self) -> str:
        return str(sound_rules.WORDS.get(self.sound, ""))

    @property
    def asked_ms(self) -> int:
        return self.end_ms - self.start_ms


@dataclass(frozen=True)
class Summary:
    """The whole decision screen as data. `sha256` is what a decision will be bound to."""

    sha256: str
    lines: tuple[SummaryLine, ...]
    excluded: tuple[tuple[str, str], ...]
    undecided: tuple[str, ...] = field(default=())
    unchecked: tuple[str, ...] = field(default=())

    @property
    def nothing_recorded(self) -> bool:
        """Every included camera was asked, and its recorder holds nothing of the window."""
        return (
            bool(self.lines)
            and not self.unchecked
            and all(line.answer == "NO" for line in self.lines)
        )

    @property
    def something_recorded(self) -> bool:
        """Of at least one included camera the recorder has footage."""
        return any(line.answer in {"YES", "PARTLY"} for line in self.lines)

    @property
    def shown_sha256(self) -> str:
        """Of all that the screen tells, gaps and faults included; not of how far the hold has come."""
        told = self.as_data()
        for line in told["lines"]:
            del line["is_held"]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def as_data(self) -> dict[str, Any]:
        """Plain data for `Decision.shown`."""
        return {
            "lines": [asdict(line) for line in self.lines],
            "excluded": [list(pair) for pair in self.excluded],
        }


def summary(request: FootageRequest) -> Summary:
    """Reads the items with what the recorders last said; a fixed number of queries."""
    items = list(
        request.items.select_related("position")
        .prefetch_related("holds")
        .order_by("position__name", "starts_at")
    )
    included = [item for item in items if item.is_included]
    fixed = _fixed_masks(included)
    sound = sound_rules.recorded_by(request, included)
    return Summary(
        sha256=sha256_of(request),
        lines=tuple(
            replace(_line(item, request.kind.masking, fixed[item.pk]), sound=sound[item.pk])
            for item in included
        ),
        excluded=tuple(
            (item.position.name, item.reason) for item in items if item.is_included is False
        ),
        undecided=tuple(item.position.name for item in items if item.is_included is None),
        unchecked=tuple(item.position.name for item in included if not item.checked),
    )


def _fixed_masks(items: list[RequestItem]) -> dict[int, int]:
    """How many areas of each item's position are masked on a day of its recording. One query."""
    rows = FixedMask.objects.filter(position__in={item.position_id for item in items})
    spans = list(rows.values_list("position", "starts_on", "ends_on"))
    found = {}
    for item in items:
        first, last = day_of(item.starts_at), day_of(item.ends_at - dt.timedelta(milliseconds=1))
        found[item.pk] = sum(
            position == item.position_id and starts <= last and (ends is None or first < ends)
            for position, starts, ends in spans
        )
    return found


def _line(item: RequestItem, masking: str, fixed: int) -> SummaryLine:
    checked = item.checked or {}
    others = masking == RequesterKind.Masking.MANDATORY
    # Judicial authorities get the picture as it was recorded; the superior sees how many areas it has.
    only_fixed = fixed > 0 and masking == RequesterKind.Masking.CASE
    start, end = to_ms(item.starts_at), to_ms(item.ends_at)
    gaps = tuple(clipped(checked.get("gaps", ()), start, end))
    answer = str(checked.get("answer", ""))
    # An answer without a recording has no gaps to list: the whole window is one.
    unsure = tuple(clipped(checked.get("unsure", ()), start, end))
    lost = end - start if answer == "NO" else sum(b - a for a, b in (*gaps, *unsure))
    return SummaryLine(
        item_id=item.pk,
        position=item.position.name,
        code=item.position.code,
        start_ms=start,
        end_ms=end,
        recorded_ms=max(0, end - start - lost) if answer in {"YES", "PARTLY", "NO"} else 0,
        gaps=gaps,
        gap_count=int(checked.get("gap_count", len(gaps))),
        clock=checked.get("clock", ""),
        must_be_masked=others or only_fixed,
        fixed_masks=fixed,
        unsure=unsure,
        only_fixed=only_fixed,
        faults=tuple(checked.get("faults", ())),
        night=() if answer == "YES" else tuple(checked.get("night", ())),
        is_held=_is_held(item),
        answer=answer,
        oldest_ms=checked.get("oldest_ms"),
    )


def _is_held(item: RequestItem) -> bool:
    """Whether what there was of it lies in the store, with no piece missing."""
    kept = [hold for hold in item.holds.all() if hold.held_at and hold.destroyed_at is None]
    return bool(kept) and all(hold.is_whole for hold in kept)


def clipped(spans: Iterable[Iterable[int]], start: int, end: int) -> list[Span]:
    """The parts of the spans that lie inside [start, end), in order."""
    inside = ((max(start, a), min(end, b)) for a, b in spans)
    return sorted((a, b) for a, b in inside if a < b)
