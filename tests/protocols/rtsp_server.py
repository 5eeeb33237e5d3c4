"""A scriptable RTSP recorder for tests: real H.264 or H.265 over real sockets, with every sin.

Pictures come at 25 a second with a key picture at each whole second, for whatever span is asked.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache

import av
import numpy as np

from cameras.protocols.base import Endpoint

FPS = 25
FRAME_MS = 1000 // FPS
WIDTH, HEIGHT = 160, 96
START_MS = int(datetime(2026, 11, 1, 10, 0, tzinfo=UTC).timestamp()) * 1000
USERNAME, PASSWORD = "viewer", "CANARY-9f4b"
_NTP = 2_208_988_800


@cache
def pictures(
    codec: str = "h264", reordered: int = 0, slices: int = 1
) -> tuple[tuple[int, bytes], ...]:
    """One second of video as (display number, Annex B access unit) in decoding order."""
    context = av.VideoCodecContext.create("libx264" if codec == "h264" else "libx265", "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate = Fraction(1, FPS), Fraction(FPS)
    params = f"keyint={FPS}:min-keyint={FPS}:scenecut=0:bframes={reordered}:open-gop=0"
    params += f":slices={slices}" if slices > 1 else ""
    name = "x264-params" if codec == "h264" else "x265-params"
    quiet = "" if codec == "h264" else ":log-level=none"
    context.options = {"preset": "ultrafast", "crf": "35", name: params + quiet}
    packets = []
    for number in range(FPS):
        image = np.full((HEIGHT, WIDTH, 3), 40 + 6 * number, np.uint8)
        image[(number * 3) % HEIGHT] = 255
        frame = av.VideoFrame.from_ndarray(image, "rgb24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        packets += context.encode(frame)
    packets += context.encode(None)
    return tuple((packet.pts or 0, bytes(packet)) for packet in packets)


def nal_units(unit: bytes) -> list[bytes]:
    return [nal for nal in re.split(b"\0\0\0?\1", unit) if nal]


def is_parameter_set(codec: str, nal: bytes) -> bool:
    return nal[0] & 0x1F in (7, 8) if codec == "h264" else nal[0] >> 1 in (32, 33, 34)


@dataclass
class Script:
    """What the recorder does. The defaults are a faultless ONVIF replay that ends with BYE."""

    codec: str = "h264"
    reordered: int = 0
    mute_on: str = ""  # the method that gets no reply: OPTIONS, DESCRIBE, SETUP, PLAY
    silent_after: str = ""  # PLAY or FRAME:<n>
    when_silent: Callable[[], None] = lambda: None  # called as the silence in the middle begins
    close_after: str = ""  # a method or FRAME:<n>
    statuses: dict[str, str] = field(default_factory=dict)  # method -> status line to answer
    refuse_require_on: tuple[str, ...] = ()
    challenges: tuple[str, ...] = ()  # WWW-Authenticate values; the login is then checked
    endless_stale: bool = False
    closes_on_401: bool = False
    new_nonce_on: str = ""  # the method at which the nonce is no longer good
    sdp: bytes | None = None
    control: str = "trackID=1"
    range_reply: str = "echo"  # echo, "" for none, or the header's value
    described_range: str = ""  # the a=range: of the description
    refuses_npt: bool = False  # to Range: npt= it says
    npt_refusal: str = "457 Invalid Range"
    needs_npt: bool = False  # without Range: npt= the span of the address is not heeded
    has_extension: bool = True
    stamps_from_ms: int | None = None  # what the pictures claim instead of the asked time
    plays_from_ms: int | None = None  # where playing starts instead of at the key picture before
    report_ms: int | None = None  # RTCP sender report: the clock at the first picture
    reports_every: int = 0  # pictures between further reports
    hidden_gap: tuple[int, int] = (0, 0)  # from this picture on reports are so many ms further
    skip: tuple[int, int] | None = None  # pictures that are not recorded: [first, last)
    slices: int = 1  # of each picture; where more, the marker is set on each
    lose: frozenset[int] = frozenset()  # numbers of packets that are not sent
    ends_with: str = "bye"  # bye, announce, tbit, eof, silence, none (plays on past the asked end)
    trickle_s: float = 0.0  # pause after each packet
    sets_in_sdp: bool = False  # no parameter sets but in the description: two picture sets
    spoil: bool = False  # every coded byte behind a unit's head is wrong
    noise: bool = False  # RTCP and foreign packets before each reply and between pictures
    keep_alive: str = ""  # parameters of the Session header, such as ;timeout=2
    live_frames: int = 50
    newline: str = "\r\n"
    folded: bool = False  # a header line goes on in the next one
    transport: str = "echo"  # what the reply to SETUP names; "" for no such header
    new_source_at: int = 0  # from this picture on another RTP source, whose times begin elsewhere
    nonce_per_method: bool = False  # each method wants a nonce of its own
    numbers: str = ""  # of replies: "0", "previous", "previous in errors", or the right ones
    channel: int = 0  # on which the track really comes
    torn: frozenset[int] = frozenset()  # numbers of packets of which only the first half is sent
    junk_after_play: bytes = b""  # comes behind the reply
    takes_only: dict[str, str] = field(default_factory=dict)  # method -> the end of its address
    else_status: str = "404 Stream Not Found"  # to another address


@dataclass
class Request:
    method: str
    url: str
    headers: dict[str, str]


class RtspServer:
    """Listens on loopback. `requests` has everything that came, `connections` counts callers."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.connections = 0
        self._server: asyncio.Server
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", rtsp_port=self.port)

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    def sent(self, method: str) -> list[Request]:
        return [request for request in self.requests if request.method == method]

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await _Caller(self, reader, writer).serve()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            await hang_up(writer)
            self._tasks.discard(task)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


