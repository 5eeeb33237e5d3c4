"""Reads one HTTP answer of a device with suspicion: its size, its encoding, where it would lead us."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from cameras.protocols.base import BadAnswer, Endpoint, TooLarge

UNAUTHORIZED = 401
_UNENCODED = {"", "identity", "utf-8"}


def no_safe_login(offers_basic: bool) -> str:
    """Why a login cannot be answered, for the person who has to set the device."""
    if offers_basic:
        return (
            "it offers Basic login only, which shows the password to everybody on the way:"
            " use TLS, or set the device to digest login"
        )
    return "it asks for a kind of login that is not known here"


def redirection(headers: Mapping[str, str], endpoint: Endpoint) -> str:
    """Which way a redirect leads, without the address that the device gives."""
    wants_tls = headers.get("Location", "").lower().startswith("https:")
    if wants_tls and not endpoint.tls:
        return "to HTTPS: ask it with TLS"
    return "to another page or host"


def refuse_encoded(headers: Mapping[str, str], body: bytes) -> None:
    """Raises BadAnswer for a compressed body: it could be of any size unpacked.

    Some firmware calls XML compressed that is as plain as we asked for.
    """
    encoding = headers.get("Content-Encoding", "").strip().lower()
    transfer = headers.get("Transfer-Encoding", "chunked").strip().lower()
    is_encoded = encoding not in _UNENCODED or transfer not in ("chunked", "identity")
    if is_encoded and not body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise BadAnswer("the device sends a compressed body that was not asked for")


async def read_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The whole body; TooLarge as soon as it is, or says to be, longer than `limit` bytes.

    What asks for a login may be cut off: firmware gives a page there that is shorter than it says.
    """
    try:
        return await _read_whole(response, limit)
    except aiohttp.ClientPayloadError:
        if response.status == UNAUTHORIZED:
            return b""
        raise


async def _read_whole(response: aiohttp.ClientResponse, limit: int) -> bytes:
    length = response.content_length
    if length is not None and length > limit:
        raise TooLarge(f"more than {limit} bytes")
    first = await response.content.readany()
    if response.content.at_eof() and len(first) <= limit:
        return first
    body = bytearray(first)
    while len(body) <= limit:
        piece = await response.content.readany()
        if not piece and response.content.at_eof():
            return bytes(body)
        body += piece
    raise TooLarge(f"more than {limit} bytes")
