"""What is wrong where in an imported file, and cells turned into values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.text import fold

from ..sheets.reading import FORMULA, LONGEST_TEXT, RawCell, Sheet
from ..tables import Column

_YES = frozenset({"evet", "yes", "true", "1", "dogru", "var", "e", "y"})
_NO = frozenset({"hayir", "no", "false", "0", "yanlis", "yok", "h", "n"})


@dataclass(frozen=True)
class Fault:
    """One bad cell. Row 1 is the header; `column` is the header as the file has it."""

    row: int
    column: str
    value: str
    message: str

    def as_list(self) -> list[Any]:
        return [self.row, self.column, self.value, self.message]


class Blamed(Exception):
    """This cell cannot be used; the message says why."""


@dataclass
class Line:
    """One row of the file, read cell by cell; what is wrong is collected and never raised."""

    number: int
    cells: Mapping[str, RawCell]
    titles: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)

    def has(self, key: str) -> bool:
        """Is there such a column?"""
        return key in self.titles

    def blame(self, key: str, message: str) -> None:
        value = self.cells.get(key)
        shown = _("formula") if value is FORMULA else "" if value is None else str(value)
        self.faults.append(Fault(self.number, self.titles.get(key, key), shown[:80], message))

    def get(self, key: str, read: Callable[[RawCell], Any], default: Any = None) -> Any:
        """The value of a cell by its reader; a bad one is blamed and reads as the default."""
        cell = self.cells.get(key)
        if cell is FORMULA:
            self.blame(key, _("A formula. Paste its value."))
            return default
        try:
            value = read(cell)
        except Blamed as reason:
            self.blame(key, str(reason))
            return default
        return default if value is None else value


def lines_of(
    sheet: Sheet, columns: Iterable[Column], required: Iterable[str]
) -> list[Line] | list[Fault]:
    """The rows by column key, or what is wrong with the headers.

    A column that is not known is blamed beside the faults of the rows: all of it is told at once.
    """
    known = _known_headers(columns)
    keys: list[str] = []
    unknown: list[Fault] = []
    faults: list[Fault] = []
    for title in sheet.headers:
        key = known.get(fold(title), "")
        if not key:
            unknown.append(Fault(1, title, "", _("This column is not known.")))
        elif key in keys:
            faults.append(Fault(1, title, "", _("This column is there twice.")))
        keys.append(key)
    names = {column.key: str(column.title) for column in columns}
    faults += [
        Fault(1, names[key], "", _("This column is missing."))
        for key in required
        if key not in keys
    ]
    if faults or not sheet.rows:
        return [*unknown, *faults]
    titles = dict(zip(keys, sheet.headers, strict=True))
    lines = []
    for number, cells in sheet.rows:
        line = Line(number, dict(zip(keys, cells, strict=False)), titles)
        if any(cell not in (None, "") for cell in cells[len(keys) :]):
            line.faults.append(Fault(number, "", "", _("There is a value beyond the last column.")))
        lines.append(line)
    lines[0].faults[:0] = unknown
    return lines


def _known_headers(columns: Iterable[Column]) -> dict[str, str]:
    """Headers by key and by title in every language: an export comes back whatever language it was made in."""
    known: dict[str, str] = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            known |= {fold(str(column.title)): column.key for column in columns}
    return known | {fold(column.key): column.key for column in columns}


def text(longest: int) -> Callable[[RawCell], str | None]:
    """A text of at most that many characters; numbers read as Excel shows them."""

    def read(cell: RawCell) -> str | None:
        if cell is None:
            return None
        if isinstance(cell, dt.date | dt.datetime | dt.time):
            raise Blamed(_("A date stands here instead of a text."))
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        words = str(cell).strip()
        if len(words) > min(longest, LONGEST_TEXT):
            raise Blamed(_("Longer than %(most)d characters.") % {"most": longest})
        if any(ord(sign) < 32 for sign in words):
            raise Blamed(_("There are line breaks or control characters in it."))
        return words or None

    return read


def day(cell: RawCell) -> dt.date | None:
    """A date cell, or 31.12.2026 or 2026-12-31 as text."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, dt.datetime):
        cell = cell.date()
    if isinstance(cell, str):
        for form in ("%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y"):
            try:
                written = dt.datetime.strptime(cell.strip(), form)  # noqa: DTZ007  a calendar day
            except ValueError:
                continue
            cell = written.date()
            break
    if not isinstance(cell, dt.date):
        raise Blamed(_("Not a date such as 31.12.2026."))
    if not 1980 <= cell.year <= 2100:
        raise Blamed(_("The year lies outside 1980 to 2100."))
    return cell


def whole(lowest: int, highest: int) -> Callable[[RawCell], int | None]:
    """A whole number inside a range."""

    def read(cell: RawCell) -> int | None:
        if cell is None or cell == "":
            return None
        words = (
            str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
        )
        if (
            isinstance(cell, bool)
            or not words.isdecimal()
            or not lowest <= int(words[:19]) <= highest
        ):
            raise Blamed(
                _("Not a whole number from %(low)d to %(high)d.") % {"low": lowest, "high": highest}
            )
        return int(words)

    return read


def yes_no(cell: RawCell) -> bool | None:
    """Yes or no, in Turkish or English."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return cell
    words = fold(str(int(cell)) if isinstance(cell, float) else str(cell))
    if words in _YES:
        return True
    if words in _NO:
        return False
    raise Blamed(_("Write yes or no."))


def choice(choices: Iterable[tuple[str, Any]]) -> Callable[[RawCell], str | None]:
    """One of the codes, or its label in any language."""
    pairs = list(choices)
    known = {fold(code): code for code, _label in pairs}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            known |= {fold(str(label)): code for code, label in pairs}

    def read(cell: RawCell) -> str | None:
        if cell is None or cell == "":
            return None
        code = known.get(fold(str(cell)))
        if code is None:
            labels = ", ".join(str(label) for _code, label in pairs)
            raise Blamed(_("Not one of: %(labels)s.") % {"labels": labels})
        return code

    return read


class RowReader:
    """What the readers of all tables do alike: find the row that a line changes, and see doubles."""

    model: type[Model]
    no_such_number: Promise

    def __init__(self, stored: Mapping[int, Any]) -> None:
        self.stored = stored
        self.seen: dict[tuple[str, Any], int] = {}

    def row_of(self, line: Line) -> Any:
        """The stored row with the line's number; a new one when there is none or it is wrong."""
        number = line.get("no", whole(1, 2**62))
        if number is None:
            return self.model()
        self.once(line, "no", number)
        row = self.stored.get(number)
        if row is None:
            line.blame("no", str(self.no_such_number))
            return self.model()
        return row

    def once(self, line: Line, key: str, value: Any) -> None:
        """Blames a value that an earlier line has as well."""
        first = self.seen.setdefault((key, value), line.number)
        if first != line.number:
            line.blame(key, _("The same as in row %(row)d.") % {"row": first})
