"""From what a recorder's index said to the answer for each channel and day. Pure; true time in, true time out.

The answers of one recorder are judged together, because only together they tell a dead recorder from a
dead camera. Nothing here talks to a device or a database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from cameras.clocks.history import Method, OffsetAt, OffsetHistory
from cameras.days import coverage
from cameras.days.coverage import DayCoverage, Interval, Limits, Result
from cameras.protocols.base import NOT_CLOSED, IndexAnswer, Reason, Source, TimeBase

SINGLE_CHANNEL_GAP_MS = 60_000
"""From this length a gap of one channel, while others recorded on, is called a missing stream."""
MINUTE_MS = 60_000

LATE_MS = 36 * 3_600_000
"""A day asked about later than this may have been overwritten before anybody asked."""

INCOMPLETE = "INCOMPLETE_INDEX"
OVERWRITTEN = "OUTSIDE_INDEX"
SPAN_ONLY = "SPAN_ONLY"
END_NOT_TOLD = "END_NOT_TOLD"


@dataclass(frozen=True)
class DayAsk:
    """One calendar day of one channel, in true time. `end_ms` lies before midnight for a day not over."""

    day: date
    start_ms: int
    end_ms: int
    expected: tuple[Interval, ...]
    motion_only: bool = False
    limits: Limits = field(default_factory=Limits)
    is_provisional: bool = False
    sample_second: bool = False

    @property
    def is_exempt(self) -> bool:
        return not self.expected


@dataclass(frozen=True)
class ProofAsk:
    """Draw one minute of `day` from the recorded ones, with this seed; or play the one that is given."""

    day: date
    seed: str
    minute: Interval | None = None


@dataclass(frozen=True)
class ChannelAsk:
    """A channel of a recorder, by our row's id and the recorder's own number."""

    channel_id: int
    number: int
    days: tuple[DayAsk, ...] = ()
    proof: ProofAsk | None = None
    camera_silent: tuple[Interval, ...] = ()
    known_earliest_ms: int | None = None
    """Oldest recording as an earlier visit found it, for answers that do not tell."""


@dataclass(frozen=True)
class Heard:
    """What was heard about one channel and day: an answer, or why there is none."""

    channel: ChannelAsk
    day: DayAsk
    asked_ms: int
    answer: IndexAnswer | None = None
    second: IndexAnswer | None = None
    reason: str = ""
    detail: str = ""
    is_temporary: bool = False
    doubted: tuple[Interval, ...] = ()
    """True time in which playing, or a start of the recorder, contradicted the answer."""
    cleared: tuple[Interval, ...] = ()
    """Doubted true time that playing found to be there after all."""
    unseen_cut_ms: int | None = None
    """Up to this length a power cut of the recorder could have gone unseen; None = none could."""


@dataclass(frozen=True)
class ChannelDay:
    """The judged answer for one channel and day. `coverage` is None where nothing could be measured."""

    channel_id: int
    day: date
    result: Result
    asked_ms: int
    is_provisional: bool
    coverage: DayCoverage | None = None
    reason: str = ""
    detail: str = ""
    source: str = ""
    second_source: str = ""
    second_recorded_ms: int | None = None
    source_gaps: Mapping[str, list[Interval]] | None = None
    """What each source lacks of the expected time, where two of them disagree."""
    time_base: str = ""
    offset: OffsetAt = field(default_factory=lambda: OffsetAt(None, 0, Method.UNKNOWN))
    is_complete: bool = False
    is_temporary: bool = False
    until_ms: int | None = None
    """Up to which true time was asked; for a day that is not over this lies before the time of asking."""
    unseen_cut_ms: int | None = None
    """Up to this length a power cut of the recorder could have gone unseen; None = none could."""
    earliest_ms: int | None = None
    latest_ms: int | None = None


@dataclass(frozen=True)
class Recorder:
    """What else was learnt about the recorder in the same visit."""

    histories: Mapping[TimeBase, OffsetHistory]
    offline: frozenset[int] = frozenset()
    """Channel numbers that the recorder reports as disconnected now."""
    has_disk_fault: bool = False


@dataclass
class _Measured:
    heard: Heard
    day: DayCoverage
    unsure: list[Interval] = field(default_factory=list)
    why_unsure: str = ""
    second_recorded_ms: int | None = None
    source_gaps: dict[str, list[Interval]] | None = None
    earliest_ms: int | None = None
    latest_ms: int | None = None


def judge_recorder(heard: Sequence[Heard], recorder: Recorder) -> list[ChannelDay]:
    """Judges every channel and day of one visit."""
    judged: list[ChannelDay] = []
    by_day: dict[date, list[_Measured]] = {}
    for item in heard:
        if item.answer is None:
            judged.append(_unanswered(item))
            continue
        measured = _measure(item, item.answer, recorder)
        if measured is None:
            judged.append(_clock_unknown(item, item.answer))
        else:
            by_day.setdefault(item.day.day, []).append(measured)
    for group in by_day.values():
        common = coverage.common_gaps([m.day for m in group if not m.heard.day.motion_only])
        judged += [_judged(m, group, common, recorder) for m in group]
    return judged


def _unanswered(item: Heard) -> ChannelDay:
    exempt = item.day.is_exempt and not item.reason
    return ChannelDay(
        item.channel.channel_id,
        item.day.day,
        Result.EXEMPT if exempt else Result.UNKNOWN,
        item.asked_ms,
        item.day.is_provisional,
        reason=item.reason if not exempt else "",
        detail=item.detail,
        is_temporary=item.is_temporary,
        until_ms=item.day.end_ms,
        is_complete=exempt,
    )


def _clock_unknown(item: Heard, answer: IndexAnswer) -> ChannelDay:
    return ChannelDay(
        item.channel.channel_id,
        item.day.day,
        Result.UNKNOWN,
        item.asked_ms,
        item.day.is_provisional,
        reason=Reason.CLOCK_UNKNOWN,
        until_ms=item.day.end_ms,
        source=answer.source,
        time_base=answer.time_base,
    )


def true_intervals(
    answer: IndexAnswer, history: OffsetHistory, start_ms: int, end_ms: int
) -> tuple[list[Interval], list[Interval]]:
    """The answer's recorded intervals in true time, and where a clock jump makes them unsure."""
    told = coverage.merge((segment.start_ms, segment.end_ms) for segment in answer.segments)
    return history.to_true(told, start_ms, end_ms)


