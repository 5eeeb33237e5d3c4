"""Where pictures are missing: gaps and backward steps in the times of a stream's pictures.

A gap is a jump of more than 1.5 usual picture distances and more than one second. Milliseconds.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from itertools import islice
from operator import sub

MAX_GAPS = 2000
_SECOND_MS = 1000
# Pictures that are shown in another order than they are sent go back by less than this.
_REORDER_MS = 2000
_NEWEST = 31


class FrameTimes:
    """Sees each picture's time once, in the order of the stream. `start_ms` is the asked start."""

    def __init__(self, start_ms: int | None) -> None:
        self.frames = 0
        self.first_ms: int | None = None
        self.gap_count = 0
        self.gap_ms = 0
        self.steps_back: list[tuple[int, int]] = []
        self.newest_distance_ms = 0
        self._start_ms = start_ms
        self._latest_ms = 0
        self._gaps: list[tuple[int, int]] = []
        self._distances: deque[int] = deque()
        self._sorted: list[int] = []
        self._usual_ms = 0.0

    @property
    def usual_ms(self) -> int:
        """The usual distance of two pictures; 0 while unknown."""
        return round(self._usual_ms)

    @property
    def end_ms(self) -> int:
        """Until when the last picture stands."""
        return self._latest_ms + self.usual_ms

    def see(self, stamp_ms: int) -> None:
        self.frames += 1
        if self.first_ms is None:
            self.first_ms = self._latest_ms = stamp_ms
            if self._start_ms is not None and stamp_ms - self._start_ms > _SECOND_MS:
                self._add_gap(self._start_ms, stamp_ms)
            return
        distance = self.newest_distance_ms = stamp_ms - self._latest_ms
        if distance < -_REORDER_MS:
            if len(self.steps_back) < MAX_GAPS:
                self.steps_back.append((self._latest_ms, stamp_ms))
            self._latest_ms = stamp_ms
        elif distance > 0:
            if self._is_gap(distance):
                self._add_gap(self.end_ms, stamp_ms)
            else:
                self._note_distance(distance)
            self._latest_ms = stamp_ms

    def see_all(self, stamps_ms: Sequence[int]) -> None:
        """As `see` of each one. Where all follow closely, only the newest distances say anything."""
        first = 0
        if self.frames == 0 and len(stamps_ms) > 2 * _NEWEST and _follow_closely(stamps_ms):
            self.see(stamps_ms[0])
            first = len(stamps_ms) - 1 - _NEWEST
            self.frames, self._latest_ms = first, stamps_ms[first - 1]
        for at in range(first, len(stamps_ms)):
            self.see(stamps_ms[at])

    def finish(self, end_ms: int | None) -> list[tuple[int, int]]:
        """All gaps, the one before the asked end included. Call once."""
        if end_ms is not None and self.frames and self._is_gap(end_ms - self._latest_ms):
            self._add_gap(self.end_ms, end_ms)
        return self._gaps

    def _note_distance(self, distance_ms: int) -> None:
        """The usual distance is the median of the newest; kept in order, because this is asked per picture."""
        if len(self._distances) == _NEWEST:
            if self._distances[0] == distance_ms:
                self._distances.rotate(-1)
                return
            del self._sorted[bisect_left(self._sorted, self._distances.popleft())]
        self._distances.append(distance_ms)
        insort(self._sorted, distance_ms)
        middle = len(self._sorted) // 2
        self._usual_ms = (self._sorted[middle] + self._sorted[~middle]) / 2

    def _is_gap(self, distance_ms: int) -> bool:
        return distance_ms > max(_SECOND_MS, 1.5 * self._usual_ms)

    def _add_gap(self, start_ms: int, end_ms: int) -> None:
        self.gap_count += 1
        self.gap_ms += end_ms - start_ms
        if len(self._gaps) < MAX_GAPS:
            self._gaps.append((start_ms, end_ms))


def _follow_closely(stamps_ms: Sequence[int]) -> bool:
    """Whether each comes after the one before it, none so late that it could be a gap."""
    shortest = min(map(sub, islice(stamps_ms, 1, None), stamps_ms))
    longest = max(map(sub, islice(stamps_ms, 1, None), stamps_ms))
    return shortest > 0 and longest <= _SECOND_MS