class _Caller:
    def __init__(
        self, server: RtspServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server, self.script = server, server.script
        self.reader, self.writer = reader, writer
        self.start_ms: int | None = None
        self.end_ms: int | None = None

    async def serve(self) -> None:
        player: asyncio.Task[None] | None = None
        try:
            while True:
                request = await self._read()
                await self._answer(request)
                if request.method == "TEARDOWN":
                    return
                if request.method == "PLAY" and self.script.silent_after != "PLAY":
                    player = player or asyncio.create_task(self._play())
                    self.server._tasks.add(player)
        finally:
            if player is not None:
                player.cancel()

    async def _read(self) -> Request:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.rstrip().split("\r\n")
        method, url, _ = lines[0].split(" ")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        request = Request(method, url, headers)
        self.server.requests.append(request)
        return request

    async def _answer(self, request: Request) -> None:
        script, method = self.script, request.method
        if script.mute_on == method:
            await asyncio.sleep(3600)
        status, extra, body = self._reply(request)
        if script.noise and method in ("PLAY", "SETUP"):
            self._send(1, _report(START_MS, 0))
            self._send(7, b"foreign")
        head = [f"RTSP/1.0 {status}", f"CSeq: {self._number(request, status)}", *extra]
        head.append(f"Content-Length: {len(body)}")
        if script.folded:
            head = [line.replace(": ", f":{script.newline}\t", 1) for line in head]
        junk = script.junk_after_play if method == "PLAY" else b""
        self.writer.write((script.newline.join(head) + script.newline * 2).encode() + body + junk)
        await self.writer.drain()
        if script.close_after == method or (script.closes_on_401 and status[:3] == "401"):
            self.writer.close()

    def _number(self, request: Request, status: str) -> str:
        told, right = self.script.numbers, request.headers["CSeq"]
        is_previous = told == "previous" or (told and not status.startswith("200"))
        return "0" if told == "0" else str(int(right) - 1) if is_previous else right

    def _reply(self, request: Request) -> tuple[str, list[str], bytes]:
        script, method = self.script, request.method
        if method in script.statuses:
            return script.statuses[method], ["Location: rtsp://127.0.0.9/elsewhere"], b""
        if method == "OPTIONS":
            return "200 OK", ["Public: DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"], b""
        if method == script.new_nonce_on and script.challenges:
            script.new_nonce_on = ""
            script.challenges = tuple(
                re.sub('nonce="', 'nonce="new', value) for value in script.challenges
            )
        if script.nonce_per_method:
            script.challenges = (f'Digest realm="cam", nonce="{method}", qop="auth"',)
        if script.challenges and not self._knows(request):
            challenges = [f"WWW-Authenticate: {value}" for value in script.challenges]
            challenges += ["Connection: close"] if script.closes_on_401 else []
            return "401 Unauthorized", challenges, b""
        if refused := self._refused(request):
            return refused, ["Unsupported: onvif-replay"], b""
        if method == "DESCRIBE":
            body = script.sdp if script.sdp is not None else self._sdp()
            return "200 OK", [f"Content-Base: {request.url}/"], body
        extra = [f"Session: 4711{script.keep_alive}"]
        if method == "SETUP":
            told = script.transport
            extra += [f"Transport: {request.headers['Transport'] if told == 'echo' else told}"]
            extra = [line for line in extra if line != "Transport: "]
        elif method == "PLAY":
            extra += self._play_headers(request)
        return "200 OK", extra, b""

    def _refused(self, request: Request) -> str:
        if not request.url.endswith(self.script.takes_only.get(request.method, "")):
            return self.script.else_status
        if request.method in self.script.refuse_require_on and "Require" in request.headers:
            return "551 Option not supported"
        is_npt = request.headers.get("Range", "").startswith("npt")
        return self.script.npt_refusal if is_npt and self.script.refuses_npt else ""

    def _knows(self, request: Request) -> bool:
        value = request.headers.get("Authorization", "")
        if self.script.endless_stale or not value:
            return False
        if value.startswith("Basic "):
            return base64.b64decode(value[6:]).decode() == f"{USERNAME}:{PASSWORD}"
        if not any(f'nonce="{nonce}"' in value for nonce in self._nonces()):
            return False
        got = {k: a or b for k, a, b in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', value)}
        name = "sha256" if got.get("algorithm", "").upper() == "SHA-256" else "md5"

        def digest(text: str) -> str:
            return hashlib.new(name, text.encode()).hexdigest()

        one = digest(f"{got['username']}:{got['realm']}:{PASSWORD}")
        two = digest(f"{request.method}:{request.url}")
        middle = got["nonce"]
        if "qop" in got:
            middle += f":{got['nc']}:{got['cnonce']}:{got['qop']}"
        return got["response"] == digest(f"{one}:{middle}:{two}") and got["uri"] == request.url

    def _nonces(self) -> list[str]:
        return re.findall(r'nonce="([^"]*)"', " ".join(self.script.challenges))

    def _sdp(self) -> bytes:
        encoding = "H264" if self.script.codec == "h264" else "H265"
        told = f"a=range:{self.script.described_range}\r\n" if self.script.described_range else ""
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=control:*\r\n"
            f"{told}m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=control:trackID=2\r\n"
            f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {encoding}/90000\r\n"
            f"a=fmtp:96 packetization-mode=1{self._sets()}\r\na=control:{self.script.control}\r\n"
        ).encode()

    def _sets(self) -> str:
        if not self.script.sets_in_sdp:
            return ""
        codec = self.script.codec
        found = [n for n in nal_units(pictures(codec)[0][1]) if is_parameter_set(codec, n)]
        head = 1 if codec == "h264" else 2
        bits = "".join(f"{byte:08b}" for byte in found[-1][head:]).rstrip("0")
        bits = "010" + bits[1:]  # number 1 instead of 0
        bits += "0" * (-len(bits) % 8)
        found.append(found[-1][:head] + int(bits, 2).to_bytes(len(bits) // 8, "big"))
        texts = [base64.b64encode(one).decode() for one in found]
        if codec == "h264":
            return f"; sprop-parameter-sets={','.join(texts)}"
        vps, sps, *pps = texts
        return f"; sprop-vps={vps}; sprop-sps={sps}; sprop-pps={','.join(pps)}"

    def _play_headers(self, request: Request) -> list[str]:
        header = request.headers.get("Range", "")
        is_clock = header.startswith("clock")
        asked = header if is_clock or (self.script.needs_npt and not header) else request.url
        stamps = re.findall(r"(\d{8}T\d{6}(?:\.\d{3})?)Z", asked)
        if len(stamps) == 2:
            self.start_ms, self.end_ms = (_read_clock(text) for text in stamps)
        if not self.script.range_reply:
            return []
        if self.script.range_reply != "echo":
            return [f"Range: {self.script.range_reply}"]
        if is_clock:
            return [f"Range: {header}"]
        return [f"Range: clock={stamps[0]}Z-{stamps[1]}Z"] if len(stamps) == 2 else []

    async def _play(self) -> None:
        script = self.script
        start = self.start_ms if self.start_ms is not None else START_MS
        first = start - start % 1000 if script.plays_from_ms is None else script.plays_from_ms
        end = self.end_ms if self.end_ms is not None else first + script.live_frames * FRAME_MS
        if script.ends_with == "none":
            end += 5000
        claimed = (script.stamps_from_ms or first) - first
        if script.report_ms is not None:
            self._send(1, _report(script.report_ms, _rtp_time(first)))
        for number, (frame, packet) in enumerate(self._packets(first, end, claimed)):
            if script.silent_after == f"FRAME:{frame}":
                script.when_silent()
                self._send(9, b"foreign")  # from here on the caller counts anew
                return
            if script.close_after == f"FRAME:{frame}":
                break
            self._report_again(first, frame)
            if number not in script.lose:
                await self._send_packet(number, packet)
        if script.ends_with == "announce":
            self.writer.write(b"ANNOUNCE rtsp://x RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        if script.ends_with == "bye" and not script.close_after:
            self._send(1, struct.pack(">BBHI", 0x81, 203, 1, 99))
        elif script.ends_with == "eof" or script.close_after:
            self.writer.close()
        await self.writer.drain()

    def _report_again(self, first: int, frame: int) -> None:
        every, (from_frame, gap_ms) = self.script.reports_every, self.script.hidden_gap
        if every and frame and frame % every == 0:
            at = first + frame * FRAME_MS
            self._send(1, _report(at + (gap_ms if frame >= from_frame else 0), _rtp_time(at)))

    async def _send_packet(self, number: int, packet: bytes) -> None:
        if number in self.script.torn:
            half = struct.pack(">cBH", b"$", 0, len(packet)) + packet[: len(packet) // 2]
            self.writer.write(half)
            return
        self._send(self.script.channel, packet)
        if self.script.noise and number % 5 == 0:
            self._send(1, _report(START_MS, 0))
            self._send(9, b"$RTSP/1.0 200 OK\r\n\r\n")
        await self.writer.drain()
        await asyncio.sleep(self.script.trickle_s)

    def _packets(self, first: int, end: int, claimed: int) -> Iterator[tuple[int, bytes]]:
        second = pictures(self.script.codec, self.script.reordered, self.script.slices)
        sequence = 65_530
        count = (end - first + FRAME_MS - 1) // FRAME_MS
        skipped = range(*self.script.skip) if self.script.skip else range(0)
        for number in range(count):
            if number in skipped:
                continue
            shown, unit = second[number % FPS]
            at = first + (number // FPS) * 1000 + shown * FRAME_MS
            last = number == count - 1 and self.script.ends_with == "tbit"
            nals = nal_units(unit)
            if self.script.sets_in_sdp:
                nals = [nal for nal in nals if not is_parameter_set(self.script.codec, nal)]
            if self.script.spoil:
                nals = [nal[:1] + b"\x5a" * (len(nal) - 1) for nal in nals]
            groups = [nals] if self.script.slices == 1 else [[nal] for nal in nals]
            payloads = [one for group in groups for one in _payloads(self.script.codec, group)]
            for index, payload in enumerate(payloads):
                extension = b""
                if self.script.has_extension and index == 0:
                    extension = _extension(at + claimed, terminal=last)
                marker = index == len(payloads) - 1 or self._ends_slice(payload)
                is_new = 0 < self.script.new_source_at <= number
                when = (_rtp_time(at) + (is_new << 28)) % (1 << 32)
                yield number, _rtp(sequence, when, marker, extension, payload, 99 + is_new)
                sequence = (sequence + 1) % 65_536

    def _ends_slice(self, payload: bytes) -> bool:
        is_h264 = self.script.codec == "h264"
        is_part = payload[0] & 0x1F == 28 if is_h264 else payload[0] >> 1 & 0x3F == 49
        return self.script.slices > 1 and (not is_part or bool(payload[1 + (not is_h264)] & 0x40))

    def _send(self, channel: int, data: bytes) -> None:
        self.writer.write(struct.pack(">cBH", b"$", channel, len(data)) + data)


def _rtp_time(ms: int) -> int:
    return (ms * 90) % (1 << 32)


def _rtp(
    sequence: int, when: int, marker: bool, extension: bytes, payload: bytes, source: int
) -> bytes:
    first = 0x90 if extension else 0x80
    head = struct.pack(">BBHII", first, 96 | (0x80 if marker else 0), sequence, when, source)
    return head + extension + payload


def _extension(ms: int, *, terminal: bool) -> bytes:
    seconds, rest = divmod(ms, 1000)
    bits = 0x10 if terminal else 0
    return struct.pack(
        ">HHIIB3x", 0xABAC, 3, (seconds + _NTP) & 0xFFFFFFFF, (rest << 32) // 1000 + 1, bits
    )


def _report(ms: int, rtp_time: int) -> bytes:
    seconds, rest = divmod(ms, 1000)
    words = (99, (seconds + _NTP) & 0xFFFFFFFF, (rest << 32) // 1000 + 1, rtp_time, 0, 0)
    return struct.pack(">BBHIIIIII", 0x80, 200, 6, *words)


def _payloads(codec: str, nals: list[bytes]) -> Iterator[bytes]:
    """Small units together in one packet, large ones in fragments, the rest as they are."""
    small = [nal for nal in nals if len(nal) < 60]
    head = b"\x18" if codec == "h264" else b"\x60\x01"
    if len(small) > 1:
        yield head + b"".join(struct.pack(">H", len(nal)) + nal for nal in small)
        nals = [nal for nal in nals if len(nal) >= 60]
    for nal in nals:
        if len(nal) <= 200:
            yield nal
            continue
        skip = 1 if codec == "h264" else 2
        parts = [nal[i : i + 200] for i in range(skip, len(nal), 200)]
        for index, part in enumerate(parts):
            bits = (0x80 if index == 0 else 0) | (0x40 if index == len(parts) - 1 else 0)
            if codec == "h264":
                yield bytes([nal[0] & 0xE0 | 28, bits | nal[0] & 0x1F]) + part
            else:
                kind = (nal[0] >> 1) & 0x3F
                yield bytes([nal[0] & 0x81 | 49 << 1, nal[1], bits | kind]) + part


def _read_clock(text: str) -> int:
    pattern = "%Y%m%dT%H%M%S.%f" if "." in text else "%Y%m%dT%H%M%S"
    moment = datetime.strptime(text, pattern).replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


@asynccontextmanager
async def rtsp_server(script: Script | None = None) -> AsyncIterator[RtspServer]:
    server = RtspServer(script or Script())
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
