"""A small RTSP client of the tests' own: it reads everything and believes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import av

from simulator.recording import Cause, Gap, RecordingPlan
from simulator.rtsp import serve_rtsp
from simulator.video import read_strip
from simulator.world import Auth, Campus, Dialect, Kind, SimChannel, SimDevice, SimUser

PATIENCE_S = 120.0
START = 1_793_520_000_000  # 2026-11-01 08:00:00 UTC, 11:00:00 in Türkiye
NOW = START + 86_400_000
GAP = (START + 3_000, START + 5_500)
_NTP_1970 = 2_208_988_800


def recorder(dialect: Dialect = Dialect.ONVIF, **changes: object) -> SimDevice:
    """A recorder of two channels; channel 1 has a gap from 3 s to 5.5 s after START."""
    plan = RecordingPlan(gaps=(Gap(Cause.CAMERA_LOST, *GAP),))
    channels = [
        SimChannel(1, "Kütüphane", token="REC001", plan=plan, seed=1),
        SimChannel(2, "Otopark", token="REC002", seed=2),
    ]
    settings: dict[str, object] = {"auth": Auth.NONE, "rtsp_port": 0, "serial": "SN0001"}
    settings |= {"users": {"admin": SimUser("gizli")}}
    return SimDevice("127.64.9.1", Kind.RECORDER, dialect, channels, **settings | changes)  # type: ignore[arg-type]


def base_url(device: SimDevice) -> str:
    return f"rtsp://{device.address}:{device.rtsp_port}"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes = b""
    phrase: str = ""


@dataclass
class Frame:
    """One received picture: its access unit, RTP time, replay stamp and flags."""

    stream: bytes
    timestamp: int
    stamp_ms: int | None = None
    marks: int = 0


@dataclass
class Clip:
    """What one PLAY gave. `end` is bye, silence or closed."""

    frames: list[Frame] = field(default_factory=list)
    range: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    end: str = ""
    lost: int = 0
    reports: list[bytes] = field(default_factory=list)

    def strips(self) -> list[tuple[int, int] | None]:
        """Camera and instant of every picture that can be decoded."""
        decoder = av.CodecContext.create("h264", "r")
        pictures = []
        for frame in self.frames:
            try:
                pictures += decoder.decode(av.Packet(frame.stream))
            except av.FFmpegError:
                continue
        return [read_strip(picture.to_ndarray(format="gray")) for picture in pictures]

    def instants(self) -> list[int | None]:
        return [strip and strip[1] for strip in self.strips()]


class Probe:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.cseq = 0
        self.session = ""
        self.waiting: list[bytes] = []

    async def ask(self, method: str, url: str, **headers: str) -> Answer:
        """Send one request and wait for its answer; pictures that come meanwhile are kept."""
        self.cseq += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self.cseq}"]
        if self.session:
            lines.append(f"Session: {self.session}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        while True:
            item = await self._next(PATIENCE_S)
            if isinstance(item, Answer):
                self.session = item.headers.get("session", self.session).partition(";")[0]
                return item
            self.waiting.append(item)

    async def set_up(self, url: str, **headers: str) -> Answer:
        described = await self.ask("DESCRIBE", url, **headers)
        if described.status != 200:
            return described
        transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
        return await self.ask("SETUP", f"{url}/trackID=1", Transport=transport, **headers)

    async def play(
        self, url: str, *, frames: int = 10_000, silence_s: float = PATIENCE_S, **headers: str
    ) -> Clip:
        """PLAY and collect until the end, or until so many pictures have come."""
        answer = await self.ask("PLAY", url, **headers)
        assert answer.status == 200, answer
        clip = Clip(range=answer.headers.get("range", ""), headers=answer.headers)
        await self.collect(clip, frames, silence_s)
        return clip

    async def collect(self, clip: Clip, frames: int, silence_s: float) -> None:
        depacketiser = Depacketiser(clip)
        while len(clip.frames) < frames:
            try:
                item = self.waiting.pop(0) if self.waiting else await self._next(silence_s)
            except TimeoutError:
                clip.end = "silence"
                return
            except (asyncio.IncompleteReadError, ConnectionError):
                clip.end = "closed"
                return
            if isinstance(item, Answer):
                continue
            if item[1] % 2:
                clip.reports.append(item[4:])
                if b"\x81\xcb" in item:
                    clip.end = "bye"
                    return
            else:
                depacketiser.push(item[4:])

    async def _next(self, wait_s: float) -> Answer | bytes:
        async with asyncio.timeout(wait_s):
            first = await self.reader.readexactly(1)
            if first == b"$":
                head = await self.reader.readexactly(3)
                size = int.from_bytes(head[1:], "big")
                return first + head + await self.reader.readexactly(size)
            text = (first + await self.reader.readuntil(b"\r\n\r\n")).decode()
            headers = dict(re.findall(r"(?m)^([\w-]+): (.*?)\r$", text))
            headers = {name.lower(): value for name, value in headers.items()}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
            _, status, phrase = text.partition("\r\n")[0].split(" ", 2)
            return Answer(int(status), headers, body, phrase)


class Depacketiser:
    """Single NAL units and FU-A back into pictures."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._nals: list[bytes] = []
        self._fragment = b""
        self._sequence: int | None = None
        self._stamp: int | None = None
        self._marks = 0

    def push(self, packet: bytes) -> None:
        sequence = int.from_bytes(packet[2:4], "big")
        if self._sequence is not None and sequence != (self._sequence + 1) % 65_536:
            self._clip.lost += 1
        self._sequence = sequence
        start = 12
        if packet[0] & 0x10:
            assert packet[12:16] == b"\xab\xac\x00\x03"
            seconds = int.from_bytes(packet[16:20], "big") - _NTP_1970
            fraction = int.from_bytes(packet[20:24], "big")
            self._stamp = seconds * 1000 + (fraction * 1000 >> 32)
            self._marks = packet[24]
            start = 28
        self._payload(packet[start:])
        if packet[1] & 0x80:
            stream = b"".join(b"\x00\x00\x00\x01" + nal for nal in self._nals)
            timestamp = int.from_bytes(packet[4:8], "big")
            self._clip.frames.append(Frame(stream, timestamp, self._stamp, self._marks))
            self._nals, self._stamp, self._marks = [], None, 0

    def _payload(self, payload: bytes) -> None:
        if payload[0] & 0x1F != 28:
            self._nals.append(payload)
            return
        if payload[1] & 0x80:
            self._fragment = bytes([payload[0] & 0xE0 | payload[1] & 0x1F])
        self._fragment += payload[2:]
        if payload[1] & 0x40:
            self._nals.append(self._fragment)