def has_gaps(answer: IndexAnswer, histories: Mapping[TimeBase, OffsetHistory], day: DayAsk) -> bool:
    """Whether an answer leaves a hole that is worth a second opinion. Cheap: no conversion of segments."""
    if day.motion_only:
        return not answer.segments
    span = histories[answer.time_base].device_span(day.expected[0][0], day.expected[-1][1])
    if span is None or not answer.segments:
        return True
    reached = span[0] + day.limits.gap_ms
    for start, end in sorted((s.start_ms, s.end_ms) for s in answer.segments):
        if start > reached + day.limits.gap_ms:
            return True
        reached = max(reached, end)
    return reached < span[1] - day.limits.gap_ms


def true_instant(device_ms: int | None, history: OffsetHistory) -> int | None:
    """One instant of device time as true time, or None when the offset is not known."""
    if device_ms is None or not history:
        return None
    rough = device_ms - (history.offset_at(device_ms).offset_ms or 0)
    return device_ms - (history.offset_at(rough).offset_ms or 0)


def _measure(item: Heard, answer: IndexAnswer, recorder: Recorder) -> _Measured | None:
    history = recorder.histories.get(answer.time_base)
    if not history:
        return None
    day = item.day
    expected = list(day.expected)
    recorded, jumps = true_intervals(answer, history, day.start_ms, day.end_ms)
    unsure, why = list(jumps), Reason.CLOCK_UNKNOWN.value if jumps else ""
    if answer.source is Source.ONVIF_RECORDINGS:
        # A span says when recording began and ended, and nothing about holes between.
        unsure, why = coverage.merge([*unsure, *recorded]), SPAN_ONLY
    elif not answer.complete:
        unsure, why = coverage.merge([*unsure, *coverage.subtract(expected, recorded)]), INCOMPLETE
    doubts = _doubts(item, answer, recorder)
    if doubts:
        unsure, why = coverage.merge([*unsure, *doubts]), why or _why_doubted(item, answer)
    earliest_ms = true_instant(answer.earliest_ms, history)
    gone = _perhaps_overwritten(item, answer, earliest_ms)
    if gone and not unsure:
        unsure, why = coverage.subtract(coverage.clip(gone, expected), recorded), OVERWRITTEN
    second, source_gaps = _second(item, recorder), None
    disputed = _disputed(item, recorded, second, recorder)
    if second is not None and item.second is not None and disputed:
        unsure, why = coverage.merge([*unsure, *disputed]), Reason.SOURCES_DISAGREE.value
        source_gaps = {
            str(answer.source): coverage.subtract(expected, recorded),
            str(item.second.source): coverage.subtract(expected, second),
        }
    return _Measured(
        item,
        coverage.cover(recorded, expected, disputed=unsure, seam_ms=day.limits.seam_ms),
        unsure=unsure,
        why_unsure=why,
        second_recorded_ms=None
        if second is None
        else coverage.total(coverage.clip(second, expected)),
        source_gaps=source_gaps,
        earliest_ms=earliest_ms,
        latest_ms=true_instant(answer.latest_ms, history),
    )


def _second(item: Heard, recorder: Recorder) -> list[Interval] | None:
    """What the second source lists, in true time; None where there is none or its clock is not known."""
    history = recorder.histories.get(item.second.time_base) if item.second is not None else None
    if item.second is None or not history:
        return None
    return true_intervals(item.second, history, item.day.start_ms, item.day.end_ms)[0]


