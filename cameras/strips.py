"""Pictures of recorded time as data for templates: the 24-hour strip of a day, the heat strip of days.

A strip is a list of stretches in minutes of the day (0 to 1440, Türkiye time); templates draw them as SVG.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cameras import coverage
from cameras.coverage import Interval
from cameras.models.coverage import CoverageFacts, Result
from cameras.reasons import word_for
from core import tsi
from core.tsi import from_ms

MINUTE_MS = 60_000
THINNEST = 0.6
"""Minutes: a hole of four seconds must still be seen."""

OUTSIDE, FUTURE = "outside", "future"


@dataclass(frozen=True)
class Stretch:
    """One coloured piece. `kind` is a result code, `outside` (not expected) or `future`."""

    kind: str
    x: str
    width: str
    title: str


@dataclass(frozen=True)
class Strip:
    """A day of one channel or position. `summary` says the same in words, for those who do not see it."""

    stretches: tuple[Stretch, ...]
    summary: str


def day_strip(day: dt.date, row: CoverageFacts | None, expected: Sequence[Interval]) -> Strip:
    """The strip of one stored answer; without an answer the expected time is "could not check"."""
    start_ms, end_ms = tsi.day_bounds_ms(day)
    pieces: list[tuple[str, Interval, str]] = []
    outside = coverage.subtract([(start_ms, end_ms)], list(expected))
    pieces += [(OUTSIDE, span, _("not expected")) for span in outside]
    if row is None:
        pieces += [(Result.UNKNOWN, span, _("not asked")) for span in expected]
    else:
        pieces += _answered(row, list(expected), end_ms)
    pieces.sort(key=lambda piece: piece[1])
    stretches = tuple(_stretch(kind, span, start_ms, title) for kind, span, title in pieces)
    return Strip(stretches, _summary(row))


def _answered(
    row: CoverageFacts, expected: list[Interval], end_ms: int
) -> Iterable[tuple[str, Interval, str]]:
    asked_ms = tsi.to_ms(row.asked_at)
    past = coverage.clip(expected, [(0, min(asked_ms, end_ms))])
    for span in coverage.subtract(expected, past):
        yield FUTURE, span, _("not over yet")
    if row.result == Result.UNKNOWN and not row.recorded_ms and not row.gaps:
        for span in past:
            yield Result.UNKNOWN, span, word_for(row.reason)
        return
    gaps = [((start, end), cause) for start, end, cause in row.gaps]
    rest = coverage.subtract(past, coverage.merge(span for span, _cause in gaps))
    kind = Result.UNKNOWN if row.result == Result.UNKNOWN and row.disputed_ms else Result.RECORDED
    title = word_for(row.reason) if kind == Result.UNKNOWN else _("recorded")
    if row.recorded_ms or kind == Result.UNKNOWN:
        for span in rest:
            yield kind, span, title
    for span, cause in gaps:
        yield Result.NOT_RECORDED, span, word_for(cause)


def _stretch(kind: str, span: Interval, start_ms: int, title: str) -> Stretch:
    x = (span[0] - start_ms) / MINUTE_MS
    width = max((span[1] - span[0]) / MINUTE_MS, THINNEST)
    times = f"{tsi.clock_time(from_ms(span[0]))}–{tsi.clock_time(from_ms(span[1]))}"
    return Stretch(kind, f"{x:.2f}", f"{width:.2f}", f"{times} · {title}")


def _summary(row: CoverageFacts | None) -> str:
    if row is None:
        return _("This day was not asked.")
    if row.result == Result.UNKNOWN:
        return _("Could not check: %(reason)s") % {"reason": word_for(row.reason)}
    if row.result == Result.EXEMPT:
        return _("Not expected on this day.")
    if not row.gap_count:
        return _("Recorded without a gap.")
    return _("%(count)d gaps, longest %(longest)s") % {
        "count": row.gap_count,
        "longest": length(row.longest_gap_ms),
    }


@dataclass(frozen=True)
class Cell:
    """A day of the heat strip. `kind` is a result code or "" when there is no row."""

    day: dt.date
    kind: str
    title: str


def heat_strip(last: dt.date, count: int, results: Mapping[dt.date, str]) -> list[Cell]:
    """`count` days up to `last`, oldest first."""
    labels = dict(Result.choices)
    cells = []
    for back in range(count - 1, -1, -1):
        day = last - dt.timedelta(days=back)
        kind = results.get(day, "")
        word = labels[Result(kind)] if kind else _("no data")
        cells.append(Cell(day, kind, f"{tsi.day_text(day)} · {word}"))
    return cells


def length(milliseconds: int) -> str:
    """A length of time to the second: "4 s", "12 min 30 s", "3 h 05 min"."""
    seconds = round(milliseconds / 1000)
    if milliseconds and seconds == 0:
        return _("%(count)d ms") % {"count": milliseconds}
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes}
    if minutes and seconds:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": seconds}
    if minutes:
        return _("%(minutes)d min") % {"minutes": minutes}
    return _("%(seconds)d s") % {"seconds": seconds}


def offset_words(offset_ms: int | None, uncertainty_ms: int | None = None) -> str:
    """An offset in words: "2.4 s ahead (± 0.1 s)", "1 h 00 min behind", "not measured"."""
    if offset_ms is None:
        return _("not measured")
    size = abs(offset_ms)
    how_much = f"{size / 1000:.1f} s" if size < 60_000 else length(size)
    if size < 50:
        text = _("exact")
    elif offset_ms > 0:
        text = _("%(length)s ahead") % {"length": how_much}
    else:
        text = _("%(length)s behind") % {"length": how_much}
    if uncertainty_ms is None:
        return text
    return f"{text} (± {max(uncertainty_ms, 1) / 1000:.1f} s)"
