"""Notices when the host's clock went back, in a stream of entries. Order is by leaf, never by time."""

from __future__ import annotations

import datetime as dt

# Concurrent writers take their times in a slightly different order than their ids.
TOLERANCE = dt.timedelta(seconds=2)


class ClockWatch:
    """Feed (id, taken_at) in leaf order; `went_back` returns by how much the clock stepped back, or None.

    Entries that commit late have a lower id than one already seen; they are not compared, because
    their old time is honest.
    """

    def __init__(self, entry_id: int = 0, taken_at: dt.datetime | None = None) -> None:
        self.entry_id = entry_id
        self.taken_at = taken_at

    def went_back(self, entry_id: int, taken_at: dt.datetime) -> dt.timedelta | None:
        if entry_id < self.entry_id:
            return None
        earlier, self.entry_id, self.taken_at = self.taken_at, entry_id, taken_at
        if earlier is None or taken_at >= earlier - TOLERANCE:
            return None
        return earlier - taken_at
