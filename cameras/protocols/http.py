"""The one transport for all messages to devices.

A device is never trusted: no proxy, cookie or redirect is followed, no encoded body is read, the
connection goes to the one address of the `Endpoint`, and one deadline covers everything from the
connection to the last byte. Every failure is a `DeviceError`; details never carry a body, a login
or an address that a device gave.

    async with Transport() as transport:
        conversation = transport.to(endpoint, login, manner)
        reply = await conversation.call("GET", "/ISAPI/System/deviceInfo")
        await conversation.close()
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast

import aiohttp
from yarl import URL

from cameras.protocols.addresses import is_allowed_port, literal_address, path_on_device
from cameras.protocols.base import (
    BadAnswer,
    Busy,
    CredentialRefused,
    DeviceError,
    Endpoint,
    LockedOut,
    Login,
    Manner,
    NotSupported,
    Reason,
    TooSlow,
    Untrusted,
)
from cameras.protocols.device_tls import device_tls
from cameras.protocols.digest import DigestAnswers, basic_header, best_digest, parse_challenges
from cameras.protocols.http_answers import (
    no_safe_login,
    read_body,
    redirection,
    refuse_encoded,
)
from cameras.protocols.http_asking import Request, all_values, look_up, request_headers
from cameras.protocols.http_faults import NotHttp, as_device_error, raise_for_busy_or_lock
from cameras.protocols.http_malformed import Asking, PlainAnswer, ask_forgivingly

__all__ = ["MESSAGE_LIMIT", "PICTURE_LIMIT", "Conversation", "Reply", "Transport", "path_on_device"]

MALFORMED = "http-malformed"
MESSAGE_LIMIT = 4 * 1024 * 1024
PICTURE_LIMIT = 8 * 1024 * 1024
_LINE_LIMIT = 8190
_HEADERS_LIMIT = 100


@dataclass(frozen=True)
class Reply:
    """An answer of a device. The times are true-time milliseconds around the exchange."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes
    sent_ms: float
    received_ms: float  # when the headers were there


class _HungUp(aiohttp.ClientConnectionError):
    """The connection ended before an answer. Not one of the errors after which aiohttp asks again
    by itself: whether a request may be repeated is for us to say."""


class _Response(aiohttp.ClientResponse):
    """Notes when the headers arrived and which certificate the device showed."""

    arrived: float = 0.0
    certificate: bytes | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        tls = connection.transport and connection.transport.get_extra_info("ssl_object")
        if tls:
            self.certificate = tls.getpeercert(binary_form=True)
        try:
            await super().start(connection)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            raise _HungUp from error
        self.arrived = time.perf_counter()
        return self


class Transport:
    """Owns the connections of one event loop; `calls_at_once` bounds the calls under way."""

    def __init__(
        self,
        *,
        calls_at_once: int = 256,
        deadline: float = 12.0,
        connect_timeout: float = 5.0,
    ) -> None:
        """`deadline` and `connect_timeout` are seconds; the deadline includes the connection."""
        self.deadline = deadline
        self.connect_timeout = connect_timeout
        self.slots = asyncio.Semaphore(calls_at_once)
        self.tls = device_tls()
        self.open: set[Conversation] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for conversation in list(self.open):
            await conversation.close()

    def to(self, endpoint: Endpoint, login: Login | None, manner: Manner) -> Conversation:
        """A conversation with one device; nothing is sent yet. `manner` is updated as we learn."""
        return Conversation(self, endpoint, login, manner)


