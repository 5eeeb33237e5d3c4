"""The hash of an exhibit, taken while its slices arrive: nothing has to be read again for it.

A shortcut of one worker and never a fact. What was hashed is compared with what the finished slices say belongs into
the exhibit; where that differs (a slice was fetched twice or by another worker, the clock was set), or where the
worker was killed, the exhibit is read once more instead.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from functools import partial

from cameras.protocols.mp4_assembly import HEAD, Joining
from cameras.protocols.mp4_slices import SliceIndex

from .writer_thread import WriterThread

_LONGEST_WAIT_S = 60.0

Hashed = tuple[uuid.UUID, int, int]
"""So many bytes at a place of a stored slice: file, place, size."""


class RunningHash:
    """One exhibit's hash so far. Slices are taken in order, by the event loop; threads do the hashing."""

    def __init__(self, span: tuple[int, int]) -> None:
        self._joining = Joining(*span)
        self._found = hashlib.sha256(HEAD)
        self._turn = threading.Event()
        self._turn.set()
        self.hashed: list[Hashed] = []
        self.newest = 0
        """The number of the slice that was begun last."""

    def begin(self, file: uuid.UUID, shift_ms: int, sealing: WriterThread) -> SliceHash:
        """The next slice: it is hashed in the thread that seals it, once the one before it is."""
        before, self._turn = self._turn, threading.Event()
        self._joining.begin()
        return SliceHash(self, (file, shift_ms), sealing, before, self._turn)

    def take(
        self, file: uuid.UUID, shift_ms: int, group: SliceIndex, data: bytes
    ) -> list[bytes | memoryview]:
        """What of a group of pictures belongs into the exhibit, to be hashed."""
        parts: list[bytes | memoryview] = []
        for run in self._joining.take(group, shift_ms):
            start = run.place - group.places[0]
            self.hashed.append((file, run.place, run.size))
            parts += [run.head, memoryview(data)[start : start + run.size]]
        return parts

    def update(self, parts: list[bytes | memoryview]) -> None:
        for part in parts:
            self._found.update(part)

    def finish(self, tail: bytes) -> str:
        """The hash of everything that was taken, and of the index behind it."""
        found = self._found.copy()
        found.update(tail)
        return found.hexdigest()


class SliceHash:
    """One slice's part in a running hash. Call `end()` when nothing more comes, whatever happened."""

    def __init__(
        self,
        running: RunningHash,
        slice_: tuple[uuid.UUID, int],
        sealing: WriterThread,
        before: threading.Event,
        turn: threading.Event,
    ) -> None:
        self._running = running
        self._slice = slice_
        self._sealing = sealing
        self._turn = turn
        sealing.call(partial(before.wait, _LONGEST_WAIT_S))

    def take(self, group: SliceIndex, data: bytes) -> None:
        parts = self._running.take(*self._slice, group, data)
        if parts:
            self._sealing.call(partial(self._running.update, parts))

    def end(self) -> None:
        """After the thread has ended: the next slice may be hashed."""
        self._turn.set()
