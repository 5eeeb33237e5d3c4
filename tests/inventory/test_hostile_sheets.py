"""Files made to hurt are refused before they are parsed (F7, F8)."""

from __future__ import annotations

import io
import zipfile
from itertools import chain, repeat
from pathlib import Path

import pytest

from inventory.sheets.reading import FORMULA, SheetRefused, read

from .sheets import with_part, xlsx

GOOD = xlsx([["CAMERA", "Maker", "M", "S", "N", "10.0.0.1", None, None]])
SHEET = "xl/worksheets/sheet1.xml"


def refused(data: bytes) -> str:
    with pytest.raises(SheetRefused) as caught:
        read(data)
    return str(caught.value)


def test_a_good_file_is_read() -> None:
    assert read(GOOD).rows[0][1][:4] == ["CAMERA", "Maker", "M", "S"]


def test_one_cell_of_300_mb_is_refused_by_its_size() -> None:
    """0.3 MB that unpack to 300 MB (F7)."""
    bomb = with_part(GOOD, SHEET, chain([b"<c>"], repeat(b"A" * 1_000_000, 300)))
    assert len(bomb) < 1_000_000
    refused(bomb)


def test_a_million_rows_are_refused_by_their_size() -> None:
    """A million small rows in a few megabytes (F7)."""
    rows = (
        b"".join(
            b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n)
            for n in range(first, first + 1000)
        )
        for first in range(1, 700_000, 1000)
    )
    head, foot = b"<worksheet><sheetData>", b"</sheetData></worksheet>"
    refused(with_part(GOOD, SHEET, chain([head], rows, [foot])))


def test_more_rows_than_are_read_are_refused() -> None:
    refused(("kind;maker\n" + "CAMERA;x\n" * 20_001).encode())


def test_a_lying_directory_is_refused() -> None:
    """The directory says that a part is small; its bytes say otherwise."""
    data = bytearray(with_part(GOOD, "xl/extra.xml", b"<a>" + b"B" * 2_000_000 + b"</a>"))
    place = data.rindex(b"xl/extra.xml") - 46
    data[place + 24 : place + 28] = (100).to_bytes(4, "little")
    refused(bytes(data))


@pytest.mark.parametrize(
    "name",
    [
        "xl/vbaProject.bin",
        "xl/externalLinks/externalLink1.xml",
        "xl/embeddings/oleObject1.bin",
        "xl/activeX/activeX1.xml",
        "xl/connections.xml",
    ],
)
def test_macros_links_and_objects_are_refused(name: str) -> None:
    refused(with_part(GOOD, name, b"<x/>"))


def test_a_document_type_is_refused() -> None:
    """Entities never reach a parser."""
    evil = b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'
    refused(with_part(GOOD, SHEET, evil))


def test_merged_headers_are_named() -> None:
    """The range is told, so that it can be unmerged (G4)."""
    data = xlsx([["a"]], ("kind", "maker"), lambda sheet: sheet.merge_cells("A1:B1"))
    assert "A1:B1" in refused(data)


def test_a_formula_is_never_computed() -> None:
    data = xlsx([["=1+1", "x"]], ("kind", "maker"))
    assert read(data).rows[0][1][0] is FORMULA


def test_a_text_that_looks_like_a_formula_stays_a_text() -> None:
    """Our own exports come back letter by letter (F5)."""
    data = "kind;maker\r\nCAMERA;'=1+1\r\n".encode("utf-8-sig")
    assert read(data).rows[0][1] == ["CAMERA", "=1+1"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 nothing more",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
        b"\x00\x01\x02\x03",
        b"A" * (5 * 1024 * 1024 + 1),
        b"kind;maker",
        GOOD[: len(GOOD) // 2],
        GOOD[:200] + b"\xff" * 50 + GOOD[250:],
    ],
)
def test_what_is_no_spreadsheet_is_refused_in_words(data: bytes) -> None:
    assert refused(data)


def test_a_path_in_the_archive_leads_nowhere(tmp_path: Path) -> None:
    """Nothing is unpacked to disk, whatever a part is called (F8)."""
    data = with_part(GOOD, "../../etc/evil.xml", b"<x/>")
    assert read(data).rows
    assert list(tmp_path.iterdir()) == []


def test_a_plain_zip_is_not_a_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "b")
    refused(out.getvalue())
