"""The bench's question to a recording index: what one channel holds of a span, from every source."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from cameras.clocks.history import OffsetHistory
from cameras.clocks.measuring import Measurement
from cameras.days import coverage
from cameras.days.coverage import Interval
from cameras.device_bench import bench
from cameras.protocols.base import (
    Channel,
    DeviceError,
    IndexAnswer,
    IndexesRecordings,
    LockedOut,
    Reason,
    Segment,
    Source,
)
from cameras.protocols.http import Transport
from cameras.protocols.registry import OpenDevice

MARGIN_MS = 5_000


@dataclass
class RecordingsFound(bench.Half):
    """The recordings of one channel and span. With a known clock times are true, else the device's own.

    `day` covers the span up to now; `offset_ms` is that of the index's time base. `second` is what
    another source of the same device says; where the two disagree, `day.disputed` tells.
    """

    channel: Channel | None = None
    answer: IndexAnswer | None = None
    second: IndexAnswer | None = None
    clock: Measurement | None = None
    offset_ms: int | None = None
    is_complete: bool = False
    are_gaps_known: bool = False
    notes: list[str] = field(default_factory=list)
    day: coverage.DayCoverage = field(default_factory=lambda: coverage.cover([], []))
    earliest_ms: int | None = None

    @property
    def is_true_time(self) -> bool:
        return self.offset_ms is not None


async def find_recordings(
    transport: Transport, target: bench.Target, channel_no: int, start_ms: int, end_ms: int
) -> RecordingsFound:
    """What the device's index says about a channel and a span of true time. Raises when it says nothing."""
    found = RecordingsFound()
    async with bench.opened(transport, target, found) as device:
        found.clock = await bench.clock_of(device, target, found)
        if device.recordings is None and device.second_index is None:
            raise bench.why_not(device, "recordings")
        found.channel = await bench.channel_of(device, channel_no, found)
        span = (start_ms, min(end_ms, max(start_ms, round(time.time() * 1000))))
        await _ask_indexes(device, span, found)
    return found


async def _ask(
    index: IndexesRecordings, channel: Channel, start_ms: int, end_ms: int, history: OffsetHistory
) -> IndexAnswer:
    span = history.device_span(start_ms, end_ms, margin_ms=MARGIN_MS) or (start_ms, end_ms)
    return await index.recordings(channel, *span)


async def _ask_indexes(device: OpenDevice, span: Interval, found: RecordingsFound) -> None:
    """Both indexes of the device, where it has two. Raises what the better one said if none answers."""
    channel = found.channel or Channel(1)
    answers: list[tuple[IndexAnswer, OffsetHistory]] = []
    failure: DeviceError | None = None
    for what, index in (("recordings", device.recordings), ("second source", device.second_index)):
        if index is None:
            continue
        history = bench.history_of(found.clock, index.index_time_base)
        try:
            answers.append((await _ask(index, channel, *span, history), history))
        except LockedOut:
            raise
        except DeviceError as error:
            failure = failure or error
            if not (answers and error.reason is Reason.NOT_SUPPORTED):
                # A second source that is not there is no failure of the first.
                found.note(what, error)
    if not answers:
        raise failure or bench.why_not(device, "recordings")
    _take_answers(found, span, answers)


def _take_answers(
    found: RecordingsFound, span: Interval, answers: list[tuple[IndexAnswer, OffsetHistory]]
) -> None:
    found.answer, history = answers[0]
    found.offset_ms = history.offset_at(span[0]).offset_ms
    if not history:
        # Of which true time an answer in the device's own time tells, nobody knows.
        found.notes.append(str(Reason.CLOCK_UNKNOWN))
    intervals = _in_true_time(found.answer.segments, history, *span)
    found.notes += found.answer.notes
    found.is_complete = found.answer.complete and bool(history)
    found.are_gaps_known = found.answer.source is not Source.ONVIF_RECORDINGS
    if not found.are_gaps_known:
        found.failures.append(bench.Failure("gaps", "SPAN_ONLY"))
    disputed = _in_true_time(found.answer.unsure, history, *span)
    found.is_complete = found.is_complete and not disputed
    if len(answers) > 1:
        found.second, second_history = answers[1]
        others = _in_true_time(found.second.segments, second_history, *span)
        are_both_whole = found.second.complete and found.answer.complete
        doubted = _in_true_time(found.second.unsure, second_history, *span)
        differences = coverage.subtract(coverage.compare(intervals, others), doubted)
        differences = differences if are_both_whole else []
        disputed = coverage.merge([*disputed, *differences])
        if differences or (others and not intervals):
            # Empty is what a broken index says too: it is not believed against another source.
            found.notes.append(str(Reason.SOURCES_DISAGREE))
            found.is_complete = False
    found.earliest_ms = _true_instant(found.answer.earliest_ms, history)
    day = coverage.cover(intervals, [span] if span[1] > span[0] else [], disputed=disputed)
    found.day = coverage.with_causes(day, earliest_ms=found.earliest_ms)


def _in_true_time(
    segments: Sequence[Segment], history: OffsetHistory, start_ms: int, end_ms: int
) -> list[Interval]:
    told = coverage.merge((segment.start_ms, segment.end_ms) for segment in segments)
    if not history:
        return coverage.clip(told, [(start_ms, end_ms)])
    return history.to_true(told, start_ms, end_ms)[0]


def _true_instant(device_ms: int | None, history: OffsetHistory) -> int | None:
    if device_ms is None:
        return None
    return device_ms - (history.offset_at(device_ms).offset_ms or 0)
