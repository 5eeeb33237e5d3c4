"""Bytes of a TCP or TLS connection, gathered in one buffer from which their reader cuts what it understands.

asyncio's own stream reader copies every byte three times on its way; footage comes in hundreds of megabytes. Here the
system writes into the buffer itself. The buffer grows for who sends faster than we read: each reading costs the same,
however much comes with it. Reading pauses while the buffer has hardly any room: each pause costs as well.
"""

from __future__ import annotations

import asyncio
from typing import cast

MOST_WAITING = 320 * 1024
"""The longest reply must find room."""
FIRST_SPACE, MOST_SPACE = 192 * 1024, 1024 * 1024
"""How many bytes are read at once, at first and at most."""
_LITTLE = 16 * 1024


class ByteStream(asyncio.BufferedProtocol):
    """Use as protocol of `create_connection`. What waits is `data[start:end]`; the reader drops what it has used up."""

    def __init__(self) -> None:
        self._space = FIRST_SPACE
        self.data = bytearray(MOST_WAITING + FIRST_SPACE)
        self.start = self.end = 0
        self.is_over = False
        """Nothing more will come; what has come still waits."""
        self._view = memoryview(self.data)
        self._new = 0
        self._is_fast = self._is_paused = False
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._may_write = asyncio.Event()
        self._may_write.set()

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def _is_full(self) -> bool:
        return len(self) > len(self.data) - FIRST_SPACE

    @property
    def first(self) -> int:
        """The first byte that waits; -1 when there is none."""
        return self.data[self.start] if self.end > self.start else -1

    def peek(self, size: int) -> bytes:
        """The first bytes that wait, at most so many."""
        return bytes(self._view[self.start : min(self.end, self.start + size)])

    def drop(self, size: int) -> None:
        """The first bytes have been used up."""
        self.start += size

    async def more(self) -> int:
        """Waits until bytes have come since the last call; how many. 0 when there will be none.

        What waits may be moved meanwhile.
        """
        if self._is_paused and not self._is_full:
            self._is_paused = False
            self._transport.resume_reading()
        if not self._new and not self.is_over:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        count, self._new = self._new, 0
        return count

    async def write(self, data: bytes) -> None:
        """Sends, and waits while the other side does not read. Raises OSError when it has hung up."""
        if self._closed.done():
            raise ConnectionResetError
        self._transport.write(data)
        await self._may_write.wait()
        if self._closed.done():
            raise ConnectionResetError

    async def hang_up(self) -> None:
        """Ends the connection at once."""
        self._transport.abort()
        await self._closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        waiting = self.end - self.start
        # What is left is little as a rule: moved to the front, it keeps to the same, warm memory.
        if self.start and (waiting <= _LITTLE or len(self.data) - self.end < self._space):
            self._view[:waiting] = bytes(self._view[self.start : self.end])
            self.start, self.end = 0, waiting
        if self._is_fast and not self.start:
            self._grow()
        return self._view[self.end : self.end + self._space]

    def _grow(self) -> None:
        self._is_fast = False
        self._space = min(2 * self._space, MOST_SPACE)
        data = bytearray(MOST_WAITING + self._space)
        data[: self.end] = self._view[: self.end]
        self.data, self._view = data, memoryview(data)

    def buffer_updated(self, nbytes: int) -> None:
        self._is_fast = nbytes == self._space < MOST_SPACE
        self.end += nbytes
        self._new += nbytes
        if self._is_full and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self.is_over = True
        self._wake()
        # Who has half closed may still read, except under TLS, which knows no such thing.
        return self._transport.get_extra_info("sslcontext") is None

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_over = True
        if not self._closed.done():
            self._closed.set_result(None)
        self._may_write.set()
        self._wake()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