class Conversation:
    """Calls to one device, with its login. Close it to close its connections."""

    def __init__(
        self, transport: Transport, endpoint: Endpoint, login: Login | None, manner: Manner
    ) -> None:
        self.transport = transport
        self.endpoint = endpoint
        self.login = login
        self.manner = manner
        self._session: aiohttp.ClientSession | None = None
        self._fresh_session: aiohttp.ClientSession | None = None
        self._address: str | None = None
        self._idle_digests: list[DigestAnswers] = []
        self._knows_digest = False
        self._basic = False
        self._refusal: DeviceError | None = None
        self._has_answered = False
        self._forgives = MALFORMED in manner.quirks
        self._pin: aiohttp.Fingerprint | None = None

    async def close(self) -> None:
        """Closes the connections; a later call opens new ones."""
        self.transport.open.discard(self)
        sessions = (self._session, self._fresh_session)
        self._session = self._fresh_session = None
        for session in sessions:
            if session is not None:
                await session.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        limit: int = MESSAGE_LIMIT,
        deadline: float | None = None,
        authenticate: bool = True,
        port: int | None = None,
        repeatable: bool = True,
    ) -> Reply:
        """Sends one request and reads the whole answer.

        `path` is path and query as they go on the wire; `port` is another port of the same host.
        With `authenticate` an HTTP login is answered (at most two tries, and none after a
        refusal); without it a 401 is returned like any other status. Statuses other than
        401, 423, 429, 503 and redirects are the caller's business. `repeatable=False` for
        messages that change something, such as the next page of a search that the device
        counts: they go out on a connection of their own and are never sent again.
        """
        if authenticate and self._refusal is not None:
            raise self._refusal
        request = Request(
            method, path, body, request_headers(headers, content_type), limit, port, repeatable
        )
        async with self.transport.slots:
            try:
                async with asyncio.timeout(deadline or self.transport.deadline):
                    return await self._understand(request, authenticate)
            except TimeoutError:
                raise TooSlow(f"{method} not finished within the deadline") from None

    async def _understand(self, request: Request, authenticate: bool) -> Reply:
        """What is not quite HTTP is asked for again and read forgivingly, and so it is from then on."""
        try:
            return await self._converse(request, authenticate)
        except NotHttp:
            if self._forgives or not request.repeatable:
                raise
        self._forgives = True
        try:
            reply = await self._converse(request, authenticate)
        except NotHttp:
            self._forgives = False
            raise
        if MALFORMED not in self.manner.quirks:
            self.manner.quirks.append(MALFORMED)
        return reply

    async def _converse(self, request: Request, authenticate: bool) -> Reply:
        # A nonce counts upwards, and strict devices refuse a count that arrives late: calls that are
        # under way at the same time each have a nonce of their own.
        digest = self._idle_digests.pop() if authenticate and self._idle_digests else None
        authorization = self._authorization(request, digest) if authenticate else None
        reply = await self._send(request, authorization)
        self._heed(reply)
        if reply.status != 401 or not authenticate:
            self._keep(digest)
            return reply
        digest = self._take_challenge(reply)
        reply = await self._send(request, self._authorization(request, digest))
        self._heed(reply)
        if reply.status == 401:
            raise self._second_refusal(reply)
        if self.manner.auth != "wsse":
            self.manner.auth = digest.auth_name if digest else "basic"
        if digest is not None:
            self.manner.realm = digest.challenge.realm
        self._keep(digest)
        return reply

    def _keep(self, digest: DigestAnswers | None) -> None:
        if digest is not None:
            self._idle_digests.append(digest)

    def _heed(self, reply: Reply) -> None:
        try:
            raise_for_busy_or_lock(reply.status, reply.body)
        except LockedOut as locked:
            self._refusal = locked
            raise

    def _authorization(self, request: Request, digest: DigestAnswers | None) -> str | None:
        if digest is not None:
            return digest.header(request.method, request.path)
        if self._basic and self.login is not None and self.endpoint.tls:
            return basic_header(self.login)
        return None

    def _take_challenge(self, reply: Reply) -> DigestAnswers | None:
        """Chooses the login method; a password never goes out in the clear, nor in a weaker way."""
        if self.login is None:
            raise CredentialRefused("the device asks for a login", reason=Reason.NO_CREDENTIAL)
        challenges = parse_challenges(all_values(reply.headers, "WWW-Authenticate"))
        digest = best_digest(challenges)
        if digest is not None:
            self._knows_digest = True
            return DigestAnswers(digest, self.login)
        knew_digest = self._knows_digest or self.manner.auth.startswith("digest")
        if self._basic:
            raise self._refused()
        offers_basic = any(challenge.scheme == "basic" for challenge in challenges)
        if not (offers_basic and self.endpoint.tls and not knew_digest):
            raise NotSupported(no_safe_login(offers_basic), reason=Reason.UNSAFE_LOGIN)
        self._basic = True
        return None

    def _second_refusal(self, reply: Reply) -> DeviceError:
        challenges = parse_challenges(all_values(reply.headers, "WWW-Authenticate"))
        # `stale` says that the login itself was good: the account must not be parked for it.
        if any(challenge.stale for challenge in challenges):
            self._refusal = BadAnswer("the device calls every login stale")
            return self._refusal
        return self._refused()

    def _refused(self) -> DeviceError:
        self._refusal = CredentialRefused("the device refuses the login")
        return self._refusal

    async def _send(self, request: Request, authorization: str | None) -> Reply:
        try:
            return await self._exchange(request, authorization)
        except Busy:
            # A device may drop a kept connection just as we use it.
            if not (self._has_answered and request.repeatable):
                raise
            return await self._exchange(request, authorization)

    async def _exchange(self, request: Request, authorization: str | None) -> Reply:
        url = await self._url(request)
        headers = request.headers
        if authorization is not None:
            headers = {**headers, "Authorization": authorization}
        if self._forgives:
            return await self._exchange_forgivingly(request, url, headers)
        session = self._session_for(request)
        sent_wall, sent = time.time(), time.perf_counter()
        try:
            async with session.request(
                request.method,
                url,
                data=request.body or None,
                headers=headers,
                allow_redirects=False,
                ssl=self._pin or True,
            ) as response:
                answer = cast(_Response, response)
                self._check_certificate(answer)
                body = await read_body(response, request.limit)
                refuse_encoded(response.headers, body)
        except (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError) as error:
            # Our own deadline arrives as a cancellation: a TimeoutError here is aiohttp's.
            raise as_device_error(error, tls=self.endpoint.tls) from None
        except ValueError:
            raise NotHttp() from None
        times = sent_wall, sent_wall + (answer.arrived - sent)
        return self._judged(response.status, response.headers, body, times)

    async def _exchange_forgivingly(
        self, request: Request, url: URL, headers: dict[str, str]
    ) -> Reply:
        asking = Asking(
            url,
            request.method,
            headers,
            request.body,
            request.limit,
            self.transport.connect_timeout,
            self.transport.tls if self.endpoint.tls else None,
            bytes.fromhex(self.manner.certificate) if self.manner.certificate else None,
        )
        sent_wall, sent = time.time(), time.perf_counter()
        answer = await ask_forgivingly(asking)
        self._check_certificate(answer)
        refuse_encoded(answer.headers, answer.body)
        times = sent_wall, sent_wall + (answer.arrived - sent)
        return self._judged(answer.status, answer.headers, answer.body, times)

    def _judged(
        self, status: int, headers: Mapping[str, str], body: bytes, times: tuple[float, float]
    ) -> Reply:
        if 300 <= status < 400:
            raise Untrusted(redirection(headers, self.endpoint), reason=Reason.REDIRECTED)
        self._has_answered = True
        sent, arrived = times
        return Reply(status, headers, body, sent * 1000, arrived * 1000)

    def _session_for(self, request: Request) -> aiohttp.ClientSession:
        """What must not be repeated gets a new connection each time: a kept one may be gone."""
        if request.repeatable:
            self._session = self._session or self._new_session(keep=True)
            return self._session
        self._fresh_session = self._fresh_session or self._new_session(keep=False)
        return self._fresh_session

    def _new_session(self, *, keep: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=4,
            ssl=self.transport.tls,
            use_dns_cache=False,
            force_close=not keep,
            keepalive_timeout=15 if keep else None,
        )
        self.transport.open.add(self)
        if self.manner.certificate:
            self._pin = aiohttp.Fingerprint(bytes.fromhex(self.manner.certificate))
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            response_class=_Response,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.transport.connect_timeout),
            skip_auto_headers=("Content-Type",),
            max_line_size=_LINE_LIMIT,
            max_field_size=_LINE_LIMIT,
            max_headers=_HEADERS_LIMIT,
        )

    async def _url(self, request: Request) -> URL:
        """The request on the one address of this conversation; a name is looked up once."""
        if self._address is None:
            self._address = literal_address(self.endpoint.host) or await look_up(self.endpoint)
        port = request.port or self.endpoint.port
        if port != self.endpoint.port and not is_allowed_port(port):
            raise Untrusted(f"port {port} is not one that devices may name")
        if not request.path.startswith("/"):
            raise Untrusted("a path starts with a slash")
        host = f"[{self._address}]" if ":" in self._address else self._address
        scheme = "https" if self.endpoint.tls else "http"
        return URL(f"{scheme}://{host}:{port}{request.path}", encoded=True)

    def _check_certificate(self, response: _Response | PlainAnswer) -> None:
        """The certificate met first is remembered; the connection itself checks it from then on."""
        if self._pin is None and response.certificate:
            digest = hashlib.sha256(response.certificate)
            self._pin = aiohttp.Fingerprint(digest.digest())
            self.manner.certificate = digest.hexdigest()
