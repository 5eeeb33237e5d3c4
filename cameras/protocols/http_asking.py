"""What one HTTP request to a device is made of, and where it goes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from cameras.protocols.base import Endpoint, Reason, Unreachable

_USER_AGENT = "cctv-ops"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes
    headers: dict[str, str]
    limit: int
    port: int | None
    repeatable: bool


def request_headers(given: Mapping[str, str] | None, content_type: str | None) -> dict[str, str]:
    headers = {"User-Agent": _USER_AGENT, "Accept-Encoding": "identity", **(given or {})}
    if content_type:
        headers["Content-Type"] = content_type
    return headers


def all_values(headers: Mapping[str, str], name: str) -> list[str]:
    every = getattr(headers, "getall", None)
    return list(every(name, [])) if every else [headers[name]] if name in headers else []


async def look_up(endpoint: Endpoint) -> str:
    """The address of a device that is known by its name."""
    loop = asyncio.get_running_loop()
    try:
        rows = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable("the name is not known", reason=Reason.NAME_NOT_FOUND) from None
    return str(rows[0][4][0])
