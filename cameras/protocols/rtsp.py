"""One RTSP 1.0 conversation (RFC 2326) with RTP interleaved in the same TCP connection.

Dials the endpoint's host and nothing else. Every wait ends: at the reply limit, at the stall limit
between two packets, or at the total deadline that runs from the start, however much is trickling in.
Bytes are capped. Redirects are refused. A login is tried once per challenge. No password, no body
and no address with a login ever stands in an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from .base import (
    BadAnswer,
    Busy,
    CredentialRefused,
    DeviceError,
    Endpoint,
    Login,
    NotSupported,
    Reason,
    TooLarge,
    TooSlow,
    Unreachable,
    Untrusted,
)
from .byte_stream import ByteStream
from .device_tls import device_tls
from .digest import DigestAnswers, basic_header, best_digest, parse_challenges
from .rtp import DOLLAR
from .rtsp_messages import (
    MAX_HEAD_BYTES,
    Address,
    Message,
    address_of,
    body_length,
    head_span,
    may_be_message,
    next_packet,
    parse_head,
    refusal,
)
from .sdp import MAX_SDP_BYTES

Take = Callable[[bytearray, int, int], int]
"""Is given bytes from one place to another; says up to where it has used them up."""
_MAX_WAITING_BYTES = 8 * 1024 * 1024
_USER_AGENT = "cctv-ops"
_GOODBYE_S = 1.0
_LINE_ENDS = (0x0D, 0x0A)
# Firmware that lacks GET_PARAMETER says so in as many ways.
_UNKNOWN_METHOD = (400, 405, 451, 501, 551)
_MAX_JUNK_MESSAGES = 200
_RIGHT_NUMBER_S = 1.0
"""Some cameras answer with the number 0, or the one before: so long the right one is waited for, once."""


@dataclass(frozen=True)
class StreamLimits:
    """How long, in seconds, and how much may be waited for. `total_s` counts from dialling."""

    connect_s: float = 5.0
    reply_s: float = 8.0
    stall_s: float = 8.0
    total_s: float = 90.0
    max_bytes: int = 1024 * 1024 * 1024


class Stalled(TooSlow):
    """Nothing came for the stall limit."""

    reason = Reason.NO_ANSWER


class DeadlinePassed(TooSlow):
    """The total deadline passed."""


class ConnectionEnded(Busy):
    """The device closed the connection."""


class StreamEnded(Exception):
    """The device announced that the stream is over; not an error."""


class RtspConnection:
    """Requests, replies and interleaved packets. Use as an async context manager."""

    def __init__(
        self,
        endpoint: Endpoint,
        login: Login | None,
        url: str,
        limits: StreamLimits,
        *,
        allow_basic: bool = False,
    ) -> None:
        self.address: Address = address_of(endpoint, url)
        self.bytes_received = 0
        self._login = login
        self._limits = limits
        self._allow_basic = allow_basic
        self._digest: DigestAnswers | None = None
        self._basic = ""
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + limits.total_s
        self._stream: ByteStream
        self._waiting = bytearray()
        self._sequence = 0
        self._miscounts = False
        self._kept_alive: set[str] = set()  # numbers of keep-alives that may still be answered
        self._session = ""
        self.control = self.address.url  # where the session is kept alive and ended
        self._alive_every_s = 0.0
        self._alive_due = 0.0
        self._alive_method = "OPTIONS"
        self._alive_renewed = False
        self._login_accepted = False

    async def __aenter__(self) -> Self:
        await self._dial()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._session and not isinstance(error, asyncio.CancelledError | ConnectionEnded):
                await self._say_goodbye()
        finally:
            await self._hang_up()

    async def _hang_up(self) -> None:
        await self._stream.hang_up()

    async def _dial(self) -> None:
        left = min(self._limits.connect_s, self._deadline - self._loop.time())
        context = device_tls() if self.address.tls else None
        try:
            async with asyncio.timeout(left):
                _transport, self._stream = await self._loop.create_connection(
                    ByteStream, self.address.host, self.address.port, ssl=context
                )
        except TimeoutError:
            raise Unreachable("Nothing answers at the RTSP port.") from None
        except ConnectionRefusedError:
            raise Unreachable(
                "The RTSP port is closed.", reason=Reason.CONNECTION_REFUSED
            ) from None
        except ssl.SSLError:
            raise Untrusted("TLS with the RTSP port failed.", reason=Reason.TLS_FAULT) from None
        except OSError:
            raise Unreachable("There is no way to the RTSP port.") from None

    def use_session(self, reply: Message, control: str) -> None:
        """Remember the session of a SETUP reply, to keep it alive and to end it."""
        identity, *rest = reply.get("session").split(";")
        self._session = identity.strip() or self._session
        self.control = control
        seconds = 60
        for part in rest[:8]:
            name, _, value = (word.strip() for word in part.partition("="))
            if name.lower() == "timeout" and value.isascii() and value.isdigit():
                seconds = max(2, min(int(value[:6]), 3600))
        self._alive_every_s = seconds / 2
        self._alive_due = self._loop.time() + self._alive_every_s

    def use_methods(self, public: str) -> None:
        """Choose how the session is kept alive from the reply to OPTIONS."""
        if "GET_PARAMETER" in public.upper():
            self._alive_method = "GET_PARAMETER"

    async def request(
        self, method: str, url: str, headers: Mapping[str, str] | None = None
    ) -> Message:
        """One request and its reply, whatever its status; a challenge is answered once.

        Raises CredentialRefused where the login is refused or missing.
        """
        reply = await self._exchange(method, url, headers or {})
        if reply.status != 401:
            self._login_accepted = self._login_accepted or self._shows_login
            return reply
        if self._login is None:
            raise CredentialRefused(
                f"{method}: the device asks for a login.", reason=Reason.NO_CREDENTIAL
            )
        if self._shows_login and not self._login_accepted:
            raise refusal(method, reply)
        self._answer_challenge(reply, self._login)
        is_closing = "close" in reply.get("connection").lower() or self._stream.is_over
        if is_closing and not self._session:
            await self._hang_up()
            await self._dial()
        reply = await self._exchange(method, url, headers or {})
        if reply.status == 401:
            raise refusal(method, reply)
        self._login_accepted = True
        return reply

    @property
    def _shows_login(self) -> bool:
        return bool(self._digest or self._basic)

    def _answer_challenge(self, reply: Message, login: Login) -> None:
        offered = parse_challenges(reply.headers.get("www-authenticate", []))
        digest = best_digest(offered)
        if digest is not None:
            self._digest = DigestAnswers(digest, login)
        elif {one.scheme for one in offered} != {"basic"}:
            raise NotSupported("The device asks for a login in a way that we do not know.")
        elif not self._allow_basic:
            raise NotSupported(
                "The device offers only Basic: the password would go in clear.",
                reason=Reason.UNSAFE_LOGIN,
            )
        else:
            self._basic = basic_header(login)

    async def receive(self, take: Take) -> AsyncIterator[None]:
        """Hands interleaved packets to `take` as they come, and yields after each time.

        `take` uses up whole packets, each as it came (RFC 2326 section 10.12). What is no packet is left to this class. The session is kept alive
        meanwhile. Raises Stalled, DeadlinePassed, ConnectionEnded, TooLarge, or StreamEnded when announced.
        """
        if self._waiting:
            take(self._waiting, 0, len(self._waiting))
            self._waiting.clear()
            yield
        give_up = self._loop.time() + self._limits.stall_s
        stream = self._stream
        while True:
            begin = stream.start
            stream.start = take(stream.data, begin, stream.end)
            if stream.start > begin:
                yield
                give_up = self._loop.time() + self._limits.stall_s
            if stream.first not in (DOLLAR, -1):
                if not may_be_message(stream.peek(24)):
                    stream.drop(next_packet(stream.peek(len(stream))))
                    if stream.first == DOLLAR:
                        continue
                message = await self._take_message()
                if message is not None:
                    await self._unasked(message)
                    give_up = self._loop.time() + self._limits.stall_s
                    continue
            await self._fill(give_up)

    async def _exchange(self, method: str, url: str, headers: Mapping[str, str]) -> Message:
        sequence = str(await self._send(method, url, headers))
        give_up = self._loop.time() + self._limits.reply_s
        other: Message | None = None
        for _ in range(_MAX_JUNK_MESSAGES):
            try:
                item = await self._reply_or_packet(method, give_up)
            except Stalled:
                if other is None:
                    raise
                self._miscounts = True
                return other
            number = item.get("cseq").strip()
            if not item.status:
                await self._unasked(item)
            elif number in self._kept_alive:
                self._kept_alive.remove(number)
            elif self._miscounts or number in ("", sequence):
                return item
            else:
                other = item
                give_up = min(give_up, self._loop.time() + _RIGHT_NUMBER_S)
        raise BadAnswer(f"{method}: the device answers other questions than ours.")

    async def _reply_or_packet(self, method: str, give_up: float) -> Message:
        while True:
            left = give_up - self._loop.time()
            if left <= 0:
                raise Stalled(f"{method} was not answered.")
            try:
                item = await self._next_item(left)
            except Stalled:
                raise Stalled(f"{method} was not answered.") from None
            if isinstance(item, Message):
                return item
            self._waiting += item
            if len(self._waiting) > _MAX_WAITING_BYTES:
                raise TooLarge(f"{method}: the device sends packets instead of an answer.")

    async def _send(self, method: str, url: str, headers: Mapping[str, str]) -> int:
        self._sequence += 1
        lines = [
            f"{method} {url} RTSP/1.0",
            f"CSeq: {self._sequence}",
            f"User-Agent: {_USER_AGENT}",
        ]
        if self._session:
            lines.append(f"Session: {self._session}")
        if self._shows_login:
            value = self._digest.header(method, url) if self._digest else self._basic
            lines.append(f"Authorization: {value}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        await self._write("\r\n".join(lines).encode() + b"\r\n\r\n")
        return self._sequence

    async def _write(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(min(self._limits.reply_s, self._left())):
                await self._stream.write(data)
        except TimeoutError:
            raise Stalled("The device no longer reads what we send.") from None
        except OSError:
            raise ConnectionEnded("The device closed the connection.") from None

    async def _next_item(self, patience_s: float) -> Message | bytes:
        """A message, or an interleaved packet as it came."""
        give_up = self._loop.time() + patience_s
        while True:
            item = (
                self._take_packet() if self._stream.first == DOLLAR else await self._take_message()
            )
            if item is not None:
                return item
            await self._fill(give_up)

    def _take_packet(self) -> bytes | None:
        head = self._stream.peek(4)
        if len(head) < 4:
            return None
        size = 4 + (head[2] << 8 | head[3])
        if len(self._stream) < size:
            return None
        packet = self._stream.peek(size)
        self._stream.drop(size)
        return packet

    async def _take_message(self) -> Message | None:
        stream = self._stream
        while stream.first in _LINE_ENDS:
            stream.drop(1)
        span = head_span(stream.peek(MAX_HEAD_BYTES))
        if span is None:
            if len(stream) > MAX_HEAD_BYTES:
                raise BadAnswer("What the device sends is not RTSP.")
            return None
        head, end = span
        message = parse_head(stream.peek(head))
        size = body_length(message, MAX_SDP_BYTES)
        if size > MAX_SDP_BYTES:
            raise TooLarge("An RTSP reply is larger than we accept.")
        if len(stream) < end + size:
            return None
        message.body = stream.peek(end + size)[end:]
        stream.drop(end + size)
        return message

    def _left(self) -> float:
        left = self._deadline - self._loop.time()
        if left <= 0:
            raise DeadlinePassed("The total deadline passed.")
        return left

    async def _fill(self, give_up: float) -> None:
        if self._alive_every_s and self._loop.time() >= self._alive_due:
            self._alive_due = self._loop.time() + self._alive_every_s
            number = await self._send(self._alive_method, self.control, {})
            self._kept_alive.add(str(number))
        left = self._left()
        patience = min(give_up - self._loop.time(), left)
        until_alive = self._alive_due - self._loop.time() if self._alive_every_s else patience
        try:
            async with asyncio.timeout(max(0.0, min(patience, until_alive))):
                count = await self._stream.more()
        except TimeoutError:
            self._left()
            if self._loop.time() >= give_up:
                raise Stalled("The device fell silent.") from None
            return
        if not count:
            raise ConnectionEnded("The device closed the connection.")
        self.bytes_received += count
        if self.bytes_received > self._limits.max_bytes:
            raise TooLarge("The stream is larger than we accept.")

    async def _unasked(self, message: Message) -> None:
        """Replies to keep-alives, and requests that the device makes of us."""
        self._kept_alive.discard(message.get("cseq").strip())
        if message.status in _UNKNOWN_METHOD and self._alive_method != "OPTIONS":
            self._alive_method, self._alive_due = "OPTIONS", self._loop.time()
        elif message.status == 454:
            raise StreamEnded
        elif message.status == 401:
            self._renew_login(message)
        elif message.status == 200:
            self._alive_renewed = False
        if message.status:
            return
        if message.method == "REDIRECT":
            raise Untrusted("The device sends us elsewhere.", reason=Reason.REDIRECTED)
        await self._write(
            f"RTSP/1.0 200 OK\r\nCSeq: {message.get('cseq')[:20]}\r\n\r\n".encode(
                "ascii", "replace"
            )
        )
        if message.method in ("ANNOUNCE", "TEARDOWN"):
            raise StreamEnded

    def _renew_login(self, message: Message) -> None:
        """A keep-alive whose nonce ran out is sent once more; unanswered, the session would be dropped."""
        digest = best_digest(parse_challenges(message.headers.get("www-authenticate", [])))
        if digest is None or self._login is None or not self._login_accepted or self._alive_renewed:
            return
        self._digest = DigestAnswers(digest, self._login)
        self._alive_renewed = True
        self._alive_due = self._loop.time()

    async def _say_goodbye(self) -> None:
        """End the session: recorders play few at once. Reading on keeps a reset from eating TEARDOWN."""
        with contextlib.suppress(DeviceError, StreamEnded, TimeoutError, OSError):
            async with asyncio.timeout(_GOODBYE_S):
                self._deadline = self._loop.time() + _GOODBYE_S
                self._alive_every_s = 0.0
                await self._send("TEARDOWN", self.control, {})
                for _ in range(10_000):
                    item = await self._next_item(_GOODBYE_S)
                    if isinstance(item, Message) and item.status:
                        return
