"""Daily sheets over the API: read as on the pages, by those who see the whole campus."""

from __future__ import annotations

import datetime as dt

import pytest

from cameras.daily_sheets.sheets import view_of
from cameras.models import DailySheet
from tests.api.conftest import Caller
from tests.sheets.rows import Campus, person

pytestmark = pytest.mark.django_db


def test_a_sheet_tells_its_state_and_what_was_signed(head: Caller) -> None:
    """REC-22."""
    campus = Campus()
    campus.camera()
    sheet = campus.sheet()
    signer = person("OPERATOR", full_name="Ayşe Işık")
    sheet.sign(view_of(sheet).canonical, by=signer)

    listed = head.get("daily-sheets/").json()["results"]
    assert [(row["day"], row["status"], row["signed_by"]) for row in listed] == [
        (str(campus.day), "SIGNED", "Ayşe Işık")
    ]
    assert "content" not in listed[0]
    row = head.get(f"daily-sheets/{sheet.pk}/").json()
    assert row["content_sha256"] == row["sha256"] != ""
    assert row["content"]["totals"]["RECORDED"] == 1


def test_sheets_are_filtered_by_state_and_day(head: Caller) -> None:
    day = dt.date(2026, 3, 10)
    for number in range(3):
        DailySheet.objects.create(
            day=day + dt.timedelta(days=number), due_at=dt.datetime(2026, 3, 14, tzinfo=dt.UTC)
        )

    assert len(head.ids("daily-sheets/?from=2026-03-11&to=2026-03-12")) == 2
    assert len(head.ids("daily-sheets/?day=2026-03-10")) == 1
    assert head.ids("daily-sheets/?status=SIGNED") == []
    assert head.get("daily-sheets/?status=NONSENSE").status_code == 400


def test_queries_do_not_grow_with_the_sheets(head: Caller, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    head.get("sites/")
    for number in range(6):
        DailySheet.objects.create(
            day=dt.date(2026, 3, 1 + number), due_at=dt.datetime(2026, 3, 14, tzinfo=dt.UTC)
        )
    with django_assert_max_num_queries(4):
        assert len(head.ids("daily-sheets/")) == 6
