"""Which exhibits' hashes go on while one worker fetches their slices."""

from __future__ import annotations

from collections import OrderedDict

from ..models import ExportSlice
from . import exporting
from .running_hash import Hashed, RunningHash

MOST_AT_ONCE = 8


class RunningHashes:
    """The exhibits whose slices one worker is fetching."""

    def __init__(self) -> None:
        self._running: OrderedDict[int, RunningHash] = OrderedDict()

    def of(self, part: ExportSlice, volume: list[ExportSlice]) -> RunningHash | None:
        """Where the hash of this slice goes on; None where it was not this worker that fetched all before it.

        `volume`: the slices that become one exhibit with it.
        """
        numbers = [each.pk for each in volume]
        at = numbers.index(part.pk)
        if at == 0:
            self._running[numbers[0]] = RunningHash(exporting.span_of(volume))
            while len(self._running) > MOST_AT_ONCE:
                self._running.popitem(last=False)
        running = self._running.get(numbers[0])
        if running is None or (at and running.newest != numbers[at - 1]):
            self._running.pop(numbers[0], None)
            return None
        running.newest = part.pk
        return running

    def finished(self, parts: list[ExportSlice], hashed: list[Hashed], tail: bytes) -> str | None:
        """The hash of an exhibit, when exactly what belongs into it was hashed."""
        running = self._running.pop(parts[0].pk, None)
        if running is None or running.hashed != hashed:
            return None
        return running.finish(tail)
