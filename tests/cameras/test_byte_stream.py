"""The buffer between a device that sends fast and a reader that takes its time."""

from __future__ import annotations

import asyncio
import hashlib

from cameras.protocols.byte_stream import FIRST_SPACE, MOST_SPACE, MOST_WAITING, ByteStream

SENT = bytes(range(251)) * 64_000  # 16 MB that do not repeat at any round number


async def _read(portions: list[bytes], use_up: int) -> tuple[str, int, int]:
    """The hash of what came, how large the buffer became, and how much waited in it at most."""

    async def send(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for portion in portions:
            writer.write(portion)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(send, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    loop = asyncio.get_running_loop()
    _transport, stream = await loop.create_connection(ByteStream, host, port)
    found, largest, most = hashlib.sha256(), 0, 0
    async with asyncio.timeout(120):
        while await stream.more() or len(stream):
            most = max(most, len(stream))
            # An odd number of bytes stays behind, as the beginning of a packet does.
            size = len(stream) if stream.is_over else max(0, len(stream) - use_up)
            found.update(stream.peek(size))
            stream.drop(size)
            largest = max(largest, len(stream.data))
    await stream.hang_up()
    server.close()
    return found.hexdigest(), largest, most


def test_what_comes_fast_is_read_in_ever_larger_portions_and_nothing_is_lost() -> None:
    found, largest, most = asyncio.run(_read([SENT], 1439))

    assert found == hashlib.sha256(SENT).hexdigest()
    assert MOST_WAITING + FIRST_SPACE < largest <= MOST_WAITING + MOST_SPACE
    assert most <= largest


def test_who_sends_little_gets_a_small_buffer() -> None:
    portions = [SENT[at : at + 900] for at in range(0, 90_000, 900)]

    found, largest, _most = asyncio.run(_read(portions, 0))

    assert found == hashlib.sha256(SENT[:90_000]).hexdigest()
    assert largest == MOST_WAITING + FIRST_SPACE
