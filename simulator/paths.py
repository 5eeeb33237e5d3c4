"""Where the services and the streams of each make stand, and the addresses that devices give out."""

from __future__ import annotations

import datetime as dt
from xml.sax.saxutils import escape

from simulator.faults import fault
from simulator.world import Dialect, SimChannel, SimDevice

_PLAIN = {
    "device": "/onvif/device_service",
    "media": "/onvif/media_service",
    "media2": "/onvif/media2_service",
    "recording": "/onvif/recording_service",
    "search": "/onvif/search_service",
    "replay": "/onvif/replay_service",
    "events": "/onvif/event_service",
}
_ISAPI = {
    "device": "/onvif/device_service",
    "media": "/onvif/Media",
    "media2": "/onvif/Media2",
    "recording": "/onvif/Recording",
    "search": "/onvif/SearchRecording",
    "replay": "/onvif/Replay",
    "events": "/onvif/Events",
}
SERVICE_PATHS = {Dialect.ONVIF: _PLAIN, Dialect.ISAPI: _ISAPI, Dialect.DAHUA: _PLAIN}


def _host(device: SimDevice) -> str:
    host = fault(device, "other_host") or device.address
    login = "admin:gizli-kanarya@" if fault(device, "userinfo_uri") is not None else ""
    return f"{login}{host}"


def _http(device: SimDevice) -> str:
    return "https" if "tls" in device.faults else "http"


def http_url(device: SimDevice, path: str) -> str:
    """Return the address that the device gives for one of its pages (not escaped)."""
    return f"{_http(device)}://{_host(device)}:{device.http_port}{path}"


def given_uri(device: SimDevice, scheme: str, path: str, operation: str) -> str:
    """Return a stream, replay or snapshot address as XML text."""
    forced = fault(device, "uri", operation)
    if forced is not None:
        return escape(str(forced))
    port = device.rtsp_port if scheme == "rtsp" else device.http_port
    scheme = scheme if scheme == "rtsp" else _http(device)
    return escape(f"{scheme}://{_host(device)}:{port}{path}")


def live_path(device: SimDevice, channel: SimChannel, sub: bool = False) -> str:
    """Return path and query of a channel's live stream."""
    if device.dialect is Dialect.ISAPI:
        return f"/Streaming/Channels/{channel.number * 100 + (2 if sub else 1)}"
    if device.dialect is Dialect.DAHUA:
        return f"/cam/realmonitor?channel={channel.number}&subtype={int(sub)}"
    return f"/live/{channel.number}/{'sub' if sub else 'main'}"


def replay_path(device: SimDevice, channel: SimChannel) -> str:
    """Return the path of ONVIF replay of a channel's recording."""
    return f"/replay/{channel.token}"


def snapshot_path(device: SimDevice, channel: SimChannel) -> str:
    """Return path and query of a channel's still picture."""
    if device.dialect is Dialect.ISAPI:
        return f"/ISAPI/Streaming/channels/{channel.number * 100 + 1}/picture"
    if device.dialect is Dialect.DAHUA:
        return f"/cgi-bin/snapshot.cgi?channel={channel.number}"
    return f"/onvif/snapshot?channel={channel.number}"


def isapi_playback_path(track: int, start_ms: int, end_ms: int) -> str:
    """Return path and query of a playback on an ISAPI recorder; times are its wall clock."""
    first, last = (
        dt.datetime.fromtimestamp(ms // 1000, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        for ms in (start_ms, end_ms)
    )
    return f"/Streaming/tracks/{track}/?starttime={first}&endtime={last}"
