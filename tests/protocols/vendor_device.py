"""A real HTTP server on loopback that answers as a test tells it to, with or without digest login."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from cameras.protocols.base import Endpoint, Login, Manner
from cameras.protocols.http import Conversation, Transport
from core.secret import Secret
from tests.protocols.patience import HANG_S

USER = "operator"
PASSWORD = "correct horse"
LOGIN = Login(USER, Secret(PASSWORD))

Answer = tuple[int, bytes] | bytes | web.StreamResponse
Handler = Callable[["Asked"], Answer | Awaitable[Answer]]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; `path` has the query."""

    method: str
    path: str
    body: bytes
    authorization: str


@dataclass
class VendorDevice:
    """`answer` decides every reply; `log` keeps every request, `logins` those with a login."""

    answer: Handler
    password: str | None = None
    realm: str = "device"
    server: str = ""
    log: list[Asked] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.host, self.port)

    @property
    def logins(self) -> list[Asked]:
        return [asked for asked in self.log if asked.authorization]

    def paths(self) -> list[str]:
        return [asked.path for asked in self.log]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = Asked(
            request.method,
            request.raw_path,
            await request.read(),
            request.headers.get("Authorization", ""),
        )
        self.log.append(asked)
        reply = (self.password and self.refusal(asked, self.password)) or self.answer(asked)
        if isinstance(reply, Awaitable) and not isinstance(reply, web.StreamResponse):
            reply = await reply
        if isinstance(reply, bytes):
            reply = (200, reply)
        if isinstance(reply, tuple):
            reply = web.Response(status=reply[0], body=reply[1])
        if self.server:
            reply.headers["Server"] = self.server
        return reply

    def refusal(self, asked: Asked, password: str) -> web.Response | None:
        """The digest challenge for a request without the right login; None when it is right."""
        if _is_right(asked, self.realm, password):
            return None
        challenge = f'Digest realm="{self.realm}", nonce="abc", qop="auth", algorithm=MD5'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})


def _is_right(asked: Asked, realm: str, password: str) -> bool:
    told = dict(re.findall(r'(\w+)="?([^",]*)"?', asked.authorization))
    if not told:
        return False
    first = _md5(f"{USER}:{realm}:{password}")
    second = _md5(f"{asked.method}:{told.get('uri', '')}")
    parts = [first, told.get("nonce", ""), told.get("nc", ""), told.get("cnonce", ""), "auth"]
    return told.get("response") == _md5(":".join([*parts, second]))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@contextlib.asynccontextmanager
async def serving(
    answer: Handler,
    *,
    password: str | None = None,
    realm: str = "device",
    server: str = "",
    host: str = "127.0.0.1",
) -> AsyncIterator[VendorDevice]:
    device = VendorDevice(answer, password, realm, server, host=host)
    runner = web.ServerRunner(web.Server(device.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, 0)
    await site.start()
    device.port = runner.addresses[0][1]
    try:
        yield device
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def talking(
    device: VendorDevice, manner: Manner | None = None
) -> AsyncIterator[Conversation]:
    async with Transport(deadline=HANG_S) as transport:
        yield transport.to(device.endpoint, LOGIN, manner or Manner())
