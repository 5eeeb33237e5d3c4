"""From true time to the time that a recorder and its pictures show, with the clock error of that time.

A request is in true time; a recorder knows only its own clock. The offset is read from the history of
measurements around the event, never from today's (B12). Where nothing was measured the offset is
unknown, not 0: the window that is searched and held becomes wider and the words say "not measured".
Milliseconds since 1970; offsets are device minus true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from cameras.clocks.history import KnownOffset, Method, OffsetAt, OffsetHistory
from cameras.days.coverage import Interval
from cameras.drawing.strips import offset_words
from cameras.models import ClockMeasurement, DeviceCondition
from cameras.night.plans import known_offsets
from cameras.protocols.base import TimeBase
from core import tsi
from core.tsi import from_ms, to_ms
from inventory.models import Device

from .. import said

MINUTE_MS = 60_000
_VENDORS = {"isapi", "dahua"}


@dataclass(frozen=True)
class Reading:
    """A measurement of the clock, as the records state it."""

    at_ms: int
    offset_ms: int
    uncertainty_ms: int
    method: str
    verdict: str
    reference: str
    is_proven: bool


@dataclass(frozen=True)
class RecorderClock:
    """The measured clock of one recorder, in the time base in which it is asked for recordings."""

    base: TimeBase
    histories: Mapping[TimeBase, OffsetHistory]
    readings: tuple[Reading, ...] = ()

    @property
    def history(self) -> OffsetHistory:
        return self.histories[self.base]

    def offset_at(self, true_ms: int) -> OffsetAt:
        return self.history.offset_at(true_ms)

    def around(self, start_ms: int, end_ms: int) -> tuple[Reading | None, Reading | None]:
        """The last reading before the span and the first after it."""
        before = [reading for reading in self.readings if reading.at_ms <= start_ms]
        after = [reading for reading in self.readings if reading.at_ms >= end_ms]
        return (before[-1] if before else None), (after[0] if after else None)

    def ahead_ms(self, true_ms: int) -> int:
        """How far the wall clock is ahead of what the device believes to be UTC."""
        local = self.histories[TimeBase.DEVICE_LOCAL].offset_at(true_ms).offset_ms
        utc = self.histories[TimeBase.DEVICE_UTC].offset_at(true_ms).offset_ms
        return 0 if local is None or utc is None else local - utc


@dataclass(frozen=True)
class Window:
    """One span in both times. `device_*` is None where the clock is not known.

    `kept_*` is what is searched and held (margin and uncertainty included, true time).
    """

    start_ms: int
    end_ms: int
    kept_start_ms: int
    kept_end_ms: int
    margin_ms: int
    base: TimeBase
    offset: OffsetAt
    device_start_ms: int | None
    device_end_ms: int | None
    cause: str
    is_corrected_between: bool

    @property
    def is_measured(self) -> bool:
        return self.offset.offset_ms is not None

    def within(self, first_ms: int, last_ms: int | None) -> Window:
        """The window without what is kept before `first_ms` and after `last_ms`."""
        kept_end = self.kept_end_ms if last_ms is None else min(self.kept_end_ms, last_ms)
        return replace(self, kept_start_ms=max(self.kept_start_ms, first_ms), kept_end_ms=kept_end)

    def words(self) -> list[str]:
        """Both windows and the clock, one sentence each."""
        asked = _("Asked, true time: %(span)s.") % {"span": _span(self.start_ms, self.end_ms)}
        return [asked, self.clock_sentence(), *window_words(self.as_data())]

    def as_data(self) -> dict[str, list[int] | None]:
        """Both windows, to be stored and told later (`window_words`)."""
        is_known = self.device_start_ms is not None and self.device_end_ms is not None
        return {
            "device": [self.device_start_ms or 0, self.device_end_ms or 0] if is_known else None,
            "kept": [self.kept_start_ms, self.kept_end_ms],
        }

    def clock_sentence(self) -> str:
        """What the clock was worth at that time, in the reader's language."""
        return said.read(self.clock_said())

    def clock_said(self) -> list[said.Said]:
        """The same, to be stored."""
        if not self.is_measured:
            return [said.say("CLOCK_UNKNOWN")]
        offset = said.say(
            "OFFSET", ms=self.offset.offset_ms, uncertainty=self.offset.uncertainty_ms
        )
        told = [said.say("CLOCK", offset=offset)]
        if self.cause:
            told.append(said.say("CLOCK_CAUSE", cause=said.reason(self.cause)))
        if self.is_corrected_between:
            told.append(said.say("CLOCK_CORRECTED"))
        return told


