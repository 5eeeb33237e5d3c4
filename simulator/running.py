"""Runs the servers of a campus in one event loop, and follows devices that die and come back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Sequence

from simulator.certificates import Tls, tls_context
from simulator.control import ControlServer
from simulator.dahua import DahuaSide
from simulator.discovery import PORT as DISCOVERY_PORT
from simulator.discovery import DiscoveryEndpoint
from simulator.faults import Reply, fault
from simulator.http import Handler, HttpConnection, Request
from simulator.isapi import IsapiSide
from simulator.onvif import OnvifSide
from simulator.rtsp import serve_rtsp
from simulator.world import Campus, Dialect, Kind, SimDevice

log = logging.getLogger("simulator")
WATCH_S = 1.0


class NotLoopback(ValueError):
    """A simulated device may stand on a loopback address only."""


def make_handler(campus: Campus, device: SimDevice) -> Handler:
    """Return what answers the HTTP requests of a device."""
    sides: list[OnvifSide | IsapiSide | DahuaSide] = [OnvifSide(campus, device)]
    if device.dialect is Dialect.ISAPI:
        sides.append(IsapiSide(campus, device))
    elif device.dialect is Dialect.DAHUA:
        sides.append(DahuaSide(campus, device))

    def handle(request: Request) -> Reply:
        for side in sides:
            if side.knows(request.path):
                return side.answer(request)
        return Reply(404, b"<html><body>404</body></html>", "text/html", operation=request.path)

    return handle


class DeviceServers:
    """The listening sockets of one device."""

    def __init__(
        self, campus: Campus, device: SimDevice, *, rtsp: bool = True, discovery_port: int = 0
    ) -> None:
        if not device.address.startswith("127."):
            raise NotLoopback(device.address)
        self.device = device
        self._campus = campus
        self._rtsp = rtsp
        self._discovery_port = discovery_port
        self._handler = make_handler(campus, device)
        self._servers: list[asyncio.Server] = []
        self._datagrams: asyncio.DatagramTransport | None = None
        self._tls: Tls | None = None

    @property
    def is_up(self) -> bool:
        """Whether the device listens."""
        return bool(self._servers)

    async def follow(self) -> None:
        """Listen or stop listening, as the device's state asks for."""
        down = self.device.is_down(self._campus.now_ms())
        if self.is_up and (down or self._wanted_tls() is not self._tls):
            await self.stop()
        if not down and not self.is_up:
            await self.start()

    def _wanted_tls(self) -> Tls | None:
        kind = fault(self.device, "tls")
        if kind is None:
            return None
        return Tls(kind) if kind in list(Tls) else Tls.SELF_SIGNED

    async def start(self) -> None:
        """Listen; port 0 takes a free one and writes it back."""
        loop = asyncio.get_running_loop()
        self._tls = self._wanted_tls()
        server = await loop.create_server(
            lambda: HttpConnection(self._campus, self.device, self._handler),
            self.device.address,
            self.device.http_port,
            backlog=128,
            ssl=None if self._tls is None else tls_context(self.device, self._tls),
        )
        self.device.http_port = server.sockets[0].getsockname()[1]
        self._servers = [server]
        if self._rtsp:
            self._servers.append(await serve_rtsp(self.device, self._campus))
        if self._discovery_port:
            self._datagrams, _ = await loop.create_datagram_endpoint(
                lambda: DiscoveryEndpoint(self._campus, self.device),
                (self.device.address, self._discovery_port),
                family=socket.AF_INET,
            )

    async def stop(self) -> None:
        """Stop listening and break every conversation, as a lost power supply does."""
        for server in self._servers:
            server.close()
        self._servers = []
        for transport in list(self.device.connections):
            transport.abort()
        if self._datagrams is not None:
            self._datagrams.close()
            self._datagrams = None
        await asyncio.sleep(0)


class RunningCampus:
    """All servers of a campus, and its control server. Use it as an asynchronous context."""

    def __init__(
        self,
        campus: Campus,
        *,
        control: str = "",
        rtsp: str = "all",  # all, recorders or none: each costs a file descriptor
        discovery_port: int = DISCOVERY_PORT,
        addresses: Sequence[str] = (),
    ) -> None:
        self.campus = campus
        self._wanted = set(addresses)
        chosen = [
            each
            for each in campus.devices
            if not self._wanted or each.address in self._wanted or each.key in self._wanted
        ]
        self.servers = {
            each.address: DeviceServers(
                campus,
                each,
                rtsp=rtsp == "all" or (rtsp == "recorders" and each.kind is Kind.RECORDER),
                discovery_port=discovery_port,
            )
            for each in chosen
        }
        self.control = ControlServer(campus, self.follow) if control else None
        self._control_at = control
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> RunningCampus:
        try:
            await self.follow()
            if self.control is not None:
                await self.control.start(self._control_at)
        except OSError:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._keep_following())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop everything."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        if self.control is not None:
            await self.control.stop()
        for each in self.servers.values():
            await each.stop()

    async def follow(self) -> None:
        """Bring every device's sockets in line with its state."""
        for each in self.servers.values():
            await each.follow()

    async def _keep_following(self) -> None:
        # A campus file can hold outages that begin or end while the campus runs.
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self.follow()
            except OSError as error:
                log.warning("a device cannot listen: %s", error)
