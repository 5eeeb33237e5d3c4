"""The year of a position as a calendar: every day once, what nobody asked, what is to come."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from cameras.drawing.calendars import asked_year, year_calendar

NOON = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)


@time_machine.travel(NOON, tick=False)
@pytest.mark.parametrize(("number", "days"), [(2024, 366), (2025, 365)])
def test_every_day_of_a_year_stands_once_under_its_weekday(number: int, days: int) -> None:
    year = year_calendar(number, {}, None)

    shown = [cell.day for month in year.months for cell in month.cells]
    assert shown == [dt.date(number, 1, 1) + dt.timedelta(days=n) for n in range(days)]
    assert [month.starts for month in year.months] == [m.first.isoweekday() for m in year.months]


@time_machine.travel(NOON, tick=False)
def test_a_day_says_its_answer_that_nobody_asked_or_nothing_when_it_is_to_come() -> None:
    year = year_calendar(2026, {dt.date(2026, 5, 14): "PARTLY"}, dt.date(2024, 2, 1))

    cells = {cell.day: cell for month in year.months for cell in month.cells}
    assert cells[dt.date(2026, 5, 14)].kind == "PARTLY"
    assert cells[dt.date(2026, 5, 15)].kind == ""
    assert cells[dt.date(2026, 11, 24)].kind == "future"
    assert [(code, days) for code, _label, days in year.counts] == [("PARTLY", 1)]


@time_machine.travel(NOON, tick=False)
def test_the_years_since_the_first_answer_can_be_chosen() -> None:
    year = year_calendar(2025, {}, dt.date(2024, 2, 1))

    assert year.years == (2026, 2025, 2024)
    assert (year.before, year.after) == (2024, 2026)
    assert year_calendar(2024, {}, dt.date(2024, 2, 1)).before is None


@time_machine.travel(NOON, tick=False)
@pytest.mark.parametrize("text", ["", "x", "20261", "1066", "2027", "٢٠٢٥x", "-2025"])
def test_nonsense_for_a_year_shows_the_year_of_the_day(text: str) -> None:
    assert asked_year(text, dt.date(2026, 3, 1)) == 2026
