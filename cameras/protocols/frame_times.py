"""Where pictures are missing: gaps and backward steps in the times of a stream's pictures.

A gap is a jump of more than 1.5 usual picture distances and more than one second. Milliseconds.
"""

from __future__ import annotations

from collections import deque
from statistics import median

MAX_GAPS = 2000
_SECOND_MS = 1000
# Pictures that are shown in another order than they are sent go back by less than this.
_REORDER_MS = 2000


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
        self._distances: deque[int] = deque(maxlen=31)
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
                self._distances.append(distance)
                self._usual_ms = median(self._distances)
            self._latest_ms = stamp_ms

    def finish(self, end_ms: int | None) -> list[tuple[int, int]]:
        """All gaps, the one before the asked end included. Call once."""
        if end_ms is not None and self.frames and self._is_gap(end_ms - self._latest_ms):
            self._add_gap(self.end_ms, end_ms)
        return self._gaps

    def _is_gap(self, distance_ms: int) -> bool:
        return distance_ms > max(_SECOND_MS, 1.5 * self._usual_ms)

    def _add_gap(self, start_ms: int, end_ms: int) -> None:
        self.gap_count += 1
        self.gap_ms += end_ms - start_ms
        if len(self._gaps) < MAX_GAPS:
            self._gaps.append((start_ms, end_ms))
