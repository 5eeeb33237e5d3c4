"""Until when a request must be answered: calendar days, working days over holidays, as its letter says."""

from __future__ import annotations

import datetime as dt

import pytest

from core.holidays import Holiday, working_days_after, working_days_between
from footage_requests.casework import deadlines
from tests.inventory.rows import at
from tests.requests import cases

pytestmark = pytest.mark.django_db
D = dt.date


def last_day(code, arrived, written=None):
    end = deadlines.deadline_of(cases.kind(code), at(arrived, 11), written)
    return (end - dt.timedelta(seconds=1)).astimezone(at(arrived).tzinfo).date()


def test_a_prosecutor_is_answered_within_ten_calendar_days():
    """REL-16."""
    assert last_day("PROSECUTOR", D(2026, 3, 2)) == D(2026, 3, 12)


def test_information_requests_count_working_days_across_the_bayram():
    """REL-16: Kurban Bayramı 27-30 May 2026, its eve is a half day and counts."""
    # Closed: 19 May, and 27 to 29 May; the 30th is a Saturday.
    assert last_day("INFORMATION", D(2026, 5, 15)) == D(2026, 6, 11)


def test_the_eve_of_a_holiday_counts_as_a_working_day():
    assert working_days_after(D(2026, 5, 25), 1) == D(2026, 5, 26)
    assert working_days_after(D(2026, 5, 26), 1) == D(2026, 6, 1)


def test_holidays_that_the_unit_adds_count_at_once():
    before = working_days_after(D(2026, 6, 1), 3)
    Holiday.objects.create(day=D(2026, 6, 2), name="İdari izin")

    assert working_days_after(D(2026, 6, 1), 3) == before + dt.timedelta(days=1)


def test_yearly_holidays_are_counted_over_the_turn_of_the_year():
    assert working_days_after(D(2026, 12, 31), 1) == D(2027, 1, 4)


def test_working_days_between_are_the_reverse_of_counting_forward():
    start = D(2026, 5, 18)
    for count in (1, 5, 15):
        assert working_days_between(start, working_days_after(start, count)) == count
        assert working_days_between(working_days_after(start, count), start) == -count


def test_a_court_is_answered_by_the_date_it_wrote_else_within_fourteen_days():
    assert last_day("COURT", D(2026, 3, 2), D(2026, 4, 20)) == D(2026, 4, 20)
    assert last_day("COURT", D(2026, 3, 2)) == D(2026, 3, 16)


def test_an_earlier_date_in_the_letter_shortens_a_fixed_period_and_a_later_one_does_not():
    assert last_day("PROSECUTOR", D(2026, 3, 2), D(2026, 3, 6)) == D(2026, 3, 6)
    assert last_day("PROSECUTOR", D(2026, 3, 2), D(2026, 5, 1)) == D(2026, 3, 12)


def test_a_deadline_is_the_end_of_its_last_day():
    end = deadlines.deadline_of(cases.kind("PROSECUTOR"), at(D(2026, 3, 2), 23))

    assert end == at(D(2026, 3, 13))


@pytest.mark.parametrize(
    ("code", "days"),
    [
        ("PROSECUTOR", [D(2026, 3, 7), D(2026, 3, 10), D(2026, 3, 11)]),
        # Half of fourteen days, and three days before the end.
        ("COURT", [D(2026, 3, 9), D(2026, 3, 13)]),
        # Working days: the second and the first after Monday.
        ("DISCIPLINARY_INQUIRY", [D(2026, 3, 3), D(2026, 3, 4)]),
    ],
)
def test_warnings_fall_on_the_days_of_the_kind(code, days):
    kind = cases.kind(code)
    arrived = at(D(2026, 3, 2), 9)

    assert deadlines.warn_dates(kind, arrived, deadlines.deadline_of(kind, arrived)) == days


def test_what_is_left_is_told_and_late_is_late():
    row = cases.filed()
    last = deadlines.last_day_of(row)
    assert last is not None
    soon = deadlines.remaining(row, at(last, 9))
    late = deadlines.remaining(row, at(last + dt.timedelta(days=2), 9))

    assert soon
    assert (soon.level, soon.days) == ("soon", 0)
    assert late
    assert (late.level, late.days) == ("late", -2)


def test_the_holidays_of_many_cases_are_read_once(django_assert_num_queries):
    kind = cases.kind("INFORMATION")
    arrived = at(D(2026, 5, 15), 11)
    deadline = deadlines.deadline_of(kind, arrived)

    with django_assert_num_queries(0):
        deadlines.warn_dates(kind, arrived, deadline, closed=set())
