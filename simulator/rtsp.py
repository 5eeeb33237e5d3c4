"""The RTSP server of a simulated device: live pictures and playback of what was recorded.

RFC 2326 over TCP with interleaved RTP only (461 for everything else), and the replay rules of the
ONVIF Streaming Specification (Require: onvif-replay, Range: clock=, Rate-Control, Immediate). The
addresses are those of `simulator.rtsp_targets`, the faults those of `simulator.rtsp_faults`.

Use: `server = await serve_rtsp(device, campus)`. `device.rtsp_port` 0 takes a free port and writes it
back. Open connections stand in `device.connections`, sessions are counted in `device.rtsp`. A session
ends after 60 s without a request or an RTCP packet of the client, also while it is sending.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from simulator.faults import fault
from simulator.rtsp_auth import Gate
from simulator.rtsp_describe import description, huge_description
from simulator.rtsp_message import Malformed, Reply, Request, read_request
from simulator.rtsp_play import NothingThere, order
from simulator.rtsp_playback import video_of
from simulator.rtsp_player import Play, Player, PoweredOff
from simulator.rtsp_rtp import RtpSender
from simulator.rtsp_sound import LOUDSPEAKER, TRACK, SoundSender
from simulator.rtsp_targets import Target, resolve, without_track
from simulator.sound import sound_of
from simulator.world import Campus, SimDevice

_METHODS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "GET_PARAMETER", "SET_PARAMETER")
_METHODS_ALL = (*_METHODS, "TEARDOWN")
_STAGES = {"OPTIONS": 0, "DESCRIBE": 1, "SETUP": 2, "PLAY": 3}
_IDLE_S = 120
_WRITE_LIMIT = 256 * 1024


@dataclass
class Session:
    """One client that has set up a stream."""

    id: str
    target: Target
    url: str
    player: Player
    sending: asyncio.Task[None] | None = None
    channels: set[int] = field(default_factory=set)

    @property
    def is_playing(self) -> bool:
        return self.sending is not None and not self.sending.done()


async def serve_rtsp(device: SimDevice, campus: Campus) -> asyncio.Server:
    """Start the server on the device's address and `rtsp_port`; OSError when the port is taken."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(device, campus, reader, writer).run()

    server = await asyncio.start_server(serve, device.address, device.rtsp_port)
    device.rtsp_port = server.sockets[0].getsockname()[1]
    return server