@asynccontextmanager
async def probing(device: SimDevice, campus: Campus | None = None) -> AsyncIterator[Probe]:
    """A running server of the device, and one connection to it."""
    server = await serve_rtsp(device, campus or Campus([device], now_ms=lambda: NOW))
    reader, writer = await asyncio.open_connection(device.address, device.rtsp_port)
    try:
        yield Probe(reader, writer)
    finally:
        writer.close()
        server.close()
        await server.wait_closed()


async def replay(device: SimDevice, span: str, *, silence_s: float = PATIENCE_S) -> Clip:
    """ONVIF replay of channel 1 without rate control."""
    async with probing(device) as probe:
        url = f"{base_url(device)}/replay/REC001"
        assert (await probe.set_up(url, Require="onvif-replay")).status == 200
        order: dict[str, Any] = {"Rate_Control": "no", "Require": "onvif-replay", "Range": span}
        return await probe.play(url, silence_s=silence_s, **order)


def digest(
    challenge: str, method: str, url: str, username: str = "admin", password: str = "gizli"
) -> str:
    """The Authorization header that answers a challenge (RFC 2069)."""
    fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    algorithm = fields.get("algorithm", "MD5")
    hasher = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

    def hashed(text: str) -> str:
        return hasher(text.encode()).hexdigest()

    user = hashed(f"{username}:{fields['realm']}:{password}")
    response = hashed(f"{user}:{fields['nonce']}:{hashed(f'{method}:{url}')}")
    return (
        f'Digest username="{username}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", '
        f'uri="{url}", response="{response}", algorithm={algorithm}'
    )
