"""Spreadsheets for tests, honest and hostile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

HEADERS = ("kind", "maker", "model", "serial", "network", "ip", "position_code", "building")


def xlsx(
    rows: Sequence[Sequence[Any]],
    headers: Sequence[Any] = HEADERS,
    change: Callable[[Any], None] | None = None,
    *,
    mac_dates: bool = False,
) -> bytes:
    """A workbook with one sheet; `change` may spoil it before it is saved."""
    book = Workbook()
    if mac_dates:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(list(headers))
    for row in rows:
        sheet.append(list(row))
    if change:
        change(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(data: bytes, name: str, content: bytes | Iterable[bytes]) -> bytes:
    """The workbook with one more part, or with one part replaced. What is large is given in pieces."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part, old.read(part))
        with new.open(name, "w") as unpacked:
            for piece in [content] if isinstance(content, bytes) else content:
                unpacked.write(piece)
    return out.getvalue()


def cameras(count: int, *, network: str = "", start: int = 0) -> list[list[Any]]:
    """Rows of new cameras, each with its own serial number and address."""
    return [
        [
            "CAMERA",
            "Maker",
            "M",
            f"IMP{n:06}",
            network,
            f"10.30.{n // 250}.{n % 250 + 1}",
            None,
            None,
        ]
        for n in range(start, start + count)
    ]
