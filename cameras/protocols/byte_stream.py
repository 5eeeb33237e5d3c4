"""Bytes of a TCP or TLS connection, gathered in one buffer from which their reader cuts what it understands.

asyncio's own stream reader copies every byte three times on its way; footage comes in hundreds of megabytes.
Reading pauses while more than `MOST_WAITING` bytes wait.
"""

from __future__ import annotations

import asyncio
from typing import cast

MOST_WAITING = 512 * 1024
_SPACE = 256 * 1024


class ByteStream(asyncio.BufferedProtocol):
    """Use as protocol of `create_connection`. `data` is the reader's: it deletes what it has used up."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.is_over = False
        """Nothing more will come; what has come still stands in `data`."""
        self._space = memoryview(bytearray(_SPACE))
        self._new = 0
        self._is_paused = False
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._may_write = asyncio.Event()
        self._may_write.set()

    async def more(self) -> int:
        """Waits until bytes have come since the last call; how many. 0 when there will be none."""
        if self._is_paused and len(self.data) <= MOST_WAITING:
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
        return self._space

    def buffer_updated(self, nbytes: int) -> None:
        self.data += self._space[:nbytes]
        self._new += nbytes
        if len(self.data) > MOST_WAITING and not self._is_paused:
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
