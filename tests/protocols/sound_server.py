"""An odd RTSP recorder that sends whatever sound packets a test wrote down, at a description of its own."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from cameras.protocols.base import Endpoint
from tests.protocols.rtsp_server import START_MS, hang_up

_NTP = 2_208_988_800


def packet(
    number: int,
    samples: int,
    payload: bytes,
    *,
    stamp_ms: int | None = None,
    kind: int = 0,
    marker: bool = False,
) -> bytes:
    """One interleaved RTP packet; `samples` is its RTP time, `stamp_ms` that of the replay extension."""
    extension = b""
    if stamp_ms is not None:
        seconds, rest = divmod(stamp_ms, 1000)
        fraction = (rest << 32) // 1000 + 1
        extension = struct.pack(">HHIIB3x", 0xABAC, 3, seconds + _NTP & 0xFFFFFFFF, fraction, 0)
    first = 0x90 if extension else 0x80
    head = struct.pack(">BBHII", first, kind | marker << 7, number & 0xFFFF, samples, 7)
    data = head + extension + payload
    return struct.pack(">cBH", b"$", 0, len(data)) + data


def g711(
    count: int, *, ms: int = 40, skip: Sequence[int] = (), is_stamped: bool = True
) -> list[bytes]:
    """So many packets from START_MS on, each filled with its own number; the skipped ones are not sent."""
    size = 8 * ms
    return [
        packet(
            n,
            n * size,
            bytes([n % 256]) * size,
            stamp_ms=START_MS + n * ms if is_stamped else None,
        )
        for n in range(count)
        if n not in skip
    ]


class SoundServer:
    """`set_up` has the addresses of all tracks that were set up."""

    def __init__(
        self, sdp: str, packets: Sequence[bytes], *, says_bye: bool = True, told: str = ""
    ) -> None:
        self.set_up: list[str] = []
        self._sdp = sdp.replace("\n", "\r\n").encode()
        self._packets = packets
        self._says_bye = says_bye
        self._told = told
        self._server: asyncio.Server

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", rtsp_port=int(self._server.sockets[0].getsockname()[1]))

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    def stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            await hang_up(writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, url, _ = lines[0].split(" ")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        told = [f"CSeq: {headers['CSeq']}", "Session: 1"]
        body = b""
        if method == "DESCRIBE":
            body = self._sdp
        if method == "SETUP":
            self.set_up.append(url)
            told.append(f"Transport: {headers['Transport']}")
        if method == "PLAY":
            told.append(f"Range: {self._told or headers.get('Range', 'npt=0-')}")
        head = ["RTSP/1.0 200 OK", *told, f"Content-Length: {len(body)}", "", ""]
        writer.write("\r\n".join(head).encode() + body)
        if method == "PLAY":
            writer.write(b"".join(self._packets))
            if self._says_bye:
                bye = struct.pack(">BBHI", 0x81, 203, 1, 7)
                writer.write(struct.pack(">cBH", b"$", 1, len(bye)) + bye)
        await writer.drain()
        return method != "TEARDOWN"


@asynccontextmanager
async def sound_server(
    sdp: str, packets: Sequence[bytes] = (), *, says_bye: bool = True, told: str = ""
) -> AsyncIterator[SoundServer]:
    """`told` is the range that the reply to PLAY names; blank: the one that was asked."""
    server = SoundServer(sdp, packets, says_bye=says_bye, told=told)
    await server.start()
    try:
        yield server
    finally:
        server.stop()
