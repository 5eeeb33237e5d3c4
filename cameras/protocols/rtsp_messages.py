"""RTSP 1.0 messages (RFC 2326): replies, addresses, the Range header, and what a status code means.

Addresses that a device hands out never change the host that is dialled: only path and query are used.
Times of a `Range: clock=` header are milliseconds since 1970 of the clock in which the device wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from .base import (
    BadAnswer,
    Busy,
    CredentialRefused,
    DeviceError,
    Endpoint,
    LockedOut,
    NotSupported,
    Reason,
    TooSlow,
    Untrusted,
)
from .rtp import DOLLAR

MAX_HEAD_BYTES = 32 * 1024
_MAX_HEADERS = 100
_CLOCK = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(?:\.(\d{1,6}))?\d*Z?", re.I)
_MESSAGE = re.compile(rb"(?i:RTSP)/\d|[A-Z_]{3,20} ")
_PACKET = re.compile(rb"\$(?=[\x00-\x0f][\s\S]{2}[\x80-\xbf])")
_BEGUN = re.compile(rb"[A-Za-z_]{0,20}/?")
_LINE_END = re.compile(r"\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_SAFE_IN_URL = "/?&=:;,@!$'()*+~.-_%[]"


@dataclass
class Message:
    """A reply (`status` > 0) or a request that the device sends us (`method` set)."""

    status: int = 0
    phrase: str = ""
    method: str = ""
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""

    def get(self, name: str) -> str:
        values = self.headers.get(name.lower())
        return values[0] if values else ""


@dataclass(frozen=True)
class ClockRange:
    """A `clock=` range; `end_ms` is None for an open end."""

    start_ms: int
    end_ms: int | None


@dataclass(frozen=True)
class Address:
    """Where to dial, and the address as it stands in requests: never with a login in it."""

    host: str
    port: int
    tls: bool
    url: str

    def under_same_host(self, url: str) -> str:
        """An absolute address that the device gave, with the host that we dialled in it."""
        try:
            parts = urlsplit(url)
        except ValueError:
            raise Untrusted("The stream address cannot be read.") from None
        return _join(self, parts.path, parts.query)


def may_be_message(begun: bytes) -> bool:
    """Whether these first bytes may be the beginning of a reply or a request."""
    begun = begun.lstrip(b"\r\n")
    return _MESSAGE.match(begun) is not None or _BEGUN.fullmatch(begun) is not None


def next_packet(waiting: bytes) -> int:
    """Where packets go on in bytes that are none.

    Servers that could not send a packet whole go on with the next one (live555 until 2017, which is in many
    cameras). A packet is believed where it looks like one and, if that can be seen, another one follows it.
    """
    for found in _PACKET.finditer(waiting):
        at = found.start()
        end = at + 4 + (waiting[at + 2] << 8 | waiting[at + 3])
        if end >= len(waiting) or waiting[end] == DOLLAR:
            return at
    # The last bytes may be the beginning of one.
    return max(len(waiting) - 4, 1)


def head_span(buffer: bytes) -> tuple[int, int] | None:
    """Where a head ends and what follows it begins; None when it is not whole yet.

    Lines end with CRLF, and on some devices with LF alone.
    """
    found = _HEAD_END.search(buffer, 0, MAX_HEAD_BYTES)
    return found.span() if found else None


def parse_head(head: bytes) -> Message:
    lines = _unfolded(_LINE_END.split(head.decode("utf-8", errors="replace")))
    if len(lines) > _MAX_HEADERS:
        raise BadAnswer("An RTSP reply has more headers than we accept.")
    words = lines[0].split(None, 2)
    message = Message()
    if words and words[0].upper().startswith("RTSP/"):
        if len(words) < 2 or not re.fullmatch(r"[1-5]\d\d", words[1], re.ASCII):
            raise BadAnswer("An RTSP reply has no status.")
        message.status = int(words[1])
        message.phrase = "".join(c for c in (words[2] if len(words) > 2 else "") if c.isprintable())
    elif len(words) == 3 and re.fullmatch(r"[A-Z_]{3,20}", words[0]):
        message.method = words[0]
    else:
        raise BadAnswer("What the device sends is not RTSP.")
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            message.headers.setdefault(name.strip().lower(), []).append(value.strip())
    return message


def _unfolded(lines: list[str]) -> list[str]:
    """Lines that begin with a space go on with the header before them (RFC 2326 section 4.2)."""
    whole = lines[:1]
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and len(whole) > 1:
            whole[-1] += " " + line.strip()
        else:
            whole.append(line)
    return whole


def body_length(message: Message, cap: int) -> int:
    text = message.get("content-length") or "0"
    if not re.fullmatch(r"\d{1,12}", text, re.ASCII):
        raise BadAnswer("An RTSP reply has no usable length.")
    return min(int(text), cap + 1)


def address_of(endpoint: Endpoint, url: str) -> Address:
    """The address to play `url` on this endpoint. Host and login inside the URL are dropped.

    Raises Untrusted where the scheme or the port is not one of RTSP's.
    """
    try:
        parts = urlsplit(url)
        given_port = parts.port
    except ValueError:
        raise Untrusted("The stream address cannot be read.") from None
    scheme = parts.scheme.lower()
    if scheme not in ("rtsp", "rtsps"):
        raise Untrusted("The stream address is not an RTSP address.")
    tls = scheme == "rtsps"
    port = endpoint.rtsp_port or given_port or (322 if tls else 554)
    if endpoint.rtsp_port is None and port not in (322, 554) and port < 1024:
        raise Untrusted("The stream address names a port that is not RTSP's.")
    bare = Address(endpoint.host, port, tls, "")
    return Address(endpoint.host, port, tls, _join(bare, parts.path, parts.query))


def _join(address: Address, path: str, query: str) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    scheme = "rtsps" if address.tls else "rtsp"
    target = quote(path or "/", safe=_SAFE_IN_URL)
    if query:
        target += "?" + quote(query, safe=_SAFE_IN_URL)
    return f"{scheme}://{host}:{address.port}{target}"


def control_url(address: Address, base: str, control: str) -> str:
    """The address of a track. Relative forms are appended, as devices expect, even behind a query."""
    if control in ("", "*"):
        return base
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", control):
        return address.under_same_host(control)
    relative = quote(control.lstrip("/"), safe=_SAFE_IN_URL)
    return base + ("" if base.endswith("/") else "/") + relative


def track_urls(address: Address, base: str, control: str) -> list[str]:
    """Where a track may be set up: as `control_url` says, else before the query, as some firmware reads it."""
    usual = control_url(address, base, control)
    path, mark, query = base.partition("?")
    if not mark or "://" in control:
        return [usual]
    before = control_url(address, path, control) + "?" + query.rstrip("/")
    return list(dict.fromkeys([usual, before]))


def play_urls(aggregate: str, asked: str, track: str) -> list[str]:
    """Where a session may be played: as described, with or without the last slash, as described for, its one track.

    Content-Base ends in a slash, also behind a query, and some firmware does not know that address again.
    """
    other = aggregate[:-1] if aggregate.endswith("/") else aggregate + "/"
    return list(dict.fromkeys([aggregate, other, asked, track]))


def write_clock(ms: int) -> str:
    """`YYYYMMDDTHHMMSS.mmmZ`, as `Range: clock=` wants it."""
    moment = datetime.fromtimestamp(ms // 1000, tz=UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{ms % 1000:03d}Z"


def read_range(header: str) -> ClockRange | None:
    """The `clock=` range of a reply; None for npt, smpte, nonsense or no header."""
    match = re.match(
        r"\s*clock\s*=\s*([^-;\s]+)\s*-\s*([^;\s]*)", _without_date_dashes(header), re.I
    )
    if match is None:
        return None
    start = _clock_ms(match[1])
    if start is None:
        return None
    return ClockRange(start, _clock_ms(match[2]))


def _without_date_dashes(text: str) -> str:
    return re.sub(r"(\d{4})-(\d\d)-(\d\d)T", r"\1\2\3T", text[:200])


def _clock_ms(text: str) -> int | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    try:
        moment = datetime(*(int(match[i]) for i in range(1, 7)), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000 + int((match[7] or "0").ljust(3, "0")[:3])


def interleaved_channel(transport: str) -> int:
    """The channel of the RTP packets that a reply to SETUP names. Raises NotSupported for another transport."""
    for part in transport.split(",")[0].split(";"):
        name, _, value = part.strip().partition("=")
        if name.lower() == "interleaved":
            first = value.partition("-")[0].strip()
            if first.isascii() and first.isdigit() and int(first[:4]) < 255:
                return int(first[:4])
    # Some cameras name no transport at all; we offered nothing but TCP, on channel 0.
    if transport.strip() and "tcp" not in transport.lower():
        raise NotSupported("The device does not send over TCP.")
    return 0


def rtp_info_time(header: str, control: str) -> int | None:
    """`rtptime` of the track with this control address; of the first where none is named so."""
    tracks = [dict(_pairs(track)) for track in header.split(",")]
    wanted = control.rstrip("/").rpartition("/")[2]
    own = [each for each in tracks if each.get("url", "").rstrip("/").rpartition("/")[2] == wanted]
    value = (own or tracks)[0].get("rtptime", "")
    if value.isascii() and value.isdigit() and len(value) <= 10:
        return int(value) % (1 << 32)
    return None


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        yield name.lower(), value


_MEANINGS: dict[int, tuple[type[DeviceError], Reason | None, str]] = {
    403: (NotSupported, None, "the login may not see this stream"),
    404: (NotSupported, Reason.NO_SUCH_CHANNEL, "there is no such stream"),
    405: (NotSupported, None, "the method is not offered"),
    408: (TooSlow, None, "the device gave up waiting"),
    429: (Busy, None, "the device plays no more streams at once"),
    453: (Busy, None, "not enough bandwidth for one more stream"),
    454: (Busy, None, "the device dropped the session"),
    456: (NotSupported, None, "the stream cannot be positioned"),
    457: (BadAnswer, Reason.WRONG_RANGE, "the device refuses the time span"),
    461: (NotSupported, None, "the device does not send over TCP"),
    501: (NotSupported, None, "the method is not implemented"),
    503: (Busy, None, "the device has no capacity left"),
    505: (NotSupported, None, "the RTSP version is not spoken"),
    551: (NotSupported, None, "a required option is not offered"),
}


def refusal(method: str, message: Message) -> DeviceError:
    """What a reply other than 200 means for the caller."""
    if message.status == 401:
        if "lock" in message.phrase.lower():
            return LockedOut(f"{method}: the device says that the account is locked.")
        return CredentialRefused(f"{method}: the login was refused.")
    if 300 <= message.status < 400:
        return Untrusted(f"{method}: the device sends us elsewhere.", reason=Reason.REDIRECTED)
    kind, reason, words = _MEANINGS.get(message.status, (BadAnswer, None, "not expected"))
    return kind(f"{method} was answered {message.status}: {words}.", reason=reason)
