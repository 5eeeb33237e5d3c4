"""Public holidays of Türkiye as rows that the unit edits, and the working days between them.

A half day (28 October, the eve of a religious holiday) counts as a working day. Weekdays are those of
Türkiye time; the religious days follow the calendar of the Presidency of Religious Affairs.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, Self

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .scoping import ScopedQuerySet

SATURDAY = 5
# Longer than any holiday with the weekends around it; the end of a search that found no working day.
LONGEST_SEARCH = 60


class HolidayQuerySet(ScopedQuerySet["Holiday"]):
    def visible_to(self, person: Any) -> Self:
        """The calendar is no secret inside the unit."""
        return self if getattr(person, "is_active", False) else self.none()

    def on(self, day: dt.date) -> Self:
        """The holidays of one day: dated ones, and those that return every year."""
        yearly = Q(every_year=True, day__month=day.month, day__day=day.day, day__lte=day)
        return self.filter(Q(every_year=False, day=day) | yearly)


class Holiday(models.Model):
    """A day on which the offices are closed, or close at noon. `every_year` counts from `day` on."""

    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=120)
    is_half = models.BooleanField(_("half day (counts as a working day)"), default=False)
    every_year = models.BooleanField(_("every year"), default=False)

    objects = HolidayQuerySet.as_manager()

    class Meta:
        verbose_name = _("public holiday")
        verbose_name_plural = _("public holidays")
        ordering = ["day", "name"]
        constraints = [
            models.UniqueConstraint(fields=["day", "name"], name="core_holiday_named_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.day:%d.%m.%Y} {self.name}"


def is_working_day(day: dt.date) -> bool:
    """Monday to Friday without a whole holiday."""
    return day.weekday() < SATURDAY and not Holiday.objects.on(day).filter(is_half=False).exists()


def working_day_from(day: dt.date) -> dt.date:
    """The day itself when it is a working day, otherwise the next one."""
    for ahead in range(LONGEST_SEARCH):
        candidate = day + dt.timedelta(days=ahead)
        if is_working_day(candidate):
            return candidate
    return day


def working_days_after(
    day: dt.date, count: int, closed: Collection[dt.date] | None = None
) -> dt.date:
    """The `count`th working day after `day`, which itself is not counted. One query, whatever the count.

    Who counts for many days gives `closed`, the holidays of the whole span, and then no query is made.
    """
    if closed is None:
        # Two days in five are none; the longest bayram with its bridge adds nine.
        closed = closed_days(day, day + dt.timedelta(days=2 * count + LONGEST_SEARCH))
    candidate = day
    while count > 0:
        candidate += dt.timedelta(days=1)
        if candidate.weekday() < SATURDAY and candidate not in closed:
            count -= 1
    return candidate


def working_days_between(day: dt.date, end: dt.date) -> int:
    """How many working days lie after `day`, up to and including `end`; negative when `end` is earlier."""
    if end < day:
        return -working_days_between(end, day)
    closed = closed_days(day, end)
    days = (day + dt.timedelta(days=n) for n in range(1, (end - day).days + 1))
    return sum(1 for each in days if each.weekday() < SATURDAY and each not in closed)


def closed_days(first: dt.date, last: dt.date) -> set[dt.date]:
    """The whole holidays of [first, last], the yearly ones in each of its years."""
    return closed_among(whole_holidays().filter(day__lte=last), first, last)


def whole_holidays() -> QuerySet[Any]:
    """The day of each whole holiday, and whether it comes every year."""
    return Holiday.objects.filter(is_half=False).values_list("day", "every_year")


def closed_among(
    holidays: Iterable[tuple[dt.date, bool]], first: dt.date, last: dt.date
) -> set[dt.date]:
    """`closed_days` of rows of `whole_holidays` that have been read already."""
    closed: set[dt.date] = set()
    for day, every_year in holidays:
        if not every_year:
            closed.add(day)
            continue
        for year in range(max(first.year, day.year), last.year + 1):
            # 29 February exists in some years only.
            with contextlib.suppress(ValueError):
                closed.add(day.replace(year=year))
    return {day for day in closed if first <= day <= last}
