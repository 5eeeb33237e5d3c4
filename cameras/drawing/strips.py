"""Pictures of recorded time as data for templates: the 24-hour strip of a day, the heat strip of days.

A strip is a list of stretches in per cent of the day (0 to 100, Türkiye time); templates draw them as SVG
without a view box, so that neither hatching nor words are stretched on a phone.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cameras.days import coverage
from cameras.days.coverage import Interval
from cameras.models.coverage import CoverageFacts, Result
from cameras.wording.reasons import word_for
from core import tsi
from core.tsi import from_ms

MINUTE_MS = 60_000
DAY_MS = tsi.DAY_MS
THINNEST = 0.05
"""Per cent of the day: a hole of four seconds must still be seen."""
LABEL_GAPS_MS = MINUTE_MS
"""Gaps longer than this are labelled with their length."""
LABEL_APART = 11.0
"""Per cent of the day between two labels, so that they do not overlap on a phone."""
AXIS_FROM_MS = MINUTE_MS
"""From this clock error on the recorder's own time stands under the strip."""

DENSE_MS = 2 * MINUTE_MS
"""Gaps no longer and no further apart than this would run into each other on a screen."""
DENSE_GAPS = 5
"""So many of them in a row are drawn as one stretch of many short gaps."""

OUTSIDE, FUTURE = "outside", "future"
Piece = tuple[str, Interval, str]


@dataclass(frozen=True)
class Stretch:
    """One coloured piece. `kind` is a result code (PARTLY: many short gaps), `outside` or `future`."""

    kind: str
    x: str
    width: str
    title: str


@dataclass(frozen=True)
class Mark:
    """A word at a place of the strip: the length of a gap, or an hour of the recorder's own clock."""

    x: str
    text: str


@dataclass(frozen=True)
class Strip:
    """A day of one channel or position. `summary` says the same in words, for those who do not see it.

    `labels` are the lengths of the longest gaps; `device_hours` is the axis of the recorder's own time,
    empty while its clock is right to a minute.
    """

    stretches: tuple[Stretch, ...]
    summary: str
    labels: tuple[Mark, ...] = ()
    device_hours: tuple[Mark, ...] = ()


def day_strip(
    day: dt.date,
    row: CoverageFacts | None,
    expected: Sequence[Interval],
    *,
    motion_only: bool = False,
) -> Strip:
    """The strip of one stored answer; without an answer the expected time is "could not check".

    Where recording is on motion only, time without a recording is no gap but time without motion.
    """
    start_ms, end_ms = tsi.day_bounds_ms(day)
    pieces: list[Piece] = []
    outside = coverage.subtract([(start_ms, end_ms)], list(expected))
    pieces += [(OUTSIDE, span, _("not expected")) for span in outside]
    if row is None:
        pieces += [(Result.UNKNOWN, span, _("not asked")) for span in expected]
    else:
        pieces += _answered(row, list(expected), end_ms, motion_only)
    pieces = _gathered(sorted(pieces, key=lambda piece: piece[1]))
    stretches = tuple(_stretch(kind, span, start_ms, title) for kind, span, title in pieces)
    if row is None:
        return Strip(stretches, _summary(row))
    if motion_only:
        return Strip(stretches, _motion_summary(row), (), _device_hours(row.offset_ms))
    return Strip(stretches, _summary(row), _labels(row, start_ms), _device_hours(row.offset_ms))


