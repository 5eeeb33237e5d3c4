"""A stretch of a day that somebody chose on a strip: in true time, and as each recorder's own clock showed it.

The same words are made in the browser by static/js/strip-window.js while a person drags.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from cameras.drawing.strips import length
from core import tsi
from inventory.models import Position

if TYPE_CHECKING:
    from accounts.models import Person


_may_file: list[Callable[[Person], bool]] = []


class WrongWindow(ValueError):
    """One sentence about times that are no window."""


@dataclass(frozen=True)
class Window:
    """[start, end) in milliseconds of true time, inside one calendar day of Türkiye."""

    start_ms: int
    end_ms: int

    @property
    def true_text(self) -> str:
        """ "22.11.2026 14:05:00–14:20:00 TSİ"."""
        return f"{span_text(self.start_ms, self.end_ms)} TSİ"

    @property
    def starts_at(self) -> dt.datetime:
        """The beginning, as Türkiye's clocks show it."""
        return tsi.from_ms(self.start_ms).astimezone(tsi.TSI)

    @property
    def length(self) -> str:
        return length(self.end_ms - self.start_ms)

    def device_text(self, offset_ms: int) -> str:
        """The same stretch as a clock showed it that is so far ahead of true time."""
        return span_text(self.start_ms + offset_ms, self.end_ms + offset_ms)


def span_text(start_ms: int, end_ms: int) -> str:
    """Day and times of a span in Türkiye time; the day of its end where that is another one."""
    start, end = tsi.from_ms(start_ms), tsi.from_ms(end_ms)
    first, last = tsi.day_of(start), tsi.day_of(end)
    until = tsi.clock_time(end) if first == last else f"{tsi.day_text(last)} {tsi.clock_time(end)}"
    return f"{tsi.day_text(first)} {tsi.clock_time(start)}–{until}"


def asked_window(query: Mapping[str, str], day: dt.date) -> Window | None:
    """The window of `?from=14:05:00&to=14:20:00` on that day; None when none is asked. Raises WrongWindow."""
    texts = query.get("from", ""), query.get("to", "")
    if not any(texts):
        return None
    start_ms = tsi.day_bounds_ms(day)[0]
    first, last = (_ms_of_day(text) for text in texts)
    if last <= first:
        raise WrongWindow(_("The end of the window must lie after its beginning."))
    return Window(start_ms + first, start_ms + last)


def _ms_of_day(text: str) -> int:
    if text in {"24:00", "24:00:00"}:
        return tsi.DAY_MS
    try:
        time = dt.time.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is not None:
        raise WrongWindow(_("Write both times of the window like 14:05:00."))
    return 1000 * (3600 * time.hour + 60 * time.minute + time.second)


def request_text(
    window: Window, position: Position, clocks: Iterable[tuple[str, int | None]]
) -> str:
    """What somebody pastes into a request: place, true time, and each recorder's time (name, offset)."""
    lines = [f"{position.name} ({position.code}) · {window.true_text} ({window.length})"]
    for name, offset_ms in clocks:
        shown = _("clock not known") if offset_ms is None else window.device_text(offset_ms)
        lines.append(f"{name}: {shown}")
    return "\n".join(lines)


def allow_requests(test: Callable[[Person], bool]) -> None:
    """The app of footage requests says once who may file one; until then whoever sees the strip is led there."""
    _may_file.append(test)


def new_request_url(person: Person, position: Position, window: Window | None = None) -> str:
    """Where footage is asked for, with place and window filled in; "" for who may not, or where nobody can."""
    if not all(test(person) for test in _may_file):
        return ""
    try:
        url = reverse("footage_requests:new")
    except NoReverseMatch:
        return ""
    query = {"position": str(position.pk)}
    if window is not None:
        query |= {
            "from": window.starts_at.isoformat(),
            "to": tsi.from_ms(window.end_ms).astimezone(tsi.TSI).isoformat(),
        }
    return f"{url}?{urlencode(query)}"
