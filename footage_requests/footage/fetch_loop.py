"""The event loop in which a worker talks to recorders and decodes, in a thread of its own.

It begins with its first task. What was decoded while pieces came leaves a decoder behind that is warm, for the exhibit
that is made of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from cameras.protocols.decoding import Decoded, Decoder

_END_SECONDS = 30

Outcome = TypeVar("Outcome")


class FetchLoop:
    """Use as a context manager: what still runs at its end is cancelled."""

    def __init__(self) -> None:
        self.decoder = Decoder()
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread is not None:
            self.start(self._end()).result(_END_SECONDS)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.decoder.__aexit__(None, None, None)

    def start(self, work: Coroutine[Any, Any, Outcome]) -> Future[Outcome]:
        """Begins something; its outcome comes later."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="fetches", daemon=True
            )
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def decode(self, bitstream: bytes, codec: str) -> Decoded:
        """As `Decoder.decode_key_frame`, waited for."""
        return self.start(self.decoder.decode_key_frame(bitstream, codec)).result()