def _gathered(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, with each run of many short gaps as one: thousands of them say no more, and load slowly."""
    kept: list[Piece] = []
    run: list[Piece] = []
    for piece in pieces:
        kind, (start, end), _title = piece
        is_short = kind in {Result.RECORDED, Result.NOT_RECORDED} and end - start <= DENSE_MS
        if is_short and (not run or run[-1][1][1] == start):
            run.append(piece)
            continue
        kept += _as_one(run)
        run = [piece] if is_short else []
        kept += [] if is_short else [piece]
    return kept + _as_one(run)


def _as_one(run: list[Piece]) -> list[Piece]:
    gaps = [span for kind, span, _title in run if kind == Result.NOT_RECORDED]
    if len(gaps) < DENSE_GAPS:
        return run
    lost = sum(end - start for start, end in gaps)
    title = _("%(count)d short gaps, %(length)s in all") % {
        "count": len(gaps),
        "length": length(lost),
    }
    return [(Result.PARTLY, (run[0][1][0], run[-1][1][1]), title)]


def source_strips(
    day: dt.date, row: CoverageFacts | None, expected: Sequence[Interval]
) -> list[tuple[str, Strip]]:
    """One strip per source, by its code, where two of them told different things about the day."""
    if row is None or not row.source_gaps:
        return []
    start_ms, end_ms = tsi.day_bounds_ms(day)
    past = coverage.clip(list(expected), [(start_ms, _until_ms(row, end_ms))])
    found = []
    for source, pairs in row.source_gaps.items():
        gaps = coverage.merge((start, end) for start, end in pairs)
        pieces = [
            (OUTSIDE, s, _("not expected")) for s in coverage.subtract([(start_ms, end_ms)], past)
        ]
        pieces += [(str(Result.RECORDED), s, _("recorded")) for s in coverage.subtract(past, gaps)]
        pieces += [
            (str(Result.NOT_RECORDED), s, _("not recorded")) for s in coverage.clip(gaps, past)
        ]
        pieces = _gathered(sorted(pieces, key=lambda piece: piece[1]))
        lost = sum(end - start for start, end in coverage.clip(gaps, past))
        words = _("%(length)s missing") % {"length": length(lost)} if lost else _("nothing missing")
        stretches = tuple(_stretch(kind, span, start_ms, title) for kind, span, title in pieces)
        found.append((source, Strip(stretches, words)))
    return found


def _labels(row: CoverageFacts, start_ms: int) -> tuple[Mark, ...]:
    """The longest gaps first; a label that would touch one already placed is left out."""
    placed: list[tuple[float, str]] = []
    for start, end, _cause in sorted(row.gaps, key=lambda gap: gap[0] - gap[1]):
        if end - start <= LABEL_GAPS_MS:
            break
        middle = min(max(_share((start + end) / 2 - start_ms), 4.0), 96.0)
        if all(abs(middle - other) >= LABEL_APART for other, _text in placed):
            placed.append((middle, length(end - start)))
    return tuple(Mark(f"{x:.2f}", text) for x, text in sorted(placed))


def _device_hours(offset_ms: int | None) -> tuple[Mark, ...]:
    """Where the recorder's wall clock showed 00, 03, 06 ... while true time ran from 0 to 24."""
    if offset_ms is None or abs(offset_ms) < AXIS_FROM_MS or abs(offset_ms) > DAY_MS:
        return ()
    marks = []
    for hour in range(-24, 49, 3):
        x = _share(hour * 3_600_000 - offset_ms)
        if 1 <= x <= 99:
            marks.append(Mark(f"{x:.2f}", f"{hour % 24:02}"))
    return tuple(marks)


def _share(milliseconds: float) -> float:
    """Per cent of a day."""
    return 100 * milliseconds / DAY_MS


def _answered(
    row: CoverageFacts, expected: list[Interval], end_ms: int, motion_only: bool
) -> Iterable[tuple[str, Interval, str]]:
    past = coverage.clip(expected, [(0, _until_ms(row, end_ms))])
    is_over = end_ms <= tsi.day_bounds_ms(tsi.today())[0]
    for span in coverage.subtract(expected, past):
        yield (
            (Result.UNKNOWN, span, _("not asked")) if is_over else (FUTURE, span, _("not over yet"))
        )
    if row.result == Result.UNKNOWN and not row.recorded_ms and not row.gaps:
        for span in past:
            yield Result.UNKNOWN, span, word_for(row.reason)
        return
    gaps = [((start, end), cause) for start, end, cause in row.gaps]
    rest = coverage.subtract(past, coverage.merge(span for span, _cause in gaps))
    doubted = coverage.clip(rest, row.doubted_of(rest))
    for span in doubted:
        yield Result.UNKNOWN, span, word_for(row.reason) if row.reason else _("could not be told")
    if row.recorded_ms:
        for span in coverage.subtract(rest, doubted):
            yield Result.RECORDED, span, _("recorded")
    for span, cause in gaps:
        if motion_only and row.recorded_ms:
            yield OUTSIDE, span, _("no motion")
        else:
            yield Result.NOT_RECORDED, span, word_for(cause)


def _until_ms(row: CoverageFacts, end_ms: int) -> int:
    """Up to which moment of its day a row knows anything."""
    return min(tsi.to_ms(row.known_until or row.asked_at), end_ms)


def _stretch(kind: str, span: Interval, start_ms: int, title: str) -> Stretch:
    x = _share(span[0] - start_ms)
    width = max(_share(span[1] - span[0]), THINNEST)
    times = f"{tsi.clock_time(from_ms(span[0]))}–{tsi.clock_time(from_ms(span[1]))}"
    return Stretch(kind, f"{x:.3f}", f"{width:.3f}", f"{times} · {title}")


def _motion_summary(row: CoverageFacts) -> str:
    if row.result == Result.UNKNOWN or not row.recorded_ms:
        return _summary(row)
    return _("Records on motion only: %(length)s recorded.") % {"length": length(row.recorded_ms)}


def _summary(row: CoverageFacts | None) -> str:
    if row is None:
        return _("This day was not asked.")
    if row.result == Result.EXEMPT:
        return _("Not expected on this day.")
    if row.result == Result.UNKNOWN:
        told = _("Could not check: %(reason)s") % {"reason": word_for(row.reason)}
    elif not row.gap_count:
        told = _("Recorded without a gap.")
    else:
        told = ngettext(
            "%(count)d gap of %(longest)s", "%(count)d gaps, longest %(longest)s", row.gap_count
        ) % {"count": row.gap_count, "longest": length(row.longest_gap_ms)}
    if not row.disputed_ms:
        return told
    return _("%(told)s; %(length)s in doubt") % {
        "told": told.rstrip("."),
        "length": length(row.disputed_ms),
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
    """A length of time to the second: "4 s", "12 min 30 s", "3 h 05 min"; from two days on in days."""
    seconds = round(milliseconds / 1000)
    if seconds >= 2 * DAY_MS // 1000:
        return tsi.duration(seconds)
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


def seconds(milliseconds: int) -> str:
    """A length in seconds and tenths, in the reader's decimal sign: "2.4 s"."""
    return _("%(seconds)s s") % {"seconds": number_format(abs(milliseconds) / 1000, 1)}


def offset_words(offset_ms: int | None, uncertainty_ms: int | None = None) -> str:
    """An offset in words: "2.4 s ahead (± 0.1 s)", "1 h 00 min behind", "not measured"."""
    if offset_ms is None:
        return _("not measured")
    size = abs(offset_ms)
    how_much = seconds(size) if size < MINUTE_MS else length(size)
    if size < 100:
        text = _("exact")
    elif offset_ms > 0:
        text = _("%(length)s ahead") % {"length": how_much}
    else:
        text = _("%(length)s behind") % {"length": how_much}
    if uncertainty_ms is None:
        return text
    # Rounded up: nothing is known to ± 0.0 s.
    return f"{text} (± {seconds(math.ceil(max(uncertainty_ms, 1) / 100) * 100)})"
