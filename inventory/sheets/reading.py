"""Spreadsheets of strangers: Excel (OOXML) and CSV as plain cells, refused before anything large is parsed.

An Excel file is a ZIP of XML: its unpacked size, its ratio and its parts are judged from the directory and
by unpacking with a limit, before a parser sees a byte. Macros, links to other files, embedded objects and
DTDs are refused. Formulas are never computed: their cells come back as FORMULA.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from .cells import unguarded

LARGEST_FILE = 5 * 1024 * 1024
MOST_UNPACKED = 25 * 1024 * 1024
MOST_RATIO = 150
RATIO_MATTERS_FROM = 1024 * 1024
MOST_PARTS = 300
MOST_ROWS = 20_000
MOST_COLUMNS = 60
LONGEST_TEXT = 2_000
_SCANNED_ROWS = 1_100_000
_FORBIDDEN = re.compile(
    r"(?i)(vbaproject|externallinks/|embeddings/|activex/|connections\.xml|\.bin$)"
)
_PRINTER = re.compile(r"(?i)^xl/printersettings/")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z0-9:]{1,30})"')


class _Formula:
    def __repr__(self) -> str:
        return "FORMULA"


FORMULA: Final = _Formula()
RawCell = str | int | float | bool | dt.date | dt.datetime | dt.time | None | _Formula


class SheetRefused(Exception):
    """The file as a whole cannot be read; the message is for the person."""


@dataclass(frozen=True)
class Sheet:
    """Headers of the first row, and every row that holds something, with its number in the file."""

    headers: Sequence[str]
    rows: Sequence[tuple[int, Sequence[RawCell]]]


def judge(data: bytes) -> None:
    """Refuses at once what must not be parsed at all: bombs, macros, old formats. Raises SheetRefused."""
    if not data:
        raise SheetRefused(_("The file is empty."))
    if len(data) > LARGEST_FILE:
        raise SheetRefused(_("A file may have at most 5 MB."))
    if data.startswith(b"PK"):
        _judge_zip(data)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused(
            _("This is an old or a locked Excel file. Save it as .xlsx without a password.")
        )


def read(data: bytes) -> Sheet:
    """The first sheet of an Excel file, or a CSV. Raises SheetRefused with what is wrong."""
    judge(data)
    return _sheet(_xlsx_rows(data) if data.startswith(b"PK") else _csv_rows(data))


def _sheet(lines: Iterator[tuple[int, Sequence[RawCell]]]) -> Sheet:
    headers: list[str] | None = None
    rows: list[tuple[int, Sequence[RawCell]]] = []
    for number, cells in lines:
        if all(cell is None or cell == "" for cell in cells):
            continue
        if headers is None:
            headers = ["" if cell is None else str(cell).strip() for cell in cells]
            while headers and not headers[-1]:
                headers.pop()
            if len(headers) > MOST_COLUMNS:
                raise SheetRefused(_("At most %(most)d columns are read.") % {"most": MOST_COLUMNS})
            continue
        rows.append((number, cells))
        if len(rows) > MOST_ROWS:
            raise SheetRefused(_("At most %(most)d rows are read.") % {"most": MOST_ROWS})
    if not headers:
        raise SheetRefused(_("The file has no header row."))
    if not rows:
        raise SheetRefused(_("The file has headers and no rows."))
    return Sheet(headers, rows)


def _xlsx_rows(data: bytes) -> Iterator[tuple[int, Sequence[RawCell]]]:
    try:
        # Loaded late: see `writing.as_workbook`.
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        sheet: Any = book.worksheets[0]
        path = sheet._worksheet_path.lstrip("/")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            merged = _MERGED.findall(archive.read(path))
        if merged:
            places = ", ".join(ref.decode() for ref in merged[:10])
            raise SheetRefused(_("Merged cells: %(places)s. Unmerge them.") % {"places": places})
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=_SCANNED_ROWS, max_col=MOST_COLUMNS + 1)
        for number, cells in enumerate(rows, start=1):
            yield number, [_xlsx_cell(cell) for cell in cells]
    except SheetRefused:
        raise
    # openpyxl raises whatever its parsers trip over: a broken file is a refusal, not an accident.
    except Exception as error:
        raise SheetRefused(_("The Excel file is damaged.")) from error


def _xlsx_cell(cell: Any) -> RawCell:
    if cell.data_type == "f":
        return FORMULA
    value = cell.value
    if cell.data_type == "e":
        return FORMULA
    if isinstance(value, str):
        return value[: LONGEST_TEXT + 1]
    if isinstance(value, dt.timedelta):
        return str(value)
    return value


def _judge_zip(data: bytes) -> None:
    """Refuses bombs, macros and links by the archive's directory, and DTDs by its bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = [part.filename for part in parts]
            if "[Content_Types].xml" not in names:
                raise SheetRefused(_("This is not an Excel file (.xlsx)."))
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED:
                raise SheetRefused(_("The Excel file unpacks to too much."))
            for part in parts:
                if _ratio(part) > MOST_RATIO:
                    raise SheetRefused(_("The Excel file unpacks to too much."))
            if any(_FORBIDDEN.search(name) and not _PRINTER.match(name) for name in names):
                raise SheetRefused(
                    _("The Excel file holds macros, links or embedded objects. Save a plain .xlsx.")
                )
            _judge_parts(archive, parts)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise SheetRefused(_("The Excel file is damaged.")) from None


def _ratio(part: zipfile.ZipInfo) -> float:
    if part.file_size < RATIO_MATTERS_FROM:
        return 0
    return part.file_size / max(part.compress_size, 1)


def _judge_parts(archive: zipfile.ZipFile, parts: Sequence[zipfile.ZipInfo]) -> None:
    """Reads each XML part to its declared size: a lying directory ends in a wrong checksum."""
    for part in parts:
        if not part.filename.lower().endswith((".xml", ".rels")):
            continue
        content = archive.read(part)
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise SheetRefused(_("The Excel file is damaged."))
        if part.filename == "[Content_Types].xml" and b"macroEnabled" in content:
            raise SheetRefused(
                _("The Excel file holds macros, links or embedded objects. Save a plain .xlsx.")
            )


def _csv_rows(data: bytes) -> Iterator[tuple[int, Sequence[RawCell]]]:
    text = _decoded(data)
    if "\x00" in text:
        raise SheetRefused(_("This is neither an Excel file nor a CSV."))
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
                raise SheetRefused(_("At most %(most)d columns are read.") % {"most": MOST_COLUMNS})
            # The line on which the row ends: with line breaks inside cells that is what an editor shows.
            yield reader.line_num, [unguarded(cell[: LONGEST_TEXT + 2]) for cell in cells]
    except csv.Error:
        raise SheetRefused(
            _("The CSV is damaged near line %(line)d.") % {"line": reader.line_num}
        ) from None


def _decoded(data: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with its mark, else the Turkish Windows code page."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1254"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetRefused(_("This is neither an Excel file nor a CSV."))
