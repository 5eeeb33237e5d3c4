"""RTSP requests and replies as bytes (RFC 2326)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

_REASONS = {
    200: "OK",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    457: "Invalid Range",
    461: "Unsupported Transport",
    551: "Option not supported",
}
_MOST_BODY_BYTES = 64 * 1024


class Malformed(Exception):
    """What arrived is no RTSP request."""


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]

    def header(self, name: str) -> str:
        """The value of a header, blank when absent."""
        return self.headers.get(name.lower(), "")

    @property
    def number(self) -> int:
        """The CSeq of the request, 0 where it is none."""
        text = self.header("CSeq")
        return int(text) if text.isdecimal() else 0


@dataclass
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reason: str = ""

    def encode(self, cseq: str) -> bytes:
        """The reply as it goes over the wire."""
        reason = self.reason or _REASONS.get(self.status, "Unknown")
        lines = [f"RTSP/1.0 {self.status} {reason}", f"CSeq: {cseq}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request, or None for interleaved data (which shows that the client lives).

    IncompleteReadError at the end of the connection, Malformed for anything else than RTSP.
    """
    first = await reader.readexactly(1)
    if first == b"$":
        size = int.from_bytes((await reader.readexactly(3))[1:], "big")
        await reader.readexactly(size)
        return None
    if first in b"\r\n":
        return None
    try:
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise Malformed("header too long") from error
    request = _parse(head)
    length = request.header("Content-Length")
    if length.isdecimal():
        if int(length) > _MOST_BODY_BYTES:
            raise Malformed("body too long")
        await reader.readexactly(int(length))
    return request


def _parse(head: bytes) -> Request:
    lines = head.decode("utf-8", "replace").split("\r\n")
    words = lines[0].split()
    if len(words) != 3 or not words[2].startswith("RTSP/"):
        raise Malformed("no RTSP request line")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return Request(words[0], words[1], headers)
