"""A clock's offset over time as data for an SVG: measurements with their uncertainty, and the steps between them.

Offsets are device minus true, in milliseconds; up is ahead. Places are per cent of the drawing (x: true time,
y: from the top), so that templates draw without a view box and nothing is stretched. A few offsets far
outside the others stand at the edge with their size in words, so that they do not flatten the rest.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cameras.clocks.history import DAY_MS, JUMP_SLACK_MS, KnownOffset, is_jump
from cameras.clocks.verdicts import WARN_MS
from cameras.drawing.strips import Mark, length, offset_words, seconds
from cameras.models import ClockMeasurement
from core import tsi

MOST_POINTS = 400
"""More are thinned out: the extremes of each of so many stretches of time stay."""
OUTLIER_FACTOR = 8
USUAL_SHARE = 0.9
LEAST_SPAN_MS = 1_000
LINEAR_UP_TO_MS = 60_000
"""Beyond this the scale is linear within one second of true time and logarithmic outside."""
LINEAR_PART_MS = 1_000
STEP_FACTOR = 4
"""A change so many times faster than this clock usually drifts was made, even where a poor crystal could."""
ROOM = 0.08
LABELS_APART = 9.0
LINEAR_TICKS_MS = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000]
LOG_TICKS_MS = [1_000, 10_000, 60_000, 600_000, 3_600_000, DAY_MS, 30 * DAY_MS, 365 * DAY_MS]
LOG_TICKS_MS += [3650 * DAY_MS]
DATE_TICKS = 4
EDGE = 2.0
"""Per cent at both ends of the drawing, so that no mark is cut."""


@dataclass(frozen=True)
class Point:
    """One measurement. `edge` is "above" or "below" where it lies outside the drawing, with `label`."""

    x: str
    y: str
    low: str
    high: str
    is_ok: bool
    title: str
    edge: str = ""
    label: str = ""


@dataclass(frozen=True)
class Line:
    """From one measurement to the next; not drawn across a step."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True)
class Step:
    """Somewhere between two measurements the clock was set. `label` is empty where it would overlap."""

    x: str
    label: str
    sentence: str
    is_correction: bool
    after: int
    """The place of the measurement that found it set, among the rows."""

    @property
    def is_at_the_end(self) -> bool:
        """Whether its label would leave the drawing."""
        return float(self.x) > 85


@dataclass(frozen=True)
class OffsetPlot:
    """`summary` says in words what the drawing shows. `y_marks` are at y, `x_marks` at x."""

    points: tuple[Point, ...]
    lines: tuple[Line, ...]
    steps: tuple[Step, ...]
    y_marks: tuple[Mark, ...]
    x_marks: tuple[Mark, ...]
    summary: str
    is_logarithmic: bool = False
    outside: int = 0


@dataclass(frozen=True)
class _Scale:
    """Offsets to per cent from the top."""

    low: float
    high: float
    is_logarithmic: bool

    def bent(self, offset_ms: float) -> float:
        if not self.is_logarithmic or abs(offset_ms) <= LINEAR_PART_MS:
            return offset_ms / LINEAR_PART_MS
        return math.copysign(1 + math.log10(abs(offset_ms) / LINEAR_PART_MS), offset_ms)

    def y(self, offset_ms: float) -> float:
        bottom, top = self.bent(self.low), self.bent(self.high)
        room = (top - bottom) * ROOM
        share = (top + room - self.bent(offset_ms)) / (top - bottom + 2 * room)
        return min(max(100 * share, 0.0), 100.0)


def offset_of(row: ClockMeasurement) -> int:
    """The offset that people mean: of the wall clock where it is known, else of UTC."""
    told = row.utc_offset_ms if row.offset_ms is None else row.offset_ms
    return told or 0  # the database refuses a row with neither


def offset_plot(
    readings: Sequence[ClockMeasurement], start: dt.datetime, end: dt.datetime
) -> OffsetPlot | None:
    """The plot of readings between two instants of true time; None where there is none."""
    rows = sorted(readings, key=lambda row: row.measured_at)
    if not rows:
        return None
    steps = _steps(rows, start, end)
    stepped = {id(rows[step.after]) for step in steps}
    shown = _thinned(rows)
    limit = _usual_limit(shown)
    scale = _scale(shown, limit)
    points = tuple(_point(row, _x(row.measured_at, start, end), scale, limit) for row in shown)
    return OffsetPlot(
        points=points,
        lines=_lines(shown, points, stepped),
        steps=steps,
        y_marks=_y_marks(scale),
        x_marks=_x_marks(start, end),
        summary=_summary(rows, steps),
        is_logarithmic=scale.is_logarithmic,
        outside=sum(1 for point in points if point.edge),
    )


