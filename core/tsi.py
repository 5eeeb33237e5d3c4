"""Türkiye time (TSİ): UTC+3 all year since 2016. Days, forms and ages; instants stay aware and UTC."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# Fixed on purpose: a system's zone table of before 2016 would move the day by an hour in summer.
TSI = dt.timezone(dt.timedelta(hours=3), "TSİ")
DAY_MS = 24 * 3600 * 1000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


def today() -> dt.date:
    """The running calendar day in Türkiye."""
    return day_of(timezone.now())


def day_of(instant: dt.datetime) -> dt.date:
    """The calendar day in Türkiye in which an aware instant lies."""
    return _aware(instant).astimezone(TSI).date()


def day_bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """[start, end) of the day as UTC instants."""
    start = dt.datetime(day.year, day.month, day.day, tzinfo=TSI).astimezone(dt.UTC)
    return start, start + dt.timedelta(days=1)


def day_bounds_ms(day: dt.date) -> tuple[int, int]:
    """[start, end) of the day in milliseconds since 1970 UTC, true time."""
    start = to_ms(day_bounds(day)[0])
    return start, start + DAY_MS


def to_ms(instant: dt.datetime) -> int:
    """Milliseconds since 1970 UTC, rounded down."""
    return (_aware(instant) - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> dt.datetime:
    """The UTC instant of milliseconds since 1970."""
    return _EPOCH + milliseconds * _MILLISECOND


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A time of day in Türkiye as an UTC instant."""
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=TSI).astimezone(dt.UTC)


def stamp(instant: dt.datetime) -> str:
    """31.01.2026 14:05:09 TSİ"""
    return _aware(instant).astimezone(TSI).strftime("%d.%m.%Y %H:%M:%S TSİ")


def clock_time(instant: dt.datetime) -> str:
    """14:05:09"""
    return _aware(instant).astimezone(TSI).strftime("%H:%M:%S")


def day_text(day: dt.date) -> str:
    """31.01.2026"""
    return day.strftime("%d.%m.%Y")


def age(instant: dt.datetime | None, now: dt.datetime | None = None) -> str:
    """How long ago in words: "4 min ago". None is "never"; the future (a wrong clock) is said so."""
    if instant is None:
        return _("never")
    seconds = int(((now or timezone.now()) - _aware(instant)).total_seconds())
    if seconds < -60:
        return _("in the future")
    if seconds < 60:
        return _("just now")
    return _("%(duration)s ago") % {"duration": duration(seconds)}


def duration(seconds: int) -> str:
    """A length of time in words, in its largest whole unit up to days: "45 s", "4 min", "3 h", "2 days"."""
    if seconds < 60:
        return ngettext("%(count)d s", "%(count)d s", seconds) % {"count": seconds}
    if seconds < 3600:
        count = seconds // 60
        return ngettext("%(count)d min", "%(count)d min", count) % {"count": count}
    if seconds < 48 * 3600:
        count = seconds // 3600
        return ngettext("%(count)d h", "%(count)d h", count) % {"count": count}
    count = seconds // 86400
    # A clock that fell back to 1970 is 20,000 days behind.
    words = ngettext("%(count)s day", "%(count)s days", count)
    return words % {"count": number_format(count, 0, force_grouping=True)}


def _aware(instant: dt.datetime) -> dt.datetime:
    if instant.tzinfo is None:
        raise ValueError("A time without a zone is not an instant.")
    return instant