class Connection:
    """One TCP connection; it carries one session."""

    def __init__(
        self,
        device: SimDevice,
        campus: Campus,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._device = device
        self._campus = campus
        self._reader = reader
        self._writer = writer
        self._gate = Gate(device)
        self._session: Session | None = None
        self._waiting: Play | None = None  # begins when its reply is out
        self._handlers: dict[str, Callable[[Request], Awaitable[Reply | None]]] = {
            "OPTIONS": self._options,
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "PAUSE": self._pause,
            "TEARDOWN": self._teardown,
            "GET_PARAMETER": self._parameter,
            "SET_PARAMETER": self._parameter,
        }

    async def run(self) -> None:
        """Serve until either side ends it."""
        transport = self._writer.transport
        transport.set_write_buffer_limits(_WRITE_LIMIT)
        self._device.connections.add(transport)
        try:
            if not self._device.is_down(self._campus.now_ms()):
                await self._converse()
        except (OSError, asyncio.IncompleteReadError, TimeoutError, Malformed, PoweredOff):
            pass  # the client left, fell silent, or is no RTSP client; devices say nothing either
        finally:
            await self._end_session()
            self._device.connections.discard(transport)
            transport.abort()

    async def _converse(self) -> None:
        while True:
            async with asyncio.timeout(self._patience_s()):
                request = await read_request(self._reader)
            if self._device.is_down(self._campus.now_ms()):
                raise PoweredOff
            if request is None or self._keeps_silent(request):
                continue
            if self._device.latency_ms:
                await asyncio.sleep(self._device.latency_ms / 1000)
            reply = await self._answer(request)
            if reply is not None:
                await self._send(reply.encode(request.header("CSeq")))
            self._start_sending()

    def _patience_s(self) -> float:
        if self._session is None:
            return _IDLE_S
        return float(fault(self._device, "rtsp_session_timeout") or 60)

    def _keeps_silent(self, request: Request) -> bool:
        if fault(self._device, "silent", "RTSP") is not None:
            return True
        last = fault(self._device, "rtsp_silent_after")
        return isinstance(last, str) and _STAGES.get(request.method, 9) > _STAGES.get(last, 9)

    async def _answer(self, request: Request) -> Reply | None:
        self._device.rtsp.requests += 1
        handler = self._handlers.get(request.method)
        if handler is None:
            return Reply(405, {"Allow": ", ".join(_METHODS_ALL)})
        if fault(self._device, "close", "RTSP") is not None:
            raise PoweredOff
        if request.method != "OPTIONS":
            refusal = self._gate.refusal(request) or self._refusal_by_fault(request)
            if refusal is not None:
                return refusal
        return await handler(request)

    def _refusal_by_fault(self, request: Request) -> Reply | None:
        if fault(self._device, "busy", "RTSP") is not None:
            return Reply(453)
        place = fault(self._device, "rtsp_redirect") or fault(self._device, "redirect", "RTSP")
        if place is not None and request.method == "DESCRIBE":
            return Reply(302, {"Location": str(place)})
        required = request.header("Require")
        if not required:
            return None
        is_offered = self._device.profile_g and fault(self._device, "rtsp_no_replay") is None
        if required != "onvif-replay" or not is_offered:
            return Reply(551, {"Unsupported": required})
        return None

    async def _options(self, _request: Request) -> Reply:
        return Reply(200, {"Public": ", ".join(_METHODS_ALL)})

    async def _describe(self, request: Request) -> Reply | None:
        url = without_track(request.url)
        target = resolve(self._device, url)
        if target is None:
            return Reply(404)
        size = fault(self._device, "rtsp_huge_sdp")
        if size is not None:
            await huge_description(self._send, request.header("CSeq"), size)
            return None
        return description(self._campus, self._device, target, url)

    async def _setup(self, request: Request) -> Reply:
        target = resolve(self._device, request.url)
        if target is None:
            return Reply(404)
        channel = _interleaved_channel(request.header("Transport"))
        if channel is None or fault(self._device, "rtsp_udp_only") is not None:
            return Reply(461)
        if self._session is None:
            limit = fault(self._device, "rtsp_max_sessions")
            if limit is not None and self._device.rtsp.at_once >= int(limit):
                return Reply(453)
            self._open_session(target, without_track(request.url))
        session = self._session
        assert session is not None
        while channel in session.channels:
            channel += 2
        session.channels.add(channel)
        self._set_up_track(session.player, request.url, channel)
        transport = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        ssrc = f"{session.player.sender.ssrc:08X}"
        return Reply(200, self._headers({"Transport": f"{transport};ssrc={ssrc}"}))

    def _set_up_track(self, player: Player, url: str, channel: int) -> None:
        """Pictures, unless the address names another track; nothing is ever sent to a loudspeaker."""
        sound = sound_of(self._device)
        if url.endswith(LOUDSPEAKER):
            self._device.rtsp.loudspeaker += 1
        elif url.endswith(TRACK):
            self._device.rtsp.audio += 1
            if sound is not None:
                player.sound = SoundSender(channel, player.sender.ssrc + 1 & 0xFFFFFFFF, sound)
        else:
            self._device.rtsp.video += 1
            player.sender.channel = channel
            player.has_pictures = True

    async def _play(self, request: Request) -> Reply:
        session = self._session
        if session is None or request.header("Session") != session.id:
            return Reply(454)
        if session.is_playing:
            if request.header("Immediate").lower() != "yes":
                is_seek = bool(request.header("Range"))
                return Reply(455) if is_seek else Reply(200, self._headers({}))
            await self._stop_sending()
        try:
            ordered = order(
                self._campus, self._device, session.target, request, session.player.next_ms
            )
        except NothingThere:
            return Reply(457, self._headers({}))
        self._waiting = ordered.play
        sender = session.player.sender
        info = (
            f"url={session.url}/trackID=1;seq={sender.sequence};rtptime={session.player.timestamp}"
        )
        if not session.player.has_pictures:
            info = f"url={session.url}/{TRACK};seq=0"
        return Reply(200, self._headers({"RTP-Info": info, **ordered.headers}))

    async def _pause(self, request: Request) -> Reply:
        if self._session is None or request.header("Session") != self._session.id:
            return Reply(454)
        await self._stop_sending()
        return Reply(200, self._headers({}))

    async def _teardown(self, request: Request) -> Reply:
        if self._session is None or request.header("Session") != self._session.id:
            return Reply(454)
        await self._end_session()
        return Reply(200)

    async def _parameter(self, request: Request) -> Reply:
        if self._session is None and request.header("Session"):
            return Reply(454)
        return Reply(200, self._headers({}))

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        if self._session is None:
            return headers
        timeout = int(fault(self._device, "rtsp_session_timeout") or 60)
        return {"Session": f"{self._session.id};timeout={timeout}", **headers}

    def _open_session(self, target: Target, url: str) -> None:
        count = self._device.rtsp
        count.sessions += 1
        count.at_once += 1
        count.max_at_once = max(count.max_at_once, count.at_once)
        ssrc = zlib.crc32(f"{self._device.address}{target.channel.number}".encode())
        is_h265 = video_of(self._device)["codec"] == "h265"
        sender = RtpSender(0, ssrc, secrets.randbelow(65_536), is_h265=is_h265)
        player = Player(self._campus, self._device, sender, self._send)
        self._session = Session(f"{secrets.randbits(31):010d}", target, url, player)

    async def _end_session(self) -> None:
        if self._session is not None:
            await self._stop_sending()
            self._session = None
            self._device.rtsp.at_once -= 1

    def _start_sending(self) -> None:
        play, self._waiting = self._waiting, None
        session = self._session
        if play is None or session is None:
            return
        if fault(self._device, "rtsp_silent_after") != "PLAY":
            session.sending = asyncio.create_task(self._run_play(session.player, play))

    async def _run_play(self, player: Player, play: Play) -> None:
        try:
            await player.run(play)
        except (OSError, PoweredOff):
            self._writer.transport.abort()

    async def _stop_sending(self) -> None:
        task = self._session.sending if self._session is not None else None
        if task is not None and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _send(self, data: bytes | memoryview) -> None:
        self._writer.write(data)
        await self._writer.drain()


def _interleaved_channel(transport: str) -> int | None:
    """The first channel that the client proposes, None when it wants anything but TCP."""
    for offer in transport.split(","):
        if offer.strip().upper().startswith("RTP/AVP/TCP"):
            found = re.search(r"interleaved=(\d+)", offer)
            return min(int(found[1]), 252) if found else 0
    return None