def _disputed(
    item: Heard,
    recorded: Sequence[Interval],
    second: Sequence[Interval] | None,
    recorder: Recorder,
) -> list[Interval]:
    """Where two sources disagree. What the second one doubts itself contradicts nobody."""
    if item.second is None or second is None:
        return []
    doubted = _doubted(item.second, recorder, item.day)
    return coverage.subtract(coverage.compare(recorded, second), doubted)


def _doubts(item: Heard, answer: IndexAnswer, recorder: Recorder) -> list[Interval]:
    """Where the answer contradicts itself, or playing contradicted it, in true time."""
    doubts = coverage.merge([*_doubted(answer, recorder, item.day), *item.doubted])
    return coverage.subtract(doubts, coverage.merge(item.cleared))


def _doubted(answer: IndexAnswer, recorder: Recorder, day: DayAsk) -> list[Interval]:
    told = coverage.merge((segment.start_ms, segment.end_ms) for segment in answer.unsure)
    return recorder.histories[answer.time_base].to_true(told, day.start_ms, day.end_ms)[0]


def _why_doubted(item: Heard, answer: IndexAnswer) -> str:
    """A file that is still open is there at the next question; a power cut is not undone by asking again."""
    is_open = not item.doubted and all(one.kind == NOT_CLOSED for one in answer.unsure)
    return INCOMPLETE if is_open else END_NOT_TOLD


def _perhaps_overwritten(
    item: Heard, answer: IndexAnswer, earliest_ms: int | None
) -> list[Interval]:
    """Time of a day asked about late that lies before the oldest recording: it may have been recorded once."""
    day = item.day
    if item.asked_ms - day.end_ms <= LATE_MS:
        return []
    oldest_ms = item.channel.known_earliest_ms if earliest_ms is None else earliest_ms
    if oldest_ms is None:
        return [] if answer.segments else [(day.start_ms, day.end_ms)]
    return [(day.start_ms, min(oldest_ms, day.end_ms))] if oldest_ms > day.start_ms else []


def _judged(
    measured: _Measured, group: Sequence[_Measured], common: list[Interval], recorder: Recorder
) -> ChannelDay:
    heard, day = measured.heard, measured.heard.day
    named = _name_causes(measured, group, common, recorder)
    result = coverage.judge(named, day.limits, motion_only=day.motion_only)
    answer = heard.answer
    if answer is None:  # pragma: no cover - judged apart
        return _unanswered(heard)
    history = recorder.histories[answer.time_base]
    return ChannelDay(
        heard.channel.channel_id,
        day.day,
        result,
        heard.asked_ms,
        day.is_provisional,
        until_ms=day.end_ms,
        coverage=named,
        reason=measured.why_unsure if result is Result.UNKNOWN else "",
        source=answer.source,
        second_source=heard.second.source if heard.second else "",
        second_recorded_ms=measured.second_recorded_ms,
        source_gaps=measured.source_gaps,
        time_base=answer.time_base,
        offset=history.offset_at((day.start_ms + day.end_ms) // 2),
        is_complete=answer.complete and result is not Result.UNKNOWN,
        unseen_cut_ms=heard.unseen_cut_ms,
        earliest_ms=measured.earliest_ms,
        latest_ms=measured.latest_ms,
    )


def _name_causes(
    measured: _Measured, group: Sequence[_Measured], common: list[Interval], recorder: Recorder
) -> DayCoverage:
    item, day = measured.heard, measured.day
    if not day.gaps:
        return day
    end_ms = item.day.end_ms
    disk = [span for span in common if recorder.has_disk_fault and span[1] >= end_ms - MINUTE_MS]
    down = [span for span in common if span not in disk]
    no_stream = list(item.channel.camera_silent)
    if item.channel.number in recorder.offline:
        no_stream += [(gap.start_ms, gap.end_ms) for gap in day.gaps[-1:] if gap.end_ms == end_ms]
    no_stream += _alone(measured, group)
    history = recorder.histories[item.answer.time_base] if item.answer else OffsetHistory(())
    jumps = [
        (before.at_ms, after.at_ms)
        for before, after in history.jumps(item.day.start_ms, end_ms)
        if after.at_ms - before.at_ms < 2 * abs(after.offset_ms - before.offset_ms)
    ]
    return coverage.with_causes(
        day,
        earliest_ms=measured.earliest_ms,
        recorder_down=down,
        disk=disk,
        no_stream=no_stream,
        clock_jump=jumps,
    )


def _alone(measured: _Measured, group: Sequence[_Measured]) -> list[Interval]:
    """Long gaps of this channel during which another channel of the same recorder recorded on."""
    others = [m for m in group if m is not measured]
    gaps = [
        (gap.start_ms, gap.end_ms)
        for gap in measured.day.gaps
        if gap.length_ms >= SINGLE_CHANNEL_GAP_MS
    ]
    alone: list[Interval] = []
    for gap in gaps:
        covered = max(
            (coverage.total(coverage.clip(other.day.intervals, [gap])) for other in others),
            default=0,
        )
        if 2 * covered > gap[1] - gap[0]:
            alone.append(gap)
    return alone