def _x(instant: dt.datetime, start: dt.datetime, end: dt.datetime) -> float:
    share = min(max((instant - start) / (end - start), 0.0), 1.0)
    return EDGE + (100 - 2 * EDGE) * share


def _size(row: ClockMeasurement) -> int:
    return abs(offset_of(row)) + row.uncertainty_ms


def _usual_limit(rows: Sequence[ClockMeasurement]) -> float:
    """Offsets larger than this lie outside the drawing: far above what nine in ten of them are."""
    sizes = sorted(_size(row) for row in rows)
    usual = sizes[int(USUAL_SHARE * (len(sizes) - 1))]
    return float(max(OUTLIER_FACTOR * usual, WARN_MS))


def _scale(rows: Sequence[ClockMeasurement], limit: float) -> _Scale:
    inside = [row for row in rows if _size(row) <= limit] or list(rows)
    low = min(0, *(offset_of(row) - row.uncertainty_ms for row in inside), -LEAST_SPAN_MS)
    high = max(0, *(offset_of(row) + row.uncertainty_ms for row in inside), LEAST_SPAN_MS)
    return _Scale(low, high, max(-low, high) > LINEAR_UP_TO_MS)


def _thinned(rows: Sequence[ClockMeasurement]) -> list[ClockMeasurement]:
    """At most MOST_POINTS: the smallest and the largest offset of each stretch of time."""
    if len(rows) <= MOST_POINTS:
        return list(rows)
    size = math.ceil(len(rows) / (MOST_POINTS // 2))
    kept: list[ClockMeasurement] = []
    for first in range(0, len(rows), size):
        some = rows[first : first + size]
        ends = {id(row): row for row in (min(some, key=offset_of), max(some, key=offset_of))}
        kept += sorted(ends.values(), key=lambda row: row.measured_at)
    return kept


def _point(row: ClockMeasurement, x: float, scale: _Scale, limit: float) -> Point:
    offset = offset_of(row)
    words = offset_words(offset, row.uncertainty_ms)
    title = f"{tsi.stamp(row.measured_at)} · {words}"
    is_ok = row.verdict == "OK"
    if _size(row) > limit and (offset < scale.low or offset > scale.high):
        above = offset > 0
        y = f"{0 if above else 100}"
        return Point(
            f"{x:.2f}", y, y, y, is_ok, title, "above" if above else "below", _short(offset)
        )
    low, high = scale.y(offset - row.uncertainty_ms), scale.y(offset + row.uncertainty_ms)
    return Point(f"{x:.2f}", f"{scale.y(offset):.2f}", f"{low:.2f}", f"{high:.2f}", is_ok, title)


def _known(row: ClockMeasurement) -> KnownOffset:
    return KnownOffset(tsi.to_ms(row.measured_at), offset_of(row), row.uncertainty_ms)


def _lines(
    rows: Sequence[ClockMeasurement], points: Sequence[Point], stepped: set[int]
) -> tuple[Line, ...]:
    """From point to point, but not into one that found the clock set."""
    return tuple(
        Line(a.x, a.y, b.x, b.y)
        for row, (a, b) in zip(rows[1:], itertools.pairwise(points), strict=True)
        if not (a.edge or b.edge) and id(row) not in stepped
    )


def _usual_drift(known: Sequence[KnownOffset]) -> float:
    """The median change from one measurement to the next, as a share of the time between."""
    shares = [
        abs(after.offset_ms - before.offset_ms) / (after.at_ms - before.at_ms)
        for before, after in itertools.pairwise(known)
        if after.at_ms > before.at_ms
    ]
    return statistics.median(shares) if shares else 0.0


def _is_step(before: KnownOffset, after: KnownOffset, usual: float) -> bool:
    if is_jump(before, after):
        return True
    drifted = STEP_FACTOR * usual * (after.at_ms - before.at_ms)
    unsure = before.uncertainty_ms + after.uncertainty_ms + JUMP_SLACK_MS
    return abs(after.offset_ms - before.offset_ms) > drifted + unsure


def _steps(
    rows: Sequence[ClockMeasurement], start: dt.datetime, end: dt.datetime
) -> tuple[Step, ...]:
    """Where the offset changed faster than this clock drifts: somebody or something set it."""
    known = [_known(row) for row in rows]
    usual = _usual_drift(known)
    steps: list[Step] = []
    labelled = -LABELS_APART
    for place, (before, after) in enumerate(itertools.pairwise(rows)):
        if not _is_step(known[place], known[place + 1], usual):
            continue
        middle = before.measured_at + (after.measured_at - before.measured_at) / 2
        x = _x(middle, start, end)
        label = ""
        if x - labelled >= LABELS_APART:
            label, labelled = _short(offset_of(after) - offset_of(before)), x
        corrected = abs(offset_of(after)) < abs(offset_of(before))
        sentence = _step_sentence(before, after, corrected)
        steps.append(Step(f"{x:.2f}", label, sentence, corrected, place + 1))
    return tuple(steps)


def _step_sentence(before: ClockMeasurement, after: ClockMeasurement, is_correction: bool) -> str:
    words = {
        "since": tsi.stamp(before.measured_at),
        "until": tsi.stamp(after.measured_at),
        "before": offset_words(offset_of(before)),
        "after": offset_words(offset_of(after)),
    }
    if is_correction:
        return (
            _("Between %(since)s and %(until)s it was corrected: %(before)s, then %(after)s.")
            % words
        )
    return _("Between %(since)s and %(until)s it jumped: %(before)s, then %(after)s.") % words


def _short(offset_ms: int) -> str:
    """ "+4.2 s", "−1 h 00 min": a size with its sign."""
    size = abs(offset_ms)
    text = seconds(size) if size < 10_000 else length(size)
    return f"{'−' if offset_ms < 0 else '+'}{text}"


def _y_marks(scale: _Scale) -> tuple[Mark, ...]:
    sizes = LOG_TICKS_MS
    if not scale.is_logarithmic:
        span = scale.high - scale.low
        step = next((size for size in LINEAR_TICKS_MS if span / size <= 5), LINEAR_TICKS_MS[-1])
        sizes = [step * n for n in range(1, 6)]
    marks: list[tuple[float, str]] = [(scale.y(0), "0")]
    for offset in sorted([*sizes, *(-size for size in sizes)], key=abs):
        y = scale.y(offset)
        if scale.low <= offset <= scale.high and all(abs(y - other) > 10 for other, _text in marks):
            marks.append((y, _short(offset)))
    return tuple(Mark(f"{y:.2f}", text) for y, text in sorted(marks))


def _x_marks(start: dt.datetime, end: dt.datetime) -> tuple[Mark, ...]:
    instants = [start + (end - start) * n / DATE_TICKS for n in range(DATE_TICKS + 1)]
    # Within a few days the same date would stand there twice.
    is_short = end - start < dt.timedelta(days=DATE_TICKS)
    return tuple(
        Mark(
            f"{_x(instant, start, end):.0f}",
            tsi.clock_time(instant)[:5] if is_short else tsi.day_text(tsi.day_of(instant)),
        )
        for instant in instants
    )


def _summary(rows: Sequence[ClockMeasurement], steps: Sequence[Step]) -> str:
    first, last = rows[0], rows[-1]
    if len(rows) == 1:
        return _("One measurement on %(when)s: %(offset)s.") % {
            "when": tsi.stamp(first.measured_at),
            "offset": offset_words(offset_of(first), first.uncertainty_ms),
        }
    lowest, highest = min(rows, key=offset_of), max(rows, key=offset_of)
    text = _(
        "%(count)d measurements from %(since)s to %(until)s: between %(low)s and %(high)s."
    ) % {
        "count": len(rows),
        "since": tsi.day_text(tsi.day_of(first.measured_at)),
        "until": tsi.day_text(tsi.day_of(last.measured_at)),
        "low": offset_words(offset_of(lowest)),
        "high": offset_words(offset_of(highest)),
    }
    if not steps:
        return text + " " + _("It was never set meanwhile.")
    return f"{text} {_set_words(steps)}"


def _set_words(steps: Sequence[Step]) -> str:
    corrections = sum(step.is_correction for step in steps)
    if corrections == len(steps):
        text = ngettext("It was corrected once.", "It was corrected %(count)d times.", corrections)
        return text % {"count": corrections}
    jumps = len(steps) - corrections
    text = ngettext("It jumped once", "It jumped %(count)d times", jumps) % {"count": jumps}
    mended = ngettext("was corrected once", "was corrected %(count)d times", corrections)
    return _("%(jumps)s and %(corrections)s.") % {
        "jumps": text,
        "corrections": mended % {"count": corrections},
    }
