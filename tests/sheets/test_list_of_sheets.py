"""The list of sheets and its export; queries do not grow with the campus."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from cameras.daily_sheets.sheet_sweep import due_at
from cameras.daily_sheets.sheets import content_of, view_of
from cameras.models import DailySheet

from .rows import Campus, client_of, person, recorder

pytestmark = pytest.mark.django_db


def test_the_list_filters_and_exports_what_is_shown(campus: Campus) -> None:
    campus.camera()
    sheet = campus.sheet()
    sheet.sign(view_of(sheet).canonical, by=person("OPERATOR", full_name="=1+1"))
    before = campus.day - dt.timedelta(days=1)
    DailySheet.objects.create(day=before, due_at=due_at(before))
    client = client_of(person("AUDITOR"))

    page = client.get("/sheets/?state=SIGNED").content.decode()
    book = load_workbook(io.BytesIO(client.get("/sheets/?state=SIGNED&export=xlsx").content))
    rows = list(book.active.iter_rows())

    assert f"/sheets/{campus.day}/" in page
    assert f"/sheets/{before}/" not in page
    assert len(rows) == 2
    assert rows[1][3].data_type == "s"  # F5: a name is never a formula
    assert "'=1+1" in client.get("/sheets/?export=csv").content.decode()


def test_the_list_is_sorted_and_comes_back_as_it_was_left(campus: Campus) -> None:
    days = [campus.day, campus.day - dt.timedelta(days=1)]
    for day in days:
        DailySheet.objects.create(day=day, due_at=due_at(day))
    client = client_of(person("AUDITOR"))

    newest, oldest = (f"/sheets/{day}/" for day in days)
    page = client.get("/sheets/").content.decode()
    assert page.index(newest) < page.index(oldest)
    page = client.get("/sheets/?keep=1&sort=day").content.decode()
    assert page.index(oldest) < page.index(newest)

    assert client.get("/sheets/")["Location"] == "/sheets/?keep=1&sort=day"
    assert client.get("/sheets/?export=csv").status_code == 200
    assert client.get("/sheets/").status_code == 302, "a file changes no view"


@pytest.mark.parametrize("query", ["?month=2026-13", "?state=x&page=zz", "?month=%00"])
def test_nonsense_filters_are_ignored(campus: Campus, query: str) -> None:
    assert client_of(person("OPERATOR")).get(f"/sheets/{query}").status_code == 200


@pytest.mark.parametrize("path", ["2026-02-30", "x", "2999-01-01", "1999-01-01"])
def test_days_that_are_none_do_not_exist(campus: Campus, path: str) -> None:
    assert client_of(person("OPERATOR")).get(f"/sheets/{path}/").status_code == 404


def test_queries_of_a_sheet_do_not_grow_with_cameras(campus: Campus) -> None:
    device = recorder()
    campus.camera(on=device)
    sheet = campus.sheet()
    with CaptureQueriesContext(connection) as few:
        content_of(sheet)
    for number in range(2, 12):
        campus.camera("UNKNOWN", on=device, number=number)
    with CaptureQueriesContext(connection) as many:
        content_of(sheet)

    assert len(many) == len(few) <= 15
