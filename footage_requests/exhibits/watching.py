"""How much of an exhibit a verifier must have played, and what is still unseen.

Verification means watching: the first and last seconds of every exhibit, both edges of every gap, and a
share of all its pictures. Counted is what this person's own player reported, at a pace at which a person can
still watch; places are milliseconds of the exhibit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Max, Min
from django.db.models.functions import Coalesce

from ..models import Exhibit, Package, Viewing
from .exhibit_time import ExhibitTime, time_of

if TYPE_CHECKING:
    from accounts.models import Person

Span = tuple[int, int]

EDGE_MS = 5_000
# A player tells of its place a few times a second, and a film may end a little before its container says.
MISSED_MS = 2_000
# The first report of a player covers one interval of reporting at full speed before any time was counted.
_HEAD_START_MS = 5_000
_MOST_SPANS = 500
# Faster than this nobody understands what is said.
SOUND_FASTEST = 2


@dataclass(frozen=True)
class Watch:
    """What one person has seen of one exhibit, against what must be seen."""

    times: ExhibitTime
    watched: tuple[Span, ...]

    @cached_property
    def length_ms(self) -> int:
        return self.times.length_ms

    @cached_property
    def marks(self) -> tuple[Span, ...]:
        """The spans that must be seen whatever the share: both ends and the edges of the gaps."""
        length = self.length_ms
        found = [(0, EDGE_MS), (length - EDGE_MS, length)]
        for start, end in blanks(self.times):
            found += [(start - EDGE_MS, start), (end, end + EDGE_MS)]
        inside = ((max(0, a), min(b, length)) for a, b in found)
        return tuple(merged(span for span in inside if span[0] < span[1]))

    @cached_property
    def unseen_marks(self) -> tuple[Span, ...]:
        return tuple(
            mark for mark in self.marks if _size(missing(mark, self.watched)) > _slack(mark)
        )

    @cached_property
    def ends_are_seen(self) -> bool:
        """Whether the beginning and the end at least were played."""
        length = self.length_ms
        return not any(mark[0] == 0 or mark[1] == length for mark in self.unseen_marks)

    @cached_property
    def pictures_ms(self) -> int:
        """Length without the blank stretches of gaps."""
        return max(1, self.length_ms - _size(blanks(self.times)))

    @cached_property
    def seen_ms(self) -> int:
        """Pictures seen, each counted once."""
        whole = _size(self.watched)
        return whole - sum(whole_part(blank, self.watched) for blank in blanks(self.times))

    @property
    def percent(self) -> int:
        return min(100, self.seen_ms * 100 // self.pictures_ms)

    @cached_property
    def lacks_ms(self) -> int:
        """How much of the asked share is still unseen."""
        needed = self.pictures_ms * settings.VERIFY_WATCH_PERCENT // 100
        lacking = needed - self.seen_ms
        return lacking if lacking > min(MISSED_MS, self.pictures_ms // 2) else 0

    @property
    def is_enough(self) -> bool:
        return not self.unseen_marks and not self.lacks_ms

    def as_data(self) -> dict[str, object]:
        """For the player, which draws the marks and counts on."""
        return {
            "marks": [list(mark) for mark in self.marks],
            "watched": [list(span) for span in self.watched],
            "blanks": [list(span) for span in blanks(self.times)],
            "percent": settings.VERIFY_WATCH_PERCENT,
            "missed_ms": MISSED_MS,
        }


def watch_of(exhibit: Exhibit, person: Person | None) -> Watch:
    """What this person has played of an exhibit in order to verify it."""
    spans: list[Span] = []
    if person is not None:
        for viewing in exhibit.viewings.filter(person=person, purpose=Viewing.Purpose.VERIFY):
            spans += [(int(a), int(b)) for a, b in viewing.watched]
    return Watch(time_of(exhibit), tuple(merged(spans)))


def may_be_excepted(watches: Sequence[Watch]) -> bool:
    """Whether a package is so long that a stated exception is taken for what was not watched."""
    return sum(watch.length_ms for watch in watches) >= settings.VERIFY_EXCEPTION_MINUTES * 60_000


def blanks(times: ExhibitTime) -> list[Span]:
    """Where the exhibit itself stands still or has no picture: its gaps, as places."""
    length = times.length_ms
    found = []
    for start, end in times.gaps:
        first, last = times.place_of(start), times.place_of(end)
        if first is not None and last is not None and 0 <= first <= last <= length:
            found.append((first, last))
    return found


def plausible(
    viewing: Viewing,
    spans: Iterable[Span],
    length_ms: int,
    now: dt.datetime,
    *,
    is_sound: bool = False,
) -> list[Span]:
    """The spans that somebody can have watched since the viewing was opened; the rest is not counted."""
    open_ms = int((now - viewing.opened_at).total_seconds() * 1000)
    fastest = min(settings.VERIFY_FASTEST, SOUND_FASTEST) if is_sound else settings.VERIFY_FASTEST
    allowed = (open_ms + _HEAD_START_MS) * fastest
    known = merged(tuple(map(int, span)) for span in viewing.watched)
    taken: list[Span] = []
    for start, end in spans:
        span = (max(0, start), min(end, length_ms))
        if span[0] >= span[1]:
            continue
        if _size(merged([*known, *taken, span])) > allowed:
            break
        taken.append(span)
    return taken


def merged(spans: Iterable[Iterable[int]]) -> list[Span]:
    """The spans joined where they touch; the longest are kept when there are too many."""
    joined: list[Span] = []
    for start, end in sorted((int(a), int(b)) for a, b in spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    if len(joined) > _MOST_SPANS:
        joined = sorted(sorted(joined, key=lambda span: span[0] - span[1])[:_MOST_SPANS])
    return joined


def missing(span: Span, seen: Sequence[Span]) -> list[Span]:
    """The parts of a span that none of the (merged) spans covers."""
    left, at = [], span[0]
    for start, end in seen:
        if end <= at or start >= span[1]:
            continue
        if start > at:
            left.append((at, start))
        at = max(at, end)
    if at < span[1]:
        left.append((at, span[1]))
    return left


def whole_part(span: Span, seen: Sequence[Span]) -> int:
    """How many milliseconds of a span were seen."""
    return span[1] - span[0] - _size(missing(span, seen))


def _size(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in spans)


def _slack(mark: Span) -> int:
    # Of a very short mark at least half is asked for.
    return min(MISSED_MS, (mark[1] - mark[0]) // 2)


def shown_between(package: Package, person: Person) -> tuple[dt.datetime, dt.datetime] | None:
    """When this person's showing of the package began and when it last ended; None when nothing was shown."""
    shown = Viewing.objects.filter(
        exhibit__package=package, person=person, purpose=Viewing.Purpose.SHOW
    ).aggregate(begun=Min("opened_at"), ended=Max(Coalesce("closed_at", "last_beat_at")))
    return (shown["begun"], shown["ended"]) if shown["begun"] else None
