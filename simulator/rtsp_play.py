"""Turns a PLAY request into what is sent and what the reply claims."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from simulator.clocks import TSI_MS
from simulator.faults import fault
from simulator.rtsp_message import Request
from simulator.rtsp_playback import Span, from_key_picture, pictures, recorded_spans, video_of
from simulator.rtsp_player import Play, live_pictures
from simulator.rtsp_targets import Target, TargetKind, clock_range, clock_time
from simulator.world import Campus, Dialect, SimChannel, SimDevice

_NPT = re.compile(r"npt=(\d+(?:\.\d*)?)-")


class NothingThere(Exception):
    """Nothing of the asked span was recorded, or it is no longer there."""


@dataclass(frozen=True)
class Ordered:
    """What to send, and the headers of the reply."""

    play: Play
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """The span that is looked for, in the target's time base; None = open."""

    start_ms: int | None
    end_ms: int | None
    is_clock: bool = False


def order(
    campus: Campus,
    device: SimDevice,
    target: Target,
    request: Request,
    resume_ms: int | None = None,
) -> Ordered:
    """What a PLAY of `target` gives; NothingThere when that is nothing.

    `resume_ms` is where an earlier PLAY was paused: a PLAY without Range goes on there.
    """
    channel = _shown_channel(device, target)
    is_replay = target.kind is TargetKind.REPLAY and bool(request.header("Require"))
    if target.kind is TargetKind.LIVE or fault(device, "rtsp_plays_live") is not None:
        return _live(campus, device, channel, target)
    asked = _asked(device, target, request, is_replay=is_replay)
    if resume_ms is not None and not request.header("Range"):
        asked = _Asked(resume_ms, asked.end_ms, asked.is_clock)
    shift = int(fault(device, "rtsp_wrong_range") or 0)
    spans = _spans(campus, device, channel, target, asked, shift)
    headers = {"Range": _claim(device, asked, spans, shift)}
    speed = _speed(device, target, request, headers, is_replay=is_replay)
    is_lying = fault(device, "rtsp_lying_stamps") is not None
    play = Play(
        pictures(spans, video_of(device)),
        speed,
        cseq=request.number if is_replay else None,
        stamp_shift_ms=-shift if is_lying else 0,
        report_shift_ms=_report_shift_ms(device, target),
    )
    return Ordered(play, headers)


def has_recording(campus: Campus, device: SimDevice, target: Target) -> bool:
    """Whether anything of the target's own span was recorded."""
    if target.kind in (TargetKind.LIVE, TargetKind.REPLAY):
        return True
    spans = recorded_spans(
        campus, device, target.channel, target.base, target.start_ms, target.end_ms
    )
    return bool(spans)


def _shown_channel(device: SimDevice, target: Target) -> SimChannel:
    other = fault(device, "rtsp_other_channel")
    found = device.channel(int(other)) if other is not None else None
    return found or target.channel


def _live(campus: Campus, device: SimDevice, channel: SimChannel, target: Target) -> Ordered:
    video = video_of(device, is_substream=target.is_substream)
    play = Play(live_pictures(campus, device, channel, video), report_shift_ms=0)
    return Ordered(play, {"Range": "npt=now-"})


def _asked(device: SimDevice, target: Target, request: Request, *, is_replay: bool) -> _Asked:
    if fault(device, "rtsp_ignores_range") is not None:
        return _Asked(None, None)
    value = request.header("Range")
    if target.kind is TargetKind.REPLAY:
        span = clock_range(value)
        if span and (is_replay or fault(device, "rtsp_no_replay") == "clock"):
            return _Asked(*span, is_clock=True)
        return _Asked(None, None)
    end = None if fault(device, "rtsp_ignores_end") is not None else target.end_ms
    seek = _NPT.match(value)
    if seek and target.start_ms is not None:
        return _Asked(target.start_ms + round(float(seek[1]) * 1000), end)
    return _Asked(target.start_ms, end)


def _spans(
    campus: Campus,
    device: SimDevice,
    channel: SimChannel,
    target: Target,
    asked: _Asked,
    shift: int,
) -> list[Span]:
    start = None if asked.start_ms is None else asked.start_ms + shift
    end = None if asked.end_ms is None else asked.end_ms + shift
    spans = recorded_spans(campus, device, channel, target.base, start, end)
    if not spans:
        raise NothingThere
    return from_key_picture(campus, device, channel, target.base, spans)


def _report_shift_ms(device: SimDevice, target: Target) -> int | None:
    """Vendor playback tells the recording's time by RTCP, Hikvision's is the wall clock's figures."""
    if target.kind is not TargetKind.VENDOR or fault(device, "rtsp_reports_now") is not None:
        return None
    return TSI_MS if device.dialect is Dialect.ISAPI else 0


def _claim(device: SimDevice, asked: _Asked, spans: list[Span], shift: int) -> str:
    if not asked.is_clock:
        return "npt=0.000-"
    zone = "" if fault(device, "rtsp_zone_less") is not None else "Z"
    start, end = spans[0].start_ms - shift, spans[-1].end_ms - shift
    return f"clock={clock_time(start, zone)}-{clock_time(end, zone)}"


def _speed(
    device: SimDevice,
    target: Target,
    request: Request,
    headers: dict[str, str],
    *,
    is_replay: bool,
) -> float | None:
    """Times real time, None = unthrottled; the headers tell what was granted."""
    rate_control = request.header("Rate-Control").lower()
    if target.kind is TargetKind.PLAIN:
        return None
    if target.kind is TargetKind.VENDOR:
        paced = fault(device, "rtsp_real_time")
        if paced is None or rate_control == "no":
            return None
        return float(paced) * _scale(request, headers)
    if is_replay and rate_control in ("yes", "no"):
        headers["Rate-Control"] = rate_control
        if rate_control == "no":
            return None
    return _scale(request, headers)


def _scale(request: Request, headers: dict[str, str]) -> float:
    """The asked Scale or Speed between 0.125 and 16; backwards is not offered."""
    for name in ("Scale", "Speed"):
        try:
            asked = float(request.header(name))
        except ValueError:
            continue
        granted = min(16.0, max(0.125, asked)) if asked > 0 else 1.0
        headers[name] = f"{granted:g}"
        return granted
    return 1.0
