"""A signed sheet is filed as paper under a running number, once per state, and a changed file is found."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from audit.models import Entry
from cameras.daily_sheets import sheet_filing
from cameras.daily_sheets.sheets import view_of
from cameras.models import DailySheet, FiledSheet

from .rows import Campus, client_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files_go(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def signed(campus: Campus) -> DailySheet:
    campus.camera()
    sheet = campus.sheet()
    sheet.sign(view_of(sheet).canonical, by=person("OPERATOR"))
    return sheet


def test_a_sheet_is_filed_when_it_is_signed_and_again_when_it_is_seen(campus: Campus) -> None:
    """REC-14: a PDF per day, filed; REC-22."""
    sheet = signed(campus)

    (first,) = sheet_filing.file_sheets()
    assert sheet_filing.file_sheets() == []
    sheet.see(by=person("UNIT_HEAD"))
    (second,) = sheet_filing.file_sheets()

    assert (first.status, first.number) == ("SIGNED", 1)
    assert (second.status, second.number) == ("SEEN", 2)
    data = sheet_filing.path_of(first).read_bytes()
    assert data.startswith(b"%PDF")
    assert sheet_filing.is_intact(first, data)
    assert Entry.objects.filter(action="dailysheet.file").count() == 2


def test_a_sheet_that_nobody_signed_is_not_filed(campus: Campus) -> None:
    campus.camera()
    campus.sheet()

    assert sheet_filing.file_sheets() == []


def test_each_year_counts_from_one(campus: Campus) -> None:
    sheet = signed(campus)
    other = DailySheet.objects.create(
        day=sheet.day.replace(year=sheet.day.year - 1), due_at=sheet.due_at
    )
    FiledSheet.objects.create(
        sheet=other, status="SIGNED", year=other.day.year, number=7, sha256="0" * 64, size=1
    )

    (row,) = sheet_filing.file_sheets()

    assert str(row) == f"{sheet.day.year}/1"


def test_the_filed_paper_opens_as_it_was_filed(campus: Campus) -> None:
    sheet = signed(campus)
    (row,) = sheet_filing.file_sheets()
    client = client_of(person("AUDITOR"))

    page = client.get(f"/sheets/{sheet.day}/").content.decode()
    paper = client.get(f"/sheets/{sheet.day}/filed.pdf?state=SIGNED")

    assert f"{row.year}/{row.number}" in page
    assert paper.content == sheet_filing.path_of(row).read_bytes()
    assert paper.headers["Cache-Control"] == "no-store"
    assert client.get(f"/sheets/{sheet.day}/filed.pdf?state=SEEN").status_code == 404


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_filed_paper_that_was_changed_is_not_shown(campus: Campus, harm: str) -> None:
    sheet = signed(campus)
    (row,) = sheet_filing.file_sheets()
    path = sheet_filing.path_of(row)
    if harm == "changed":
        path.write_bytes(path.read_bytes() + b" ")
    else:
        path.unlink()
    client = client_of(person("AUDITOR", language="en"))

    page = client.get(f"/sheets/{sheet.day}/filed.pdf", follow=True)

    assert "is not the one that was filed" in page.content.decode()


def test_a_sheet_of_yesterday_is_filed_by_the_sweep(campus: Campus) -> None:
    from cameras.daily_sheets import sheet_sweep

    sheet = signed(campus)
    sheet_sweep.sweep(sheet.due_at + dt.timedelta(hours=1))

    assert sheet.filed.count() == 1
