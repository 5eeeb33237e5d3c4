"""At which time a picture was taken: RTP time stamps placed on the device's clock.

Sources from best to worst are the members of `StampSource`. Every figure is integer milliseconds
since 1970 in the device's own time base, except ARRIVAL, which is this server's clock.
"""

from __future__ import annotations

from enum import StrEnum

from .rtp import SenderReport

_WRAP = 1 << 32


class StampSource(StrEnum):
    """From where the time of a picture comes."""

    ONVIF_NTP = "ONVIF_NTP"  # the recording's own time, in the RTP extension of each picture
    RTCP = "RTCP"  # the device's clock, from an RTCP sender report
    RANGE = "RANGE"  # counted from the start that the device confirmed in its reply to PLAY
    ARRIVAL = "ARRIVAL"  # when the picture reached us


class RtpTimeline:
    """Milliseconds of RTP times, counted from an anchor and continued across the 32-bit wrap."""

    def __init__(self, clock_rate: int, anchor_rtp: int, anchor_ms: int) -> None:
        self._rate = clock_rate
        self._rtp = anchor_rtp
        self._ticks = 0
        self._anchor_ms = anchor_ms

    @classmethod
    def of_report(cls, clock_rate: int, report: SenderReport) -> RtpTimeline:
        return cls(clock_rate, report.rtp_time, report.ntp_ms)

    def ms(self, rtp_time: int) -> int:
        step = (rtp_time - self._rtp) % _WRAP
        if step >= _WRAP // 2:
            step -= _WRAP
        self._rtp = rtp_time
        self._ticks += step
        return self._anchor_ms + round(self._ticks * 1000 / self._rate)

    def set_anchor(self, rtp_time: int, ms: int) -> None:
        self._rtp, self._ticks, self._anchor_ms = rtp_time, 0, ms
