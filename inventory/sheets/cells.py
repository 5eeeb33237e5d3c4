"""What a cell may hold, and which texts a spreadsheet program would run as a formula."""

from __future__ import annotations

import datetime as dt
import re

Cell = str | int | float | bool | dt.date | dt.datetime | None

# Ordinary and full-width signs: Excel folds the latter when it opens a CSV.
_STARTS_FORMULA = "=+-@\t\r\n＝＋－＠"
# Characters that XML 1.0 cannot carry.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
LONGEST_CELL = 32_767


def is_formula(text: str) -> bool:
    """Would a spreadsheet program take this text for a formula? Leading blanks do not save it."""
    stripped = text.lstrip(" \u00a0\u3000")
    return stripped[:1] != "" and stripped[0] in _STARTS_FORMULA


def guarded(text: str) -> str:
    """The text for a CSV cell: a formula gets a leading apostrophe, which `unguarded` takes away."""
    return f"'{text}" if is_formula(text) else text


def unguarded(text: str) -> str:
    """A text as our own CSV export wrote it."""
    return text[1:] if text.startswith("'") and is_formula(text[1:]) else text


def storable(text: str) -> str:
    """The text without what a workbook cannot hold, cut to the longest cell of Excel."""
    return _NOT_XML.sub("", text)[:LONGEST_CELL]
