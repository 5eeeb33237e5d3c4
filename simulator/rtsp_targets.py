"""What an RTSP address of a simulated device means, and the times that stand in it.

    /live/<token or channel>[/main or /sub]                      live, every device
    /replay/<recording token>                                    ONVIF replay, with Profile G
    /plain/<channel>?start=20261101T070000Z&end=...              a span in DEVICE_UTC, unthrottled
    /Streaming/Channels/101, /Streaming/tracks/101?starttime=... Hikvision: channel * 100 + stream
    /cam/realmonitor?channel=1&subtype=0, /cam/playback?...      Dahua

Hikvision and Dahua write the device's wall clock, Hikvision with a "Z" that does not mean UTC.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from simulator.clocks import TSI_MS, Base
from simulator.world import Dialect, SimChannel, SimDevice

_TRACK = re.compile(r"/?trackID=\d+$")
_DIGITS = re.compile(r"\D+")
_CLOCK_RANGE = re.compile(r"clock=([^-\s]*)-([^-\s]*)$")
_CLOCK_TIME = re.compile(r"(\d{8})T(\d{6})(\.\d+)?Z?$", re.IGNORECASE)


class TargetKind(StrEnum):
    LIVE = "LIVE"
    REPLAY = "REPLAY"
    VENDOR = "VENDOR"
    PLAIN = "PLAIN"


@dataclass(frozen=True)
class Target:
    """A stream. The span is in `base`; None = not told."""

    kind: TargetKind
    channel: SimChannel
    base: Base = Base.UTC
    start_ms: int | None = None
    end_ms: int | None = None
    is_substream: bool = False


def without_track(url: str) -> str:
    """The address of the whole stream, from that of its one track."""
    return _TRACK.sub("", url)


def resolve(device: SimDevice, url: str) -> Target | None:
    """What the address means on this device, or None when nothing is there."""
    parts = urlsplit(without_track(url))
    query = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
    words = [unquote(word) for word in parts.path.split("/") if word]
    if len(words) < 2:
        return None
    folder, rest = words[0].lower(), words[1:]
    if folder == "streaming" and device.dialect is Dialect.ISAPI:
        return _hikvision(device, rest, query)
    if folder == "cam" and device.dialect is Dialect.DAHUA:
        return _dahua(device, rest[0].lower(), query)
    channel = _channel(device, rest[0])
    if channel is None:
        return None
    if folder == "live":
        return Target(TargetKind.LIVE, channel, is_substream=rest[1:] == ["sub"])
    if folder == "replay" and device.profile_g:
        return Target(TargetKind.REPLAY, channel)
    if folder == "plain":
        start, end = clock_time_ms(query.get("start", "")), clock_time_ms(query.get("end", ""))
        return Target(TargetKind.PLAIN, channel, Base.UTC, start, end)
    return None


def clock_time_ms(text: str) -> int | None:
    """Milliseconds of an RTSP clock time (RFC 2326 section 3.7), None where it is none."""
    match = _CLOCK_TIME.match(text.strip())
    if not match:
        return None
    try:
        whole = dt.datetime.strptime(match[1] + match[2] + "+0000", "%Y%m%d%H%M%S%z")
    except ValueError:
        return None
    return int(whole.timestamp()) * 1000 + round(float(match[3] or 0) * 1000)


def clock_time(instant_ms: int, zone: str = "Z") -> str:
    """The RTSP clock time of an instant."""
    moment = dt.datetime.fromtimestamp(instant_ms // 1000, dt.UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{instant_ms % 1000:03d}{zone}"


def clock_range(text: str) -> tuple[int | None, int | None] | None:
    """Start and end of a `Range: clock=` value, None where it is none."""
    match = _CLOCK_RANGE.match(text.strip())
    return (clock_time_ms(match[1]), clock_time_ms(match[2])) if match else None


def _channel(device: SimDevice, word: str) -> SimChannel | None:
    found = device.channel_by_token(word)
    return found or (device.channel(int(word)) if word.isdecimal() else None)


def _hikvision(device: SimDevice, words: list[str], query: dict[str, str]) -> Target | None:
    if len(words) < 2 or not words[1].isdecimal():
        return None
    number, stream = divmod(int(words[1]), 100)
    channel = device.channel(number)
    if channel is None or stream not in (1, 2):
        return None
    if words[0].lower() == "channels":
        return Target(TargetKind.LIVE, channel, is_substream=stream == 2)
    if words[0].lower() == "tracks":
        return _vendor_span(channel, query)
    return None


def _dahua(device: SimDevice, word: str, query: dict[str, str]) -> Target | None:
    number = query.get("channel", "1")
    channel = device.channel(int(number)) if number.isdecimal() else None
    if channel is None:
        return None
    if word == "realmonitor":
        return Target(TargetKind.LIVE, channel, is_substream=query.get("subtype") == "1")
    return _vendor_span(channel, query) if word == "playback" else None


def _vendor_span(channel: SimChannel, query: dict[str, str]) -> Target:
    start, end = _wall_time_ms(query.get("starttime", "")), _wall_time_ms(query.get("endtime", ""))
    return Target(TargetKind.VENDOR, channel, Base.LOCAL, start, end)


def _wall_time_ms(text: str) -> int | None:
    """20261101T100000Z, 2026-11-01T10:00:00Z or 2026_11_01_10_00_00: the device's wall clock."""
    digits = _DIGITS.sub("", text)[:14]
    shown = clock_time_ms(f"{digits[:8]}T{digits[8:]}")
    return None if shown is None else shown - TSI_MS