def window_words(stored: Mapping[str, Any]) -> list[str]:
    """The recorder's own window, where its clock is known, and what is searched and held (CLK-11)."""
    told = []
    if stored["device"] is not None:
        told.append(
            _("The recorder's own clock showed: %(span)s.") % {"span": _span(*stored["device"])}
        )
    searched = _("Searched and held, true time: %(span)s.") % {"span": _span(*stored["kept"])}
    return [*told, searched]


def clock_of(recorder: Device) -> RecorderClock:
    """The recorder's measured clock. Two queries."""
    rows = list(ClockMeasurement.objects.filter(device=recorder).order_by("measured_at"))
    condition = DeviceCondition.objects.filter(pk=recorder.pk).only("manner").first()
    protocol = str((condition.manner if condition else {}).get("protocol", ""))
    return build_clock(rows, protocol or recorder.protocol)


def build_clock(rows: Sequence[ClockMeasurement], protocol: str) -> RecorderClock:
    """`protocol` decides the time base: vendors write their wall clock, ONVIF its UTC."""
    base = TimeBase.DEVICE_LOCAL if protocol in _VENDORS else TimeBase.DEVICE_UTC
    column = "offset_ms" if base is TimeBase.DEVICE_LOCAL else "utc_offset_ms"
    readings = tuple(
        Reading(
            to_ms(row.measured_at),
            getattr(row, column),
            row.uncertainty_ms,
            row.method,
            row.verdict,
            row.reference,
            row.is_reference_proven,
        )
        for row in rows
        if getattr(row, column) is not None and row.method != Method.UNKNOWN
    )
    histories = {
        TimeBase.DEVICE_UTC: OffsetHistory(known_offsets(rows, "utc_offset_ms")),
        TimeBase.DEVICE_LOCAL: OffsetHistory(known_offsets(rows, "offset_ms")),
    }
    return RecorderClock(base, histories, readings)


def with_reading(clock: RecorderClock, base: TimeBase, now: KnownOffset | None) -> RecorderClock:
    """The clock with what was measured just now, in the time base that the opened device uses."""
    histories = dict(clock.histories)
    if now is not None:
        histories[base] = OffsetHistory([*histories[base].known, now])
    return RecorderClock(base, histories, clock.readings)


