"""The time that a request asks about: [start, end) of true time, entered as Türkiye time (TSİ)."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from core import tsi

LONGEST = dt.timedelta(days=31)
# Until 7 September 2016 the clocks of Türkiye changed twice a year: a wall time of then may mean two instants.
FIRST_DAY = dt.date(2016, 9, 8)
WIDEST_ABOUT = dt.timedelta(hours=12)


def check_window(
    starts_at: dt.datetime, ends_at: dt.datetime, now: dt.datetime | None = None
) -> None:
    """Raises ValidationError, by field, for a window that no recording can answer."""
    now = now or timezone.now()
    if ends_at <= starts_at:
        raise ValidationError(
            {
                "ends_at": _(
                    "The end lies before the beginning. Where it went past midnight, enter the next day as the last day."
                )
            }
        )
    if starts_at >= now:
        raise ValidationError(
            {"starts_at": _("This time lies in the future: nothing has been recorded yet.")}
        )
    if ends_at > now:
        raise ValidationError(
            {
                "ends_at": _(
                    "The end lies in the future. Ask for what has been recorded until now, and again later."
                )
            }
        )
    if ends_at - starts_at > LONGEST:
        raise ValidationError(
            {"ends_at": _("At most 31 days can be asked for at once: narrow the time.")}
        )
    if tsi.day_of(starts_at) < FIRST_DAY:
        raise ValidationError(
            {
                "starts_at": _(
                    "Before 8 September 2016 clocks changed in summer and winter; recordings of then do not exist any more. Check the year."
                )
            }
        )


def about(day: dt.date, time: dt.time, around: dt.timedelta) -> tuple[dt.datetime, dt.datetime]:
    """ "About 14:00": that long before and after, never further than now. May cross midnight."""
    if not dt.timedelta() < around <= WIDEST_ABOUT:
        raise ValueError("A window around a time needs between a minute and twelve hours.")
    middle = instant(day, time)
    return middle - around, min(middle + around, max(timezone.now(), middle))


def instant(day: dt.date, time: dt.time) -> dt.datetime:
    """A wall time of Türkiye as an UTC instant."""
    return dt.datetime.combine(day, time, tzinfo=tsi.TSI).astimezone(dt.UTC)


def in_words(starts_at: dt.datetime, ends_at: dt.datetime) -> str:
    """ "21.11.2026 13:50:00 – 14:10:00", with both days where there are two."""
    first, last = starts_at.astimezone(tsi.TSI), ends_at.astimezone(tsi.TSI)
    end = last.strftime("%H:%M:%S" if first.date() == last.date() else "%d.%m.%Y %H:%M:%S")
    return f"{first.strftime('%d.%m.%Y %H:%M:%S')} – {end}"
