"""What an index said becomes an answer: causes, second sources, clocks. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cameras.clocks.history import KnownOffset, OffsetHistory
from cameras.days.coverage import Result, clip, cover, merge, total
from cameras.days.judging import ChannelAsk, ChannelDay, DayAsk, Heard, Recorder, judge_recorder
from cameras.night.drawn_minutes import draw_minute
from cameras.protocols.base import (
    NOT_CLOSED,
    IndexAnswer,
    Reason,
    Segment,
    Source,
    TimeBase,
)

DAY = date(2026, 3, 10)
START = 1_773_090_000_000  # 2026-03-10 00:00 TSİ
END = START + 86_400_000
H = 3_600_000
UTC, LOCAL = TimeBase.DEVICE_UTC, TimeBase.DEVICE_LOCAL


def span(*hours: tuple[float, float]) -> list[tuple[int, int]]:
    return [(START + round(a * H), START + round(b * H)) for a, b in hours]


def ask(**more: Any) -> DayAsk:
    return DayAsk(DAY, START, END, ((START, END),), **more)


def answer(
    *hours: tuple[float, float],
    base: TimeBase = LOCAL,
    source: Source = Source.ISAPI_SEARCH,
    shift: int = 0,
    **more: Any,
) -> IndexAnswer:
    segments = tuple(Segment(a + shift, b + shift) for a, b in span(*hours))
    return IndexAnswer(source, base, segments, **more)


def known(offset: int = 0) -> dict[TimeBase, OffsetHistory]:
    history = OffsetHistory([KnownOffset(END, offset, 50)])
    return {UTC: history, LOCAL: history}


def judged(
    *answers: IndexAnswer | None,
    second: IndexAnswer | None = None,
    recorder: Recorder | None = None,
    day: DayAsk | None = None,
    silent: tuple[tuple[int, int], ...] = (),
) -> list[Any]:
    heard = [
        Heard(ChannelAsk(n, n, camera_silent=silent), day or ask(), END, one, second)
        for n, one in enumerate(answers, start=1)
    ]
    return judge_recorder(heard, recorder or Recorder(known()))


def causes(day: ChannelDay) -> list[str]:
    return [str(gap.cause) for gap in day.coverage.gaps] if day.coverage else []


def test_a_gap_on_every_channel_is_the_recorders():
    """REC-4."""
    days = judged(answer((0, 3), (4, 24)), answer((0, 3), (4, 24)))

    assert [causes(day) for day in days] == [["RECORDER_DOWN"], ["RECORDER_DOWN"]]


def test_a_long_gap_on_one_channel_is_a_missing_stream():
    """REC-4."""
    one, other = judged(answer((0, 3), (4, 24)), answer((0, 24)))

    assert causes(one) == ["NO_STREAM"]
    assert other.result is Result.RECORDED


def test_a_gap_while_the_camera_was_silent_is_a_missing_stream():
    """REC-4."""
    [day] = judged(answer((0, 3), (4, 24)), silent=tuple(span((2, 5))))

    assert causes(day) == ["NO_STREAM"]


def test_what_lies_before_the_oldest_recording_was_overwritten():
    """REC-4, REC-17c."""
    [day] = judged(answer((5, 24), earliest_ms=START + 5 * H))

    assert causes(day) == ["OUTSIDE_INDEX"]


def test_a_day_asked_about_too_late_could_not_be_checked_where_it_was_overwritten():
    """REC-18, REC-4: a recorder that keeps nine days does not say that the tenth was not recorded."""
    late = END + 5 * 24 * H
    untold = ChannelAsk(1, 1)
    told_before = ChannelAsk(1, 1, known_earliest_ms=END + 24 * H)
    partly = Heard(untold, ask(), late, answer((5, 24), earliest_ms=START + 5 * H))
    holes = Heard(untold, ask(), late, answer((5, 9), (10, 24), earliest_ms=START + 5 * H))
    empty = Heard(untold, ask(), late, answer())
    before = Heard(told_before, ask(), late, answer())
    days = [judge_recorder([item], Recorder(known()))[0] for item in (partly, holes, empty, before)]

    assert [day.result for day in days] == ["UNKNOWN", "PARTLY", "UNKNOWN", "UNKNOWN"]
    assert {day.reason for day in days if day.result is Result.UNKNOWN} == {"OUTSIDE_INDEX"}
    assert not any(day.is_complete for day in days if day.result is Result.UNKNOWN)


def test_an_empty_day_inside_the_index_was_not_recorded_however_late_it_is_asked():
    """REC-3."""
    late = END + 5 * 24 * H
    item = Heard(ChannelAsk(1, 1), ask(), late, answer(earliest_ms=START - 24 * H))

    [day] = judge_recorder([item], Recorder(known()))

    assert day.result is Result.NOT_RECORDED
    assert day.is_complete


def test_what_the_second_source_doubts_itself_disputes_no_gap():
    """REC-3, REC-18: the maker's index shows the cut; ONVIF's events doubt the same hours."""
    doubt = Segment(START, START + 5 * H)
    second = answer((0, 24), source=Source.ONVIF_EVENTS, unsure=(doubt,))

    [day] = judged(answer((0, 3), (5, 24)), second=second)

    assert day.result is Result.PARTLY
    assert day.coverage is not None
    assert [gap[:2] for gap in day.coverage.gaps] == span((3, 5))


def test_a_power_cut_is_told_apart_from_a_file_that_is_still_being_written():
    """REC-18: the one is not undone by asking again, the other is."""
    cut, still_open = (Segment(START + 20 * H, END, kind=kind) for kind in ("", NOT_CLOSED))
    power, newest = (answer((0, 24), unsure=(one,)) for one in (cut, still_open))

    days = [judged(one)[0] for one in (power, newest)]

    assert [day.result for day in days] == [Result.UNKNOWN, Result.UNKNOWN]
    assert [day.reason for day in days] == ["END_NOT_TOLD", "INCOMPLETE_INDEX"]


def test_a_gap_to_the_end_with_a_faulty_disk_is_the_disks():
    """REC-4."""
    days = judged(answer((0, 20)), answer((0, 20)), recorder=Recorder(known(), has_disk_fault=True))

    assert causes(days[0]) == ["DISK"]


def test_many_short_holes_are_summed():
    """REC-17b: 652 gaps, 52 min 47 s in 8 h, and none longer than five seconds."""
    lost = 52 * 60_000 + 47_000
    each = lost // 652
    step = 8 * H // 652
    at = 9 * H
    pieces = [(0, at)]
    for n in range(652):
        start = at + n * step
        pieces.append((start + each, start + step))
    pieces.append((at + 652 * step, 24 * H))
    told = IndexAnswer(
        Source.ISAPI_SEARCH, LOCAL, tuple(Segment(START + a, START + b) for a, b in pieces)
    )

    [day] = judged(told)

    assert day.result is Result.PARTLY
    assert day.coverage.gap_count == 652
    assert day.coverage.longest_gap_ms == each
    assert abs(day.coverage.lost_ms - lost) < 652


def test_two_sources_that_disagree_leave_the_minutes_unknown():
    """Decisions: both are kept and the disputed minutes are UNKNOWN."""
    other = answer((0, 12), source=Source.ONVIF_EVENTS, base=UTC)

    [day] = judged(answer((0, 24)), second=other)

    assert (day.result, day.reason) == (Result.UNKNOWN, Reason.SOURCES_DISAGREE)
    assert day.coverage.disputed_ms == 12 * H
    assert day.second_recorded_ms == 12 * H
    lacking = {source: sum(b - a for a, b in gaps) for source, gaps in day.source_gaps.items()}
    assert lacking == {"ISAPI_SEARCH": 0, "ONVIF_EVENTS": 12 * H}
    assert day.is_complete is False


def test_a_span_alone_proves_nothing_about_holes():
    """REC-2: a 20-day hole is invisible in first and last recording."""
    [day] = judged(answer((0, 24), source=Source.ONVIF_RECORDINGS))

    assert (day.result, day.reason) == (Result.UNKNOWN, "SPAN_ONLY")


def test_an_incomplete_answer_is_green_only_where_it_needs_no_more():
    whole, half = judged(answer((0, 24), complete=False), answer((0, 12), complete=False))

    assert whole.result is Result.RECORDED
    assert (half.result, half.reason) == (Result.UNKNOWN, "INCOMPLETE_INDEX")


def test_an_unknown_clock_makes_the_day_unknown():
    """CLK-1: an offset is never assumed to be zero."""
    [day] = judged(answer((0, 24)), recorder=Recorder({}))

    assert (day.result, day.reason) == (Result.UNKNOWN, Reason.CLOCK_UNKNOWN)


def test_device_time_is_converted_with_the_offset():
    """CLK-2: a recorder one hour ahead did not miss its first hour."""
    [day] = judged(answer((0, 24), shift=H), recorder=Recorder(known(H)))

    assert (day.result, day.offset.offset_ms) == (Result.RECORDED, H)


def test_a_jump_of_the_clock_is_not_averaged_away():
    """CLK-4: the offset of that time is used on each side of the jump."""
    jumped = OffsetHistory(
        [KnownOffset(START + 6 * H, 0, 50), KnownOffset(START + 6 * H + 60_000, 2 * H, 50)]
    )
    told = IndexAnswer(
        Source.ISAPI_SEARCH,
        LOCAL,
        tuple(Segment(a, b) for a, b in [*span((0, 6)), *span((8, 26))]),
    )

    [day] = judged(told, recorder=Recorder({LOCAL: jumped}))

    assert day.coverage.lost_ms + day.coverage.disputed_ms <= 120_000


def test_motion_recording_needs_one_interval():
    """REC-5, REC-21: no percentage."""
    some, none = judged(answer((7, 7.1)), answer(), day=ask(motion_only=True))

    assert (some.result, none.result) == (Result.RECORDED, Result.NOT_RECORDED)


def test_a_day_without_expectation_is_exempt():
    """REC-5."""
    day = DayAsk(DAY, START, END, ())

    [result] = judge_recorder([Heard(ChannelAsk(1, 1), day, END)], Recorder(known()))

    assert (result.result, result.is_complete) == (Result.EXEMPT, True)


def test_an_unanswered_day_carries_its_reason():
    """REC-18."""
    heard = Heard(ChannelAsk(1, 1), ask(), END, reason=Reason.BUSY, is_temporary=True)

    [day] = judge_recorder([heard], Recorder(known()))

    assert (day.result, day.reason, day.is_temporary) == (Result.UNKNOWN, "BUSY", True)


@given(
    st.lists(st.tuples(st.integers(0, 23 * 60), st.integers(3, 60)), min_size=1, max_size=20),
    st.text(max_size=10),
)
def test_a_drawn_minute_is_recorded_and_can_be_drawn_again(pieces, seed):
    """REC-10: anybody can repeat the draw."""
    told = sorted((START + a * 60_000, START + (a + b) * 60_000) for a, b in pieces)
    recorded = clip(merge(told), [(START, END)])
    day = cover(recorded, [(START, END)])

    minute = draw_minute(day, seed)

    if minute is not None:
        assert total(clip([minute], recorded)) == 60_000
    assert minute == draw_minute(day, seed)