def window_of(clock: RecorderClock, start_ms: int, end_ms: int) -> Window:
    """Both windows of a span of true time.

    A clock that may have been set inside the margin widens the window by the whole step (B12).
    """
    margin = settings.HOLD_MARGIN_MINUTES * MINUTE_MS
    history = clock.history
    offset = history.offset_at((start_ms + end_ms) // 2)
    spread = offset.uncertainty_ms
    if offset.offset_ms is None or not history.is_trustworthy(start_ms, end_ms):
        offset = OffsetAt(None, 0, Method.UNKNOWN)
        spread = settings.HOLD_UNKNOWN_CLOCK_MINUTES * MINUTE_MS
    elif offset.method is Method.ACROSS_JUMP:
        spread = min(spread, settings.HOLD_UNKNOWN_CLOCK_MINUTES * MINUTE_MS)
    device = history.device_span(start_ms, end_ms) if offset.offset_ms is not None else None
    before, after = clock.around(start_ms, end_ms)
    return Window(
        start_ms,
        end_ms,
        start_ms - margin - spread,
        end_ms + margin + spread,
        margin,
        clock.base,
        offset,
        device[0] if device else None,
        device[1] if device else None,
        _cause(offset, before, after),
        bool(history.jumps(start_ms, end_ms)) or _differs(before, after, history),
    )


def asked_of_recorder(clock: RecorderClock, start_ms: int, end_ms: int) -> tuple[int, int]:
    """The device-time span that is exactly this true-time span, as well as it is known; no margin.

    Without a measurement the recorder's own time is taken as it is; records then say "not measured".
    """
    first = clock.offset_at(start_ms).offset_ms or 0
    last = clock.offset_at(end_ms - 1).offset_ms or 0
    if end_ms + last <= start_ms + first:
        last = first
    return start_ms + first, end_ms + last


def cut_where_set(clock: RecorderClock, start_ms: int, end_ms: int) -> list[Interval]:
    """A true-time span in stretches in none of which the clock was set: what is fetched must not cross that.

    Each of them is right for `asked_of_recorder`.
    """
    if not clock.history:
        return [(start_ms, end_ms)]
    return [(piece.start_ms, piece.end_ms) for piece in clock.history.pieces(start_ms, end_ms)]


def clock_block(clock: RecorderClock, start_ms: int, end_ms: int) -> dict[str, Any]:
    """What the records state about the clock: before, after, at that time, and in words (CLK-10)."""
    before, after = clock.around(start_ms, end_ms)
    window = window_of(clock, start_ms, end_ms)
    middle = (start_ms + end_ms) // 2
    doubts = doubts_of(clock, start_ms, end_ms) if window.is_measured else []
    uncertainty = window.offset.uncertainty_ms
    if window.offset.method is not Method.ACROSS_JUMP:
        # The middle is sure; some other moment of the span is not.
        uncertainty += max((abs(_step(doubt)) for doubt in doubts), default=0)
    return {
        "time_base": str(clock.base),
        "offset_ms": window.offset.offset_ms,
        "uncertainty_ms": uncertainty if window.is_measured else None,
        "method": str(window.offset.method),
        "cause": window.cause,
        "before": _as_data(before),
        "after": _as_data(after),
        "set_between": window.is_corrected_between,
        "doubts": doubts,
        "assumes_even_drift": window.offset.method is Method.INTERPOLATED,
        "example": None
        if window.offset.offset_ms is None
        else {"true_ms": middle, "shown_ms": middle + window.offset.offset_ms},
        "words": picture_sentence(window.offset, middle),
    }


def doubts_of(clock: RecorderClock, start_ms: int, end_ms: int) -> list[dict[str, int]]:
    """Where the clock was set at a moment that nobody knows, inside or across this span of true time.

    The moment lies between two readings. `taken_ms` is where footage is cut, and only an assumption: between the
    readings a picture may lie the whole step beside the time that is stated.
    """
    return [
        {
            "from_ms": before.at_ms,
            "until_ms": after.at_ms,
            "taken_ms": (before.at_ms + after.at_ms + 1) // 2,
            "first_offset_ms": before.offset_ms,
            "then_offset_ms": after.offset_ms,
        }
        for before, after in clock.history.jumps(start_ms, end_ms)
    ]


def doubt_sentences(block: Mapping[str, Any]) -> list[str]:
    """The doubts of a `clock_block` in the reader's language; blocks from before say nothing of them."""
    return [
        _(
            "The clock was set by %(step)s s at a moment that is not known, between %(from)s and %(until)s; "
            "%(taken)s is taken for it. In between, a picture may lie that much beside the time stated, and "
            "that much footage may be missing or be there twice."
        )
        % {
            "step": f"{abs(_step(doubt)) / 1000:.0f}",
            "from": tsi.stamp(from_ms(doubt["from_ms"])),
            "until": tsi.stamp(from_ms(doubt["until_ms"])),
            "taken": tsi.clock_time(from_ms(doubt["taken_ms"])),
        }
        for doubt in block.get("doubts", ())
    ]


def _step(doubt: Mapping[str, int]) -> int:
    return doubt["then_offset_ms"] - doubt["first_offset_ms"]


def picture_sentence(offset: OffsetAt, true_ms: int) -> str:
    """What the reader of a picture's own time must know."""
    if offset.offset_ms is None:
        return _("The clock of the recorder was not measured: true time is not known.")
    shown = tsi.clock_time(from_ms(true_ms + offset.offset_ms))
    true = tsi.clock_time(from_ms(true_ms))
    how_much = offset_words(offset.offset_ms, offset.uncertainty_ms)
    return _(
        "The recorder's clock was %(offset)s: the recording says %(shown)s when true time was %(true)s."
    ) % {"offset": how_much, "shown": shown, "true": true}


def _as_data(reading: Reading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {
        "measured_at_ms": reading.at_ms,
        "device_ms": reading.at_ms + reading.offset_ms,
        "offset_ms": reading.offset_ms,
        "uncertainty_ms": reading.uncertainty_ms,
        "method": reading.method,
        "reference": reading.reference,
        "is_reference_proven": reading.is_proven,
    }


def _cause(offset: OffsetAt, before: Reading | None, after: Reading | None) -> str:
    """The named fault (zone, summer time, reset, drift) of the reading whose offset holds."""
    if offset.offset_ms is None:
        return ""
    near = [reading for reading in (before, after) if reading is not None]
    if not near:
        return ""
    closest = min(near, key=lambda reading: abs(reading.offset_ms - (offset.offset_ms or 0)))
    return "" if closest.verdict in {"OK", "UNKNOWN"} else closest.verdict


def _differs(before: Reading | None, after: Reading | None, history: OffsetHistory) -> bool:
    if before is None or after is None:
        return False
    return bool(history.jumps(before.at_ms, after.at_ms))


def _span(start_ms: int, end_ms: int) -> str:
    start, end = from_ms(start_ms), from_ms(end_ms)
    if tsi.day_of(start) == tsi.day_of(end):
        return (
            f"{tsi.day_text(tsi.day_of(start))} {tsi.clock_time(start)} - {tsi.clock_time(end)} TSİ"
        )
    return f"{tsi.stamp(start)} - {tsi.stamp(end)}"
