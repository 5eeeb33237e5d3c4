"""What is played of a recording, picture by picture, and nothing that was not recorded.

Times are the device's, in the time base of the request; pictures carry its UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.clocks import Base
from simulator.rtsp_rtp import Mark
from simulator.video import AccessUnit, Camera, gops
from simulator.video_camera import camera_for
from simulator.world import Campus, SimChannel, SimDevice

_LONGEST_AGE_MS = 400 * 86_400_000
_NO_MARK = Mark(0)
_ROUNDING_MS = 2  # between files, where a clock that drifts is rounded


@dataclass(frozen=True)
class Span:
    """A piece recorded without a break. Picture time in UTC = time in the request's base + shift."""

    start_ms: int
    end_ms: int
    shift_ms: int
    camera: Camera


@dataclass(frozen=True)
class Played:
    """One picture: when it was recorded in the request's time base, and its replay flags."""

    instant_ms: int
    unit: AccessUnit
    marks: Mark


def video_of(device: SimDevice, *, is_substream: bool = False) -> dict[str, Any]:
    """How a stream is coded: `faults["rtsp_video"]` over 640 x 360 at 15 pictures in H.264."""
    video = {"fps": 15, "width": 640, "height": 360, "bitrate": None, "codec": "h264"}
    video |= device.faults.get("rtsp_video", {})
    if is_substream:
        video |= {"width": 320, "height": 240, "bitrate": None}
    return video


def recorded_spans(
    campus: Campus,
    device: SimDevice,
    channel: SimChannel,
    base: Base,
    start_ms: int | None,
    end_ms: int | None,
) -> list[Span]:
    """What the device can play of [start, end), files that touch joined; None = as far as there is.

    Time that a clock set back has written twice is played once.
    """
    now = device.clock.at(campus.now_ms(), base)
    start = now - _LONGEST_AGE_MS if start_ms is None else start_ms
    end = now if end_ms is None else end_ms
    joined: list[list[int]] = []
    for file in campus.index(device, channel, start, end, base):
        first, last = max(file.start_ms, start), min(file.end_ms, end)
        if joined and first <= joined[-1][1] + _ROUNDING_MS:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    return [_span(device, channel, base, first, last) for first, last in joined if first < last]


def from_key_picture(
    campus: Campus, device: SimDevice, channel: SimChannel, base: Base, spans: list[Span]
) -> list[Span]:
    """The spans, the first one begun at the key picture before it: at its whole second if recorded."""
    if not spans:
        return spans
    start = spans[0].start_ms
    whole = start - start % 1000
    before = recorded_spans(campus, device, channel, base, whole, start)
    if not before or before[-1].end_ms < start:
        return spans
    first = _span(device, channel, base, before[-1].start_ms, spans[0].end_ms)
    return [first, *spans[1:]]


def pictures(spans: list[Span], video: dict[str, Any]) -> Iterator[list[Played]]:
    """Groups of pictures in order, flagged: D after a gap, E before one, T at the very end."""
    for number, span in enumerate(spans):
        shift, last_ms = span.shift_ms, span.end_ms
        is_first = number > 0
        for group in gops(span.camera, span.start_ms + shift, last_ms + shift, **video):
            played = []
            for unit in group:
                marks = Mark.CLEAN_POINT if unit.key else _NO_MARK
                if is_first:
                    marks |= Mark.DISCONTINUITY
                    is_first = False
                played.append(Played(unit.pts_ms - shift, unit, marks))
            if group[0].pts_ms // 1000 == (last_ms + shift - 1) // 1000:
                played[-1] = _ended(played[-1], is_terminal=number == len(spans) - 1)
            yield played


def _ended(picture: Played, *, is_terminal: bool) -> Played:
    marks = picture.marks | Mark.END_OF_SECTION
    if is_terminal:
        marks |= Mark.TERMINAL
    return Played(picture.instant_ms, picture.unit, marks)


def _span(device: SimDevice, channel: SimChannel, base: Base, start: int, end: int) -> Span:
    middle = (start + end) // 2
    found = device.clock.true_times(start, base) or device.clock.true_times(middle, base)
    true_ms = found[-1] if found else middle
    shift = 0
    if base is Base.LOCAL and found:
        shift = device.clock.at(true_ms) - device.clock.at(true_ms, Base.LOCAL)
    return Span(start, end, shift, camera_for(device, channel, true_ms))
