"""Reports as data: columns and rows that one page, one paper and one workbook print alike.

A report tells only about what its reader may see. A cell is a text, a whole number, a day, an instant,
a `Share` or None, which prints as a dash: nobody asked, or it means nothing there.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core import tsi
from core.templatetags.page import percent, whole


@dataclass(frozen=True)
class Share:
    """A part of a whole in per cent, 0 to 100."""

    value: float

    def __str__(self) -> str:
        return percent(self.value)


LONGEST_WORD = 24
Value = str | int | Share | dt.date | dt.datetime | None


@dataclass(frozen=True)
class Column:
    label: str
    is_number: bool = False


MOST_USUAL_COLUMNS = 12


@dataclass(frozen=True)
class Section:
    """One table of a report. `remark` stands under its title; `empty` is said when it has no rows."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    remark: str = ""
    empty: str = ""

    @property
    def has_many_columns(self) -> bool:
        """Whether the table needs smaller print to fit the width of a page."""
        return len(self.columns) > MOST_USUAL_COLUMNS

    @property
    def printed(self) -> list[list[tuple[str, str]]]:
        """The rows as texts, each with the class that says how it is set."""
        return [
            [
                (text_of(value), _set(value, column))
                for value, column in zip(row, self.columns, strict=True)
            ]
            for row in self.rows
        ]

    @property
    def told(self) -> list[Column]:
        """The columns that a page shows: those in which something stands. Papers and files show all."""
        return [self.columns[place] for place in self._told]

    @property
    def _told(self) -> list[int]:
        return [
            place
            for place in range(len(self.columns))
            if not self.rows or any(row[place] not in (None, "") for row in self.rows)
        ]

    @property
    def labelled(self) -> list[list[tuple[str, str, str]]]:
        """The same rows for a page, each cell with its column's name before it: a phone shows no head."""
        told = self._told
        return [
            [(self.columns[place].label, *row[place]) for place in told] for row in self.printed
        ]


def _set(value: Value, column: Column) -> str:
    if column.is_number:
        return "number"
    if isinstance(value, dt.date):
        return "nowrap"
    # Only such a word may be broken in the middle; it would push the table over the edge.
    is_long = isinstance(value, str) and any(len(word) > LONGEST_WORD for word in value.split())
    return "anywhere" if is_long else ""


@dataclass(frozen=True)
class Report:
    """`form` is a code of core.paper_rows.PaperForm; `about` the last day that it tells about."""

    form: str
    title: str
    period: str
    about: dt.date
    sections: Sequence[Section]
    facts: Sequence[tuple[str, Value]] = ()
    sentence: str = ""
    is_landscape: bool = False
    is_signed_by_hand: bool = False
    query: dict[str, str] = field(default_factory=dict)

    @property
    def printed_facts(self) -> list[tuple[str, str]]:
        return [(label, text_of(value)) for label, value in self.facts]

    def content(self) -> dict[str, Any]:
        """What the paper's hash is over: everything that it says, as it says it."""
        return {
            "form": self.form,
            "period": self.period,
            "facts": [list(pair) for pair in self.printed_facts],
            "sections": [
                {
                    "title": section.title,
                    "columns": [column.label for column in section.columns],
                    "rows": [[text_of(value) for value in row] for row in section.rows],
                }
                for section in self.sections
            ],
        }


def text_of(value: Value) -> str:
    """A cell as people read it; instants in Türkiye time, as the foot of every page and paper says."""
    if value is None or value == "":
        return "–"
    if isinstance(value, dt.datetime):
        return value.astimezone(tsi.TSI).strftime("%d.%m.%Y %H:%M:%S")
    if isinstance(value, dt.date):
        return tsi.day_text(value)
    return whole(value) if isinstance(value, int) else str(value)


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both included."""

    first: dt.date
    last: dt.date

    @property
    def words(self) -> str:
        return f"{tsi.day_text(self.first)} – {tsi.day_text(self.last)}"

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def bounds(self) -> tuple[dt.datetime, dt.datetime]:
        return tsi.day_bounds(self.first)[0], tsi.day_bounds(self.last)[1]


LONGEST_PERIOD = 400


def period_of(
    first: str,
    last: str,
    *,
    usual_days: int,
    until_today: bool = False,
    most_days: int = LONGEST_PERIOD,
) -> Period:
    """The asked period, nonsense replaced: it ends yesterday at the latest and is not too long.

    `until_today`: what is measured during the day may end today.
    """
    latest = tsi.today() if until_today else tsi.today() - dt.timedelta(days=1)
    end = min(_day(last) or latest, latest)
    start = _day(first) or end - dt.timedelta(days=usual_days - 1)
    start = min(max(start, end - dt.timedelta(days=most_days - 1)), end)
    return Period(start, end)


def month_of(text: str) -> Period:
    """The asked month ("2026-11"); without one the month of yesterday. The running one ends yesterday."""
    yesterday = tsi.today() - dt.timedelta(days=1)
    first = _day(f"{text}-01")
    if first is None or first > yesterday:
        first = yesterday.replace(day=1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return Period(first, min(last, yesterday))


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if dt.date(2000, 1, 1) <= day <= dt.date(2100, 1, 1) else None
