"""The switches that make a device broken or hostile, and what they do to its replies.

A fault is set as `device.faults[name] = value`. The value is True, a figure or a text; or
`{"value": ..., "only": ["Operation", ...]}` to strike some operations only. `{"times": n}` strikes
the first n replies and then clears itself.
"""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from simulator.rtsp_faults import RTSP_CATALOGUE
from simulator.world import SimDevice

CATALOGUE: dict[str, str] = {
    **RTSP_CATALOGUE,
    # Conversation
    "dead": "refuses connections",
    "silent": "accepts and never answers",
    "close": "closes instead of answering",
    "slow": "answers after so many milliseconds",
    "drip": "sends one byte of the body every so many seconds",
    "drip_headers": "sends one header line every so many seconds",
    "busy": "answers 503 or deviceBusy; the text '200' sends it as a success",
    "redirect": "redirects to this URL",
    "digest_loop": "refuses every login with stale=true",
    "garbage": "answers with bytes that are not HTTP",
    "tls": "speaks TLS on its HTTP port: self-signed, expired, exchanged or old (TLS 1.0)",
    "tls_junk": "answers a TLS hello with junk",
    # Body
    "huge_body": "sends a chunked body of so many bytes (default 1 GB)",
    "gzip_bomb": "sends so many bytes (default 200 MB) compressed, asked or not",
    "html_login": "answers with a login page",
    "empty": "answers with an empty body",
    "cut_off": "ends in the middle of the body",
    "dtd": "puts a document type before the reply",
    "billion_laughs": "puts nested entities before the reply",
    "xxe": "includes this URL (default file:///etc/hostname) as an external entity",
    "deep_xml": "sends elements nested so deep (default 200000)",
    "many_attributes": "sends one element with so many attributes (default 200000)",
    "big_text": "sends one text of so many bytes (default 50 MB)",
    "legacy_charset": "sends cp1254 letters and calls them UTF-8",
    "utf16": "sends UTF-16",
    "nul": "sends NUL bytes in the text",
    "control_chars": "sends control characters in the text",
    # Services
    "only_capabilities": "knows GetCapabilities, not GetServices",
    "no_media2": "has no Media2 service",
    "no_masks": "has no privacy masks: no GetMasks, no privacyMask, no VideoWidget",
    "no_recording": "has no recording service",
    "no_search": "has no search service or no search page",
    "no_replay": "has no replay service",
    "no_events": "has no event service",
    "no_summary": "answers GetRecordingSummary with a 400",
    "event_results_500": "answers GetEventSearchResults with a 500",
    "no_calendar": "has no dailyDistribution",
    "camera_state_501": "answers getCameraState with a 501",
    "ok_did_nothing": "answers 200 to writes and does nothing",
    # Values
    "no_utc": "leaves out UTCDateTime",
    "no_local": "leaves out LocalDateTime",
    "no_date_header": "sends no HTTP Date",
    "zoneless_times": "writes times without zone",
    "capital_booleans": "writes TRUE and FALSE",
    "echo_security": "repeats the caller's security header in the reply",
    "other_host": "names this host in every address that it gives",
    "userinfo_uri": "puts a name and a password into the addresses that it gives",
    "uri": "gives this text for every stream, snapshot and replay address",
    # Recorders' hardware
    "restarts": "starts again every so many minutes (default 180) and records on as if nothing were",
    "disk_missing": "no longer shows its last disk, or so many of them",
    "disk_read_only": "shows its first disk as read-only",
    "array_degraded": "shows one array in place of its disks, and that it is degraded",
    "smart_warning": "says by SMART that its first disk will fail (ISAPI)",
    # Searches
    "power_cut_events": "writes no event when its power fails ('end'), nor when it comes back ('none')",
    "no_last_reboot": "does not tell when it was started last, nor for how long it has been running",
    "open_at_power_cut": "shows the file that was open when its power failed until it came back",
    "empty_search": "finds nothing although there are recordings",
    "empty_calendar": "shows no recorded day in dailyDistribution",
    "ignored_filters": "answers for every channel and every time, whatever was asked",
    "endless_search": "sends the same page for ever",
    "no_search_state": "leaves out SearchState",
    "search_expires": "forgets a search at once",
    "million_results": "finds so many results (default 1000000)",
    "total_as_matches": "tells the total as the number of matches of the page",
    "errors_as_200": "sends ISAPI errors as HTTP 200",
    "wide_windows_fail": "fails every search of more than a day, not only now and then",
    "zero_based_items": "counts channels from 0 in the items of findNextFile",
    "empty_is_error": "answers findFile with 400 when there is nothing",
}


