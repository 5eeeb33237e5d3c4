"""The monthly access report: who looked at what, and what stands out."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
import time_machine
from django.db import transaction
from django.test import Client
from pytest_django import Settings

import audit
from accounts.models import Person
from audit.models import Entry
from cameras.reports.reports import Period, Report, Section
from core.tsi import at
from footage_requests.models import AccessReportSeen, FootageRequest
from footage_requests.secrecy import access_report, access_today, declaring
from tests.inventory import rows
from tests.requests.case import Campus

pytestmark = pytest.mark.django_db
# A Tuesday of an ordinary week, and its month.
DAY = dt.date(2026, 10, 13)
OCTOBER = Period(dt.date(2026, 10, 1), dt.date(2026, 10, 31))


def looked(
    person: Person,
    target: object,
    hour: int,
    day: dt.date = DAY,
    action: str = "footagerequest.open",
) -> None:
    with time_machine.travel(at(day, hour), tick=False), transaction.atomic():
        audit.record(action, actor=person, target=target, because="the letter")  # type: ignore[arg-type]


def section(report: Report, number: int) -> Section:
    return list(report.sections)[number]


def marks(report: Report) -> list[str]:
    return [str(row[-1]) for row in section(report, 1).rows]


def test_each_look_is_a_line_and_each_person_a_sum(campus: Campus, english: None) -> None:
    row = campus.request()
    looked(campus.operator, row, 10)
    looked(campus.operator, row, 11, action="footagerequest.open_paper")
    looked(campus.head, campus.camera(), 11, action="picture.view")
    looked(campus.head, row, 11, OCTOBER.last + dt.timedelta(days=1))
    report = access_report.access_report(OCTOBER)
    people = {line[0]: line[1:] for line in section(report, 0).rows}
    assert people[campus.operator.full_name][0] == 1
    assert people[campus.operator.full_name][3] == 1
    assert people[campus.head.full_name][5] == 1
    assert len(section(report, 2).rows) == 3
    assert marks(report) == []


@pytest.mark.parametrize(
    ("day", "hour"),
    [(DAY, 7), (DAY, 18), (dt.date(2026, 10, 17), 12), (dt.date(2026, 10, 29), 12)],
)
def test_outside_working_hours_at_weekends_and_on_holidays_stands_out(
    campus: Campus, english: None, day: dt.date, hour: int
) -> None:
    looked(campus.operator, campus.request(), hour, day)
    assert marks(access_report.access_report(OCTOBER)) == ["outside working hours"]


def test_many_different_cases_on_one_day_stand_out(
    campus: Campus, english: None, settings: Settings
) -> None:
    settings.ACCESS_REPORT_CASES = 2
    first, *others = [campus.request() for _each in range(3)]
    for _again in range(4):
        looked(campus.operator, first, 10)
    looked(campus.operator, others[0], 10)
    assert marks(access_report.access_report(OCTOBER)) == []
    looked(campus.operator, others[1], 10)
    told = marks(access_report.access_report(OCTOBER))
    assert len(told) == 6
    assert set(told) == {"3 different cases on that day"}


def test_a_case_of_ones_own_stands_out(campus: Campus, english: None) -> None:
    named, left = campus.request(), campus.request()
    campus.operator.full_name = named.requester_name
    campus.operator.save()
    FootageRequest.objects.filter(pk=left.pk).update(requester_name="Somebody Else")
    declaring.step_out(left, "RELATED", by=campus.operator)
    looked(campus.operator, named, 10)
    looked(campus.operator, left, 11)
    assert marks(access_report.access_report(OCTOBER)) == [
        "the case names this person",
        "out of this case",
    ]


def test_page_paper_and_workbook_say_the_same_and_reading_is_written_down(campus: Campus) -> None:
    looked(campus.operator, campus.request(), 10)
    client = Client()
    client.force_login(campus.superior, backend="django.contrib.auth.backends.ModelBackend")
    page = "/requests/access/?month=2026-10"
    assert campus.operator.full_name in client.get(page).content.decode()
    assert AccessReportSeen.objects.get().month == OCTOBER.first
    book = client.get(f"{page}&format=xlsx")
    sheets = openpyxl.load_workbook(io.BytesIO(book.content))
    assert any(
        campus.operator.full_name in [cell.value for cell in line]
        for sheet in sheets
        for line in sheet.iter_rows()
    )
    assert client.get(f"{page}&format=pdf").content.startswith(b"%PDF")
    assert Entry.objects.filter(action="accessreport.read").count() == 3


def test_bugun_asks_for_last_months_report_until_it_was_read(campus: Campus, english: None) -> None:
    row = campus.request()
    looked(campus.operator, row, 10)
    with time_machine.travel(at(dt.date(2026, 11, 2), 9), tick=False):
        said = [line.kind for line in access_today.lines(campus.superior)]
        assert "access-report" in said
        assert "access-report" not in [line.kind for line in access_today.lines(campus.operator)]
        AccessReportSeen.objects.create(month=OCTOBER.first, person=campus.superior)
        fresh = Person.objects.get(pk=campus.superior.pk)
        assert "access-report" not in [line.kind for line in access_today.lines(fresh)]


def test_nobody_without_the_office_reads_it(campus: Campus) -> None:
    client = Client()
    client.force_login(rows.person("OPERATOR"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/requests/access/").status_code == 403
