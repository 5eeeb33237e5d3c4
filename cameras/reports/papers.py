"""Which report an address means, and a report as a printed document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cameras.reports.clocks import clock_report
from cameras.reports.history import LONGEST_DAYS, history_report
from cameras.reports.lists import LAST_DAYS, last_days_report, warranty_report
from cameras.reports.monthly import monthly_report
from cameras.reports.reports import Period, Report, month_of, period_of
from core.papers import Paper

CLOCKS, MONTHLY, WARRANTY, LAST = "clocks", "monthly", "warranty", "last-days"
HISTORY = "history"
WARRANTY_CHOICES = (7, 30, 90, 180, 365)
CLOCK_DAYS = 31


def report_for(person: Any, name: str, asked: Mapping[str, str]) -> Report:
    """The report of that name; parameters that make no sense are replaced by the usual ones."""
    if name == CLOCKS:
        return clock_report(person, clock_period(asked))
    if name == MONTHLY:
        return monthly_report(person, month_of(asked.get("month", "")))
    if name == WARRANTY:
        return warranty_report(person, warranty_days(asked))
    if name == LAST:
        return last_days_report(person, last_period(asked))
    if name == HISTORY:
        return history_report(person, history_period(asked))
    raise LookupError(name)


def clock_period(asked: Mapping[str, str]) -> Period:
    first, last = asked.get("from", ""), asked.get("to", "")
    return period_of(first, last, usual_days=CLOCK_DAYS, until_today=True)


def last_period(asked: Mapping[str, str]) -> Period:
    return period_of(asked.get("from", ""), asked.get("to", ""), usual_days=LAST_DAYS)


def history_period(asked: Mapping[str, str]) -> Period:
    """One day when none is asked; a month at most: every device has a row for every day."""
    first, last = asked.get("from", ""), asked.get("to", "")
    return period_of(first, last, usual_days=1, most_days=LONGEST_DAYS)


def warranty_days(asked: Mapping[str, str]) -> int:
    days = asked.get("days", "")
    return int(days) if days in map(str, WARRANTY_CHOICES) else 90


def paper_of(report: Report, link: str = "") -> Paper:
    """A report as a printed document."""
    return Paper(
        form=report.form,
        title=report.title,
        template="papers/report.html",
        data=report.content(),
        about=report.about,
        link=link,
        is_landscape=report.is_landscape,
        shown={"report": report},
    )