class UnknownFault(ValueError):
    """No such switch."""


def set_fault(device: SimDevice, name: str, value: Any = True) -> None:
    """Set a switch; None or False clears it. `rtsp_` and `ntp_` switches belong to those servers."""
    if name not in CATALOGUE and not name.startswith(("rtsp_", "ntp_")):
        raise UnknownFault(name)
    if value is None or value is False:
        device.faults.pop(name, None)
    else:
        device.faults[name] = value


def fault(device: SimDevice, name: str, operation: str = "") -> Any:
    """Return the value of a switch, or None where it is not set for this operation."""
    value = device.faults.get(name)
    if not isinstance(value, dict):
        return value
    only = value.get("only")
    if only is not None and operation not in only:
        return None
    if "times" in value:
        value["times"] -= 1
        if value["times"] < 0:
            del device.faults[name]
            return None
    return value.get("value", True)


@dataclass(slots=True)
class Reply:
    """What the device answers; `operation` is the ONVIF operation or the path, for the switches."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"
    headers: list[tuple[str, str]] = field(default_factory=list)
    operation: str = ""
    stream: Callable[[], AsyncIterator[bytes]] | None = None  # chunks instead of `body`
    declared_length: int | None = None  # a Content-Length that is not true
    raw: bytes | None = None  # sent instead of everything
    after_ms: int = 0  # held back for so long


def _number(value: Any, default: int) -> int:
    return default if value is True else int(value)


def _busy(reply: Reply, value: Any) -> None:
    reply.status = 200 if str(value) == "200" else 503
    reply.headers = [("Retry-After", "1")]
    if reply.content_type == "text/plain":
        reply.body = b"Error\r\nDevice Busy\r\n"
        return
    if reply.content_type.startswith("application/soap+xml"):
        reply.content_type = "text/html"
        reply.body = b"<html><body><h1>503 Service Unavailable</h1></body></html>"
        return
    reply.content_type = "application/xml"
    reply.body = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<ResponseStatus version="2.0">'
        b"<statusCode>2</statusCode><statusString>Device Busy</statusString>"
        b"<subStatusCode>deviceBusy</subStatusCode></ResponseStatus>"
    )


def _redirect(reply: Reply, value: Any) -> None:
    reply.status, reply.body = 302, b""
    reply.headers = [("Location", str(value))]


def _huge_body(reply: Reply, value: Any) -> None:
    total = _number(value, 1 << 30)

    async def chunks() -> AsyncIterator[bytes]:
        block = b" " * 65_536
        for _ in range(total // len(block)):
            yield block

    reply.stream = chunks


@lru_cache(maxsize=2)
def _bomb(total: int) -> bytes:
    return gzip.compress(b" " * total, 9)


def _gzip_bomb(reply: Reply, value: Any) -> None:
    reply.body = _bomb(_number(value, 200_000_000))
    reply.headers.append(("Content-Encoding", "gzip"))


def _html_login(reply: Reply, _value: Any) -> None:
    reply.status, reply.content_type = 200, "text/html"
    reply.body = (
        b"<!DOCTYPE html><html><head><title>Login</title></head><body><form method=post>"
        b"<input name=user><input name=pass type=password><br></form></body></html>"
    )


def _empty(reply: Reply, _value: Any) -> None:
    reply.status, reply.body = 200, b""


def _cut_off(reply: Reply, _value: Any) -> None:
    reply.declared_length = len(reply.body)
    reply.body = reply.body[: max(1, len(reply.body) // 2)]


def _garbage(reply: Reply, _value: Any) -> None:
    reply.raw = bytes(range(256)) * 4


def _after_declaration(body: bytes, inserted: bytes) -> bytes:
    if body.startswith(b"<?xml"):
        head, _, rest = body.partition(b"?>")
        return head + b"?>" + inserted + rest
    return inserted + body


def _into_text(body: bytes, inserted: bytes) -> bytes:
    """Put bytes before the last closing tag."""
    at = body.rfind(b"</")
    return body[:at] + inserted + body[at:] if at > 0 else body + inserted


def _dtd(reply: Reply, _value: Any) -> None:
    reply.body = _after_declaration(
        reply.body, b'<!DOCTYPE x [<!ENTITY % p "<!ELEMENT y ANY>"> %p;]>'
    )


def _billion_laughs(reply: Reply, _value: Any) -> None:
    entities = b'<!ENTITY a0 "lol">' + b"".join(
        b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
    )
    reply.body = _into_text(
        _after_declaration(reply.body, b"<!DOCTYPE x [%s]>" % entities), b"&a9;"
    )


def _xxe(reply: Reply, value: Any) -> None:
    url = b"file:///etc/hostname" if value is True else str(value).encode()
    doctype = b'<!DOCTYPE x [<!ENTITY e SYSTEM "%s">]>' % url
    reply.body = _into_text(_after_declaration(reply.body, doctype), b"&e;")


def _deep_xml(reply: Reply, value: Any) -> None:
    depth = _number(value, 200_000)
    reply.body = _into_text(reply.body, b"<d>" * depth + b"</d>" * depth)


def _many_attributes(reply: Reply, value: Any) -> None:
    names = b" ".join(b'a%d="1"' % n for n in range(_number(value, 200_000)))
    reply.body = _into_text(reply.body, b"<d %s/>" % names)


def _big_text(reply: Reply, value: Any) -> None:
    reply.body = _into_text(reply.body, b"<d>%s</d>" % (b"x" * _number(value, 50_000_000)))


def _legacy_charset(reply: Reply, _value: Any) -> None:
    text = reply.body.decode("utf-8", "replace")
    reply.body = _into_text(text.encode("cp1254", "replace"), "<d>şğıİ</d>".encode("cp1254"))


def _utf16(reply: Reply, _value: Any) -> None:
    text = reply.body.decode("utf-8", "replace").replace("UTF-8", "UTF-16")
    reply.body = text.encode("utf-16")


def _nul(reply: Reply, _value: Any) -> None:
    reply.body = _into_text(reply.body, b"<d>a\0b</d>")


def _control_chars(reply: Reply, _value: Any) -> None:
    reply.body = _into_text(reply.body, b"<d>a\x07\x1b[2Jb</d>")


_SPOILERS: dict[str, Callable[[Reply, Any], None]] = {
    "legacy_charset": _legacy_charset,
    "dtd": _dtd,
    "billion_laughs": _billion_laughs,
    "xxe": _xxe,
    "deep_xml": _deep_xml,
    "many_attributes": _many_attributes,
    "big_text": _big_text,
    "nul": _nul,
    "control_chars": _control_chars,
    "utf16": _utf16,
    "busy": _busy,
    "redirect": _redirect,
    "huge_body": _huge_body,
    "gzip_bomb": _gzip_bomb,
    "html_login": _html_login,
    "empty": _empty,
    "cut_off": _cut_off,
    "garbage": _garbage,
}


def spoil(device: SimDevice, reply: Reply) -> None:
    """Apply the switches that change a finished reply."""
    for name, change in _SPOILERS.items():
        if name in device.faults:
            value = fault(device, name, reply.operation)
            if value is not None:
                change(reply, value)
