"""Writes into the store in a thread of its own: hashing, sealing and the disk go on while pictures arrive.

Hashing and writing leave the interpreter free, so a second core takes part. At most a few portions wait,
so memory stays bounded. What the thread meets is raised at the next write or at the end.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from cameras.protocols.mp4_slices import Sink

_WAITING = 2


class WriterThread:
    """Use as a context manager around a sink, and call `finish()` inside it before the sink is closed."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._queue: queue.Queue[bytes | Callable[[], object] | None] = queue.Queue(_WAITING)
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
        """Takes a portion; waits while too many are waiting already."""
        if self._error is not None:
            raise self._error
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
            if self._error is not None:
                continue  # Nobody may wait for room in the queue of a writer that has failed.
            try:
                if callable(data):
                    data()
                else:
                    self._sink.write(data)
            except BaseException as error:  # noqa: BLE001 - told to the thread that writes
                self._error = error
