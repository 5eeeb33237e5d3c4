"""What the nightly check had proved of a window, beside what the recorder answers today (REL-21).

A recorder that has nothing any more says nothing about whether it ever had: the rows of the nightly check are kept for
years after the footage has gone. Sentences are stored as codes (`said`); their codes say whether footage was lost by
overwriting or never recorded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from cameras.days.coverage import Interval, clip, subtract
from cameras.models import CoverageDay
from core import tsi
from core.tsi import to_ms
from inventory.models import Channel

from .. import said
from ..models import RequestItem

ALL, NONE, PART, DAY, MISSING = (
    "NIGHT_ALL",
    "NIGHT_NONE",
    "NIGHT_PART",
    "NIGHT_DAY",
    "NIGHT_MISSING",
)
_WITH_GAPS = {"RECORDED", "PARTLY", "NOT_RECORDED"}


def proved(item: RequestItem, channels: Iterable[Channel]) -> list[said.Said]:
    """One sentence for each channel and day of the item's window. One query."""
    asked = sorted({channel.pk: channel for channel in channels}.values(), key=lambda one: one.pk)
    days = list(_days(item))
    rows = CoverageDay.objects.filter(channel__in=asked, day__in=days, is_provisional=False)
    known = {(row.channel_id, row.day): row for row in rows}
    return [
        _sentence(item, channel, day, known.get((channel.pk, day)))
        for channel in asked
        for day in days
    ]


def _days(item: RequestItem) -> Iterator[dt.date]:
    day, last = tsi.day_of(item.starts_at), tsi.day_of(item.ends_at - dt.timedelta(microseconds=1))
    while day <= last:
        yield day
        day += dt.timedelta(days=1)


def _sentence(
    item: RequestItem, channel: Channel, day: dt.date, row: CoverageDay | None
) -> said.Said:
    about = {"day": tsi.day_text(day), "channel": channel.number}
    if row is None:
        return said.say(MISSING, **about)
    about["at"] = tsi.stamp(row.asked_at)
    begin, end = tsi.day_bounds_ms(day)
    window = (max(begin, to_ms(item.starts_at)), min(end, to_ms(item.ends_at)))
    code = _state(row, window, whole_ms=end - begin)
    if code == DAY:
        about["result"] = said.say("RESULT", code=row.result)
    return said.say(code, **about)


def _state(row: CoverageDay, window: Interval, *, whole_ms: int) -> str:
    """What the row proves of the window; DAY where it proves nothing of these minutes in particular.

    Gaps are listed only inside the expected time, and not beyond the most that a row keeps.
    """
    is_listed = row.gap_count <= len(row.gaps) and row.result in _WITH_GAPS
    if not is_listed or row.doubted_of([window]):
        return DAY
    gaps = [(int(gap[0]), int(gap[1])) for gap in row.gaps]
    left = subtract([window], clip(gaps, [window]))
    if not left:
        return NONE
    if row.expected_ms < whole_ms:
        return DAY
    return ALL if left == [window] else PART
