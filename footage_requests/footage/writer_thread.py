"""Writes into the store in a thread of its own: hashing, sealing and the disk go on while pictures arrive.

Hashing and writing leave the interpreter free, so a second core takes part. About two megabytes wait at most,
so memory stays bounded. What the thread meets is raised at the next write or at the end.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from cameras.protocols.mp4_slices import Sink

_MOST_WAITING = 2 * 1024 * 1024
"""Portions are up to 1.5 MB: with less room, whoever reads the network stands still for each of them."""
_LOOK_AGAIN_S = 1.0


class WriterThread:
    """Use as a context manager around a sink, and call `finish()` inside it before the sink is closed."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        # It neither waits nor takes turns: with `queue.Queue` each portion costs two changes of threads.
        self._queue: queue.SimpleQueue[bytes | Callable[[], object] | None] = queue.SimpleQueue()
        self._taken = self._done = 0  # bytes; each is counted by one thread alone
        self._has_room = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sealing", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def write(self, data: bytes, /) -> int:
        """Takes a portion; waits while too much is waiting already."""
        if self._error is not None:
            raise self._error
        while self._taken - self._done > _MOST_WAITING:
            self._has_room.clear()
            if self._taken - self._done > _MOST_WAITING:
                self._has_room.wait(_LOOK_AGAIN_S)
        self._taken += len(data)
        self._queue.put(data)
        return len(data)

    def call(self, work: Callable[[], object]) -> None:
        """Has something done by the thread, behind what was written before."""
        if self._error is not None:
            raise self._error
        self._queue.put(work)

    def finish(self) -> None:
        """Waits until everything is written. Raises what the sink raised."""
        self._end()
        if self._error is not None:
            raise self._error

    def _end(self) -> None:
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            # Nobody may wait for room in the queue of a writer that has failed.
            if self._error is None:
                self._do(data)
            if not callable(data):
                self._done += len(data)
                self._has_room.set()

    def _do(self, data: bytes | Callable[[], object]) -> None:
        try:
            if callable(data):
                data()
            else:
                self._sink.write(data)
        except BaseException as error:  # noqa: BLE001 - told to the thread that writes
            self._error = error
