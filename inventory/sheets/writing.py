"""Lists as files: Excel (OOXML) and CSV for a Turkish Excel. No cell is ever a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from core.text import safe_file_name
from core.tsi import TSI, today

from .cells import Cell, guarded, storable

if TYPE_CHECKING:
    from openpyxl.cell import WriteOnlyCell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = ("xlsx", "csv")
Row = Sequence[Cell]


def as_xlsx(title: str, headers: Sequence[str], rows: Iterable[Row]) -> bytes:
    """A workbook with one sheet; texts are stored as texts (type s), whatever they begin with."""
    return as_workbook([(title, headers, rows)])


def as_workbook(parts: Iterable[tuple[str, Sequence[str], Iterable[Row]]]) -> bytes:
    """A workbook with a sheet for each (title, headers, rows); Excel wants their titles to differ."""
    # openpyxl loads NumPy: 30 MB that workers, which load every page's module, can do without.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for title, headers, rows in parts:
        sheet = book.create_sheet(safe_file_name(title, longest=31).translate(_NO_SHEET_SIGNS))
        sheet.freeze_panes = "A2"
        sheet.append([_bold(sheet, header) for header in headers])
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(headers: Sequence[str], rows: Iterable[Row]) -> bytes:
    """UTF-8 with a byte order mark and semicolons, as a Turkish Excel opens it by double click."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([guarded(header) for header in headers])
    for row in rows:
        writer.writerow([_text(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def download(
    format_name: str, title: str, headers: Sequence[str], rows: Iterable[Row]
) -> HttpResponse:
    """The file as an attachment, named after the list and the day."""
    if format_name == "xlsx":
        response = HttpResponse(as_xlsx(title, headers, rows), content_type=XLSX)
    else:
        response = HttpResponse(as_csv(headers, rows), content_type="text/csv; charset=utf-8")
    name = safe_file_name(f"{title} {today():%Y-%m-%d}")
    response.headers["Content-Disposition"] = str(
        content_disposition_header(True, f"{name}.{format_name}")
    )
    response["Cache-Control"] = "no-store"
    return response


_NO_SHEET_SIGNS = str.maketrans("[]'", "()_")


def _bold(sheet: object, text: str) -> WriteOnlyCell:
    from openpyxl.styles import Font

    cell = _cell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: object, value: Cell) -> WriteOnlyCell:
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, bool):
        value = _yes_no(value)
    if isinstance(value, dt.datetime):
        value = value.astimezone(TSI).replace(tzinfo=None)
    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value=value)
    text = storable(value)
    cell = WriteOnlyCell(sheet, value=text)
    # openpyxl takes a leading "=" for a formula and "#N/A" for an error.
    if text:
        cell.data_type = "s"
    return cell


def _text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _yes_no(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(TSI).strftime("%d.%m.%Y %H:%M:%S")
    if isinstance(value, dt.date):
        return value.strftime("%d.%m.%Y")
    if isinstance(value, float):
        return str(value).replace(".", ",")
    return guarded(storable(value)) if isinstance(value, str) else str(value)


def _yes_no(value: bool) -> str:
    return _("yes") if value else _("no")
