"""When the pictures of a stream were taken, and what proves that they are of the time that was asked.

A recorder that does not understand a time span tends to play something else and call it a success.
So a past span is accepted only with a proof: the recording's own NTP times (ONVIF extension), else a
`Range: clock=` in the reply to PLAY that matches what was asked (Hikvision may say it in its description
instead), else RTCP times inside the span that are not simply the time of sending.
What proves to be of another time is `BadAnswer(WRONG_RANGE)`, what proves no time at all
`BadAnswer(TIME_NOT_PROVEN)`: many recorders answer without a word about the time, and that is no lie.

Times are integer milliseconds in the target's time base.
"""

from __future__ import annotations

import time

from .base import BadAnswer, DeviceError, Reason, StreamTarget, TimeBase
from .rtp import SenderReport
from .rtp_clock import RtpTimeline, StampSource
from .rtp_video import AccessUnit
from .rtsp_messages import ClockRange, read_range

# Recorders start at the key frame before the asked instant; smart codecs put many seconds between two.
LEAD_MS = 30_000
_WALL_CLOCK_MS = 3 * 3_600_000
_NTP_ERA_MS = (1 << 32) * 1000
_NEAR_NOW_MS = 10 * 60_000


class TimeProof:
    """Of one stream. Is told what the device says, decides once at the first picture, then places each.

    `local_ahead_ms` is how far the device's DEVICE_LOCAL is known to be ahead of its DEVICE_UTC, for
    targets in local time of a device with a wrong zone.
    """

    def __init__(self, target: StreamTarget, local_ahead_ms: int = 0) -> None:
        self.range_reply = ""
        self.source: StampSource | None = None
        self._target = target
        self._shifts = [0]
        if target.time_base is TimeBase.DEVICE_LOCAL:
            self._shifts = [0, local_ahead_ms, -_WALL_CLOCK_MS]
        if target.start_ms is not None and target.start_ms < 0:
            # A recording dated near 1900 (a recorder without a clock): its NTP times look like 2036.
            self._shifts.append(-_NTP_ERA_MS)
        self._clock_rate = 0
        self._confirmed_start_ms: int | None = None
        self._range_rtp: int | None = None
        self._report: SenderReport | None = None
        self._timeline: RtpTimeline | None = None
        self._shift_ms = 0

    def hear_play(
        self, told_range: str, rtp_time: int | None, described: str, clock_rate: int
    ) -> None:
        """What the reply to PLAY says (`Range`, `rtptime` of the track), and the description's range."""
        self.range_reply = _printable(told_range)
        self._range_rtp, self._clock_rate = rtp_time, clock_rate
        if self._target.replay:
            told = read_range(self.range_reply)
            self._confirmed_start_ms = self._confirm(told)
            if told is None and self._target.replay == "url":
                self._confirm_by_description(described)

    def hear_report(self, report: SenderReport) -> None:
        """A later report moves the times with it: over a gap, RTP times of some recorders just run on."""
        self._report = report
        if self.source is StampSource.RTCP and self._timeline is not None:
            self._timeline.set_anchor(report.rtp_time, report.ntp_ms)

    def decide(self, first: AccessUnit, *, final: bool) -> bool:
        """Decide once, at the first picture, from where times come. `final`: decide now, or raise."""
        if first.stamp is not None:
            shift = self._fitting_shift(first.stamp.ms) if self._target.replay else 0
            if shift is None:
                raise _wrong_range("The recorder plays another time than was asked.")
            self._shift_ms, self.source = shift, StampSource.ONVIF_NTP
        elif self._report is not None and self._use_report(first, self._report):
            self.source = StampSource.RTCP
        elif self._confirmed_start_ms is not None:
            anchor = self._anchor(first)
            self._timeline = RtpTimeline(self._clock_rate, anchor, self._confirmed_start_ms)
            self.source = StampSource.RANGE
        elif final and self._target.replay:
            raise self._unconfirmed()
        elif final:
            now = round(time.time() * 1000)
            self._timeline = RtpTimeline(self._clock_rate, first.rtp_time, now)
            self.source = StampSource.ARRIVAL
        return self.source is not None

    def place(self, unit: AccessUnit) -> int:
        """When a picture was taken, once that is decided."""
        if self.source is StampSource.ONVIF_NTP and unit.stamp is not None:
            ms = unit.stamp.ms + self._shift_ms
            # A picture without the extension is placed by its RTP distance to this one.
            if self._timeline is None:
                self._timeline = RtpTimeline(self._clock_rate, unit.rtp_time, ms)
            else:
                self._timeline.set_anchor(unit.rtp_time, ms)
            return ms
        if self._timeline is None:
            return 0
        ms = self._timeline.ms(unit.rtp_time)
        return ms if self.source is StampSource.ONVIF_NTP else ms + self._shift_ms

    def refuse_outside(self, stamp_ms: int) -> None:
        """Raises BadAnswer(WRONG_RANGE) for a picture that is not of the asked span or its lead."""
        if self._target.replay and not self._in_span(stamp_ms):
            raise _wrong_range("The pictures leave the asked span.")

    def _confirm(self, told: ClockRange | None) -> int | None:
        """The start that the reply to PLAY confirms, in the target's time base; None if it does not."""
        if told is None or (told.end_ms is not None and told.end_ms <= told.start_ms):
            return None
        shift = self._fitting_shift(told.start_ms)
        return None if shift is None else told.start_ms + shift

    def _confirm_by_description(self, described: str) -> None:
        """The description of a URL with a span may name that span; of a whole recording it proves nothing."""
        told = read_range(described)
        start = self._confirm(told)
        if told is None or told.end_ms is None or start is None:
            return
        end_ms = start + told.end_ms - told.start_ms
        if self._target.end_ms is not None and end_ms <= self._target.end_ms + LEAD_MS:
            self._confirmed_start_ms = start
            self.range_reply = _printable(described)

    def _fitting_shift(self, ms: int) -> int | None:
        """What to add to a time of the device so that it lies in the asked span; None = it does not.

        Recorders that think in wall-clock time write it either as such behind a false Z, or as UTC.
        """
        fitting = [shift for shift in self._shifts if self._in_span(ms + shift)]
        if 0 not in fitting and _is_now(ms):
            # Three hours ago asked, live played: that fits a false Z only by accident.
            return None
        start = self._target.start_ms or 0
        return min(fitting, key=lambda shift: abs(ms + shift - start), default=None)

    def _in_span(self, ms: int) -> bool:
        start, end = self._target.start_ms, self._target.end_ms
        return (start is None or ms >= start - LEAD_MS) and (end is None or ms < end)

    def _unconfirmed(self) -> DeviceError:
        """Another range than asked is a lie; a reply that says nothing of the time proves nothing."""
        told = read_range(self.range_reply)
        if told is not None or (self._target.replay == "onvif" and self.range_reply):
            return _wrong_range("The recorder confirms another time than was asked.")
        return BadAnswer(
            "The recorder does not tell which time it plays.", reason=Reason.TIME_NOT_PROVEN
        )

    def _use_report(self, first: AccessUnit, report: SenderReport) -> bool:
        timeline = RtpTimeline.of_report(self._clock_rate, report)
        shift = 0
        if self._target.replay:
            ms = timeline.ms(first.rtp_time)
            fitting = self._fitting_shift(ms)
            if fitting is None or not self._report_is_of_recording(ms, ms + fitting):
                return False
            shift = fitting
        self._shift_ms, self._timeline = shift, timeline
        return True

    def _report_is_of_recording(self, told_ms: int, ms: int) -> bool:
        """Whether an RTCP time is the recording's. Many recorders write the time of sending instead."""
        if self._confirmed_start_ms is not None:
            return abs(ms - self._confirmed_start_ms) <= LEAD_MS
        return not _is_now(told_ms)

    def _anchor(self, first: AccessUnit) -> int:
        """The RTP time of the confirmed start: as told, where that is near the first picture."""
        told = self._range_rtp
        if told is not None:
            distance = (first.rtp_time - told) % (1 << 32)
            distance = min(distance, (1 << 32) - distance)
            if distance <= LEAD_MS / 1000 * self._clock_rate:
                return told
        return first.rtp_time


def _printable(text: str) -> str:
    return "".join(c for c in text[:200] if c.isprintable())


def _is_now(ms: int) -> bool:
    return abs(ms - time.time() * 1000) < _NEAR_NOW_MS


def _wrong_range(words: str) -> BadAnswer:
    return BadAnswer(words, reason=Reason.WRONG_RANGE)
