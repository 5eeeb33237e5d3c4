"""What a device hands out as an address becomes a path on the device itself, never another host."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, quote, urlsplit

from cameras.protocols.base import Endpoint, Reason, Unreachable, Untrusted

WEB_SCHEMES = {"http": 80, "https": 443}
RTSP_SCHEMES = {"rtsp": 554, "rtsps": 322}
_LOW_PORTS = {80, 443, 554, 322}
_LONGEST = 2048
_NEXT_ADDRESS = re.compile(r"\s+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
# What may stand unescaped in a path and query; everything else is sent percent-encoded.
_PLAIN = "/?:@!$&'()*+,;=-._~%[]|"


def is_allowed_port(port: int) -> bool:
    """The usual web and RTSP ports, and those that need no privilege: no mail, no SSH, no SMB."""
    return port in _LOW_PORTS or 1024 <= port <= 65535


def path_on_device(endpoint: Endpoint, url: str) -> tuple[str, int]:
    """Path with query, and port, of an XAddr, snapshot or stream address *on the dialled host*.

    Userinfo and fragment are dropped, the host is replaced. The port is kept where it can be
    right: an address with another host comes from behind address translation (or lies), so its
    standard port means nothing to us and the dialled port is used. A web address whose scheme is
    not the one we dialled keeps our port too, so that TLS is never dropped for plain HTTP.

    Raises `Untrusted` (OTHER_HOST) for other schemes, forbidden ports and unreadable addresses.
    """
    text = _first_address(url.strip())
    if not text or len(text) > _LONGEST or "\\" in text or not text.isprintable():
        raise Untrusted("the device gives an address that cannot be used")
    if text.startswith("/") and not text.startswith("//"):
        text = f"{'https' if endpoint.tls else 'http'}://{_netloc(endpoint)}{text}"
    try:
        parts = _split(text)
        told_port = parts.port
    except ValueError:
        raise Untrusted("the device gives an address that cannot be used") from None
    path = quote(parts.path or "/", safe=_PLAIN)
    if parts.query:
        path += "?" + quote(parts.query, safe=_PLAIN)
    return path, _port(endpoint, parts.scheme, parts.hostname or "", told_port)


def _first_address(text: str) -> str:
    """The first of several addresses in one text, as devices with two networks give them."""
    return _NEXT_ADDRESS.split(text, maxsplit=1)[0]


def _split(text: str) -> SplitResult:
    """urlsplit that also takes an IPv6 host without its brackets. Raises ValueError."""
    parts = urlsplit(text)
    try:
        ipaddress.IPv6Address(parts.netloc)
    except ValueError:
        return parts
    return parts._replace(netloc=f"[{parts.netloc}]")


def _netloc(endpoint: Endpoint) -> str:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{host}:{endpoint.port}"


def _port(endpoint: Endpoint, scheme: str, host: str, told: int | None) -> int:
    if scheme in WEB_SCHEMES:
        ours, usual = endpoint.port, WEB_SCHEMES[scheme]
        if (scheme == "https") != endpoint.tls:
            return ours
    elif scheme in RTSP_SCHEMES:
        usual = RTSP_SCHEMES[scheme]
        ours = endpoint.rtsp_port or usual
    else:
        raise Untrusted(f"the device gives a {scheme[:12] or 'strange'} address")
    port = told or usual
    if host.lower() != endpoint.host.lower() and port == usual:
        return ours
    if port != ours and not is_allowed_port(port):
        raise Untrusted(f"the device gives an address with port {port}")
    return port


def literal_address(host: str) -> str | None:
    """`host` when it is an IP address as people write one, None when it is a name.

    Raises `Unreachable` for numbers that only a lenient resolver would take for an address
    (decimal, hexadecimal, short forms): they hide where a connection goes.
    """
    bare = host.strip("[]")
    try:
        ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        last = bare.rstrip(".").rpartition(".")[2].lower()
        if not bare or last.isdigit() or last.startswith("0x"):
            raise Unreachable("not an address", reason=Reason.NAME_NOT_FOUND) from None
        return None
    return bare
