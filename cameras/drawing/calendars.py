"""A year of a position's answers as data for a template: twelve months, each day a link to its own page.

Days are true-time calendar days of Türkiye. A day without a row is "no data", a day to come is no link.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from cameras.drawing.strips import FUTURE, Cell
from cameras.models.coverage import Result
from core import tsi

FIRST_YEAR = 2000


@dataclass(frozen=True)
class Month:
    """`starts` is the weekday of its first day, 1 = Monday, so that weekdays stand under each other."""

    first: dt.date
    starts: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Year:
    """`counts` are (code, label, days) of the answers that occur; `years` can be chosen, newest first."""

    number: int
    months: tuple[Month, ...]
    counts: tuple[tuple[str, str, int], ...]
    years: tuple[int, ...]

    @property
    def before(self) -> int | None:
        """The year before, where there is one to choose."""
        return self.number - 1 if self.number - 1 in self.years else None

    @property
    def after(self) -> int | None:
        return self.number + 1 if self.number + 1 in self.years else None


def asked_year(text: str, day: dt.date) -> int:
    """The year of `?year=2025`; that of the shown day when none or nonsense is given."""
    if text.isdecimal() and len(text) == 4 and FIRST_YEAR <= int(text) <= tsi.today().year:
        return int(text)
    return day.year


def bounds(year: int) -> tuple[dt.date, dt.date]:
    """First and last day of a year."""
    return dt.date(year, 1, 1), dt.date(year, 12, 31)


def year_calendar(number: int, results: Mapping[dt.date, str], earliest: dt.date | None) -> Year:
    """The calendar of one year. `earliest` is the first day with any answer: the years that can be chosen."""
    today = tsi.today()
    labels = {str(code): str(label) for code, label in Result.choices}
    months = tuple(_month(number, month, results, labels, today) for month in range(1, 13))
    counted = Counter(kind for day, kind in results.items() if day.year == number)
    oldest = min(number, earliest.year if earliest else number)
    newest = max(number, today.year)
    return Year(
        number=number,
        months=months,
        counts=tuple(
            (code, label, counted[code]) for code, label in labels.items() if counted[code]
        ),
        years=tuple(range(newest, oldest - 1, -1)),
    )


def _month(
    year: int, month: int, results: Mapping[dt.date, str], labels: Mapping[str, str], today: dt.date
) -> Month:
    starts, length = calendar.monthrange(year, month)
    cells = []
    for number in range(1, length + 1):
        day = dt.date(year, month, number)
        kind = FUTURE if day > today else results.get(day, "")
        cells.append(Cell(day, kind, _title(day, labels.get(kind, ""), kind)))
    return Month(dt.date(year, month, 1), starts + 1, tuple(cells))


def _title(day: dt.date, label: str, kind: str) -> str:
    if kind == FUTURE:
        return tsi.day_text(day)
    return f"{tsi.day_text(day)} {WEEKDAYS[day.weekday()]} · {label or _('no data')}"
