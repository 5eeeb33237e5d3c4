"""The history of recordings as a Profile G recorder remembers it: changes of state, as events.

All times are the recorder's own UTC, with the clock of the time of recording.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from simulator.clocks import Base
from simulator.faults import fault
from simulator.onvif_device import OnvifCall
from simulator.recording import merged
from simulator.world import SimChannel

RECORDING_STATE = "tns1:RecordingHistory/Recording/State"
TRACK_STATE = "tns1:RecordingHistory/Track/State"
SAME_MS = 2_000


class HistoryEvent(NamedTuple):
    """One change of state in the history of a recording."""

    at_ms: int
    token: str
    topic: str
    is_on: bool
    is_start_state: bool


def _unwritten(call: OnvifCall) -> list[tuple[int, bool]]:
    """Return the changes of state that the recorder could not write, because its power had failed."""
    value = fault(call.device, "power_cut_events")
    if value is None:
        return []
    at = call.device.clock.at
    lost = [(at(first), False) for first, _last in call.device.down]
    return lost + (
        [(at(last), True) for _first, last in call.device.down] if value == "none" else []
    )


def history(
    call: OnvifCall, channels: Iterable[SimChannel], start_ms: int, end_ms: int, start_state: bool
) -> list[HistoryEvent]:
    """Return the changes of state between two instants of the recorder's own UTC."""
    events = []
    for channel in channels:
        files = call.campus.index(call.device, channel, start_ms, end_ms, Base.UTC)
        spans = merged((each.start_ms, each.end_ms) for each in files)
        if start_state:
            is_on = any(a <= start_ms < b for a, b in spans)
            for topic in (RECORDING_STATE, TRACK_STATE):
                events.append(HistoryEvent(start_ms, channel.token, topic, is_on, True))
        now = call.device.clock.at(call.campus.now_ms())
        unwritten = _unwritten(call)
        for first, last in spans:
            for at, is_on in ((first, True), (last, False)):
                if any(abs(at - each) <= SAME_MS and is_on is on for each, on in unwritten):
                    continue
                # The file that is being written has no end yet.
                if start_ms < at <= end_ms and not (not is_on and at >= now - 2000):
                    for topic in (RECORDING_STATE, TRACK_STATE):
                        events.append(HistoryEvent(at, channel.token, topic, is_on, False))
    return sorted(events)
