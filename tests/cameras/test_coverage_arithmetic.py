"""The interval arithmetic, against a naive model that walks every millisecond."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cameras.days import coverage
from cameras.days.coverage import DayCoverage, Gap, GapCause, Limits, Result

HOUR = 3_600_000
DAY = 24 * HOUR
interval = st.tuples(st.integers(0, 60), st.integers(0, 60))
intervals = st.lists(interval, max_size=8)


def points(spans):
    return {ms for start, end in spans for ms in range(start, end)}


def merged(spans):
    return coverage.merge([(min(span), max(span)) for span in spans])


@given(intervals)
def test_merging_keeps_every_recorded_millisecond_and_no_other(spans):
    result = coverage.merge(spans)

    assert points(result) == points(spans)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(result))


@given(intervals, intervals)
def test_clipping_and_subtracting_split_a_span_in_two(spans, others):
    spans, others = merged(spans), merged(others)

    inside, outside = coverage.clip(spans, others), coverage.subtract(spans, others)

    assert points(inside) == points(spans) & points(others)
    assert points(outside) == points(spans) - points(others)
    assert coverage.total(inside) + coverage.total(outside) == coverage.total(spans)


@given(intervals, intervals, intervals)
def test_recorded_lost_and_disputed_time_add_up_to_the_expected_time(recorded, expected, disputed):
    recorded, expected, disputed = merged(recorded), merged(expected), merged(disputed)

    day = coverage.cover(recorded, expected, disputed=disputed, seam_ms=2)

    assert day.expected_ms == day.recorded_ms + day.lost_ms + day.disputed_ms
    assert day.lost_ms == day.seams_ms + sum(gap.length_ms for gap in day.gaps)
    assert points(day.intervals) == (points(recorded) & points(expected)) - points(disputed)


def test_a_tolerance_joins_neighbours():
    assert coverage.merge([(0, 10), (12, 20)], tolerance_ms=2) == [(0, 20)]


def test_652_short_holes_are_summed_and_make_the_day_partly_recorded():
    """REC-17b: 652 gaps in 8 hours lose 52 min 47 s although the longest is under 5 s."""
    holes = [(i * 44_000, i * 44_000 + (4_857 if i < 520 else 4_860)) for i in range(652)]
    recorded = coverage.subtract([(0, 8 * HOUR)], holes)

    day = coverage.cover(recorded, [(0, 8 * HOUR)])

    assert day.gap_count == 652
    assert round(day.lost_ms / 1000) == 52 * 60 + 47
    assert day.longest_gap_ms < 5_000
    assert coverage.judge(day) is Result.PARTLY


def test_seams_are_joined_for_display_but_their_time_is_summed():
    files = [(hour * HOUR, (hour + 1) * HOUR - 900) for hour in range(24)]

    day = coverage.cover(files, [(0, DAY)])

    assert day.gap_count == 0
    assert day.lost_ms == day.seams_ms == 24 * 900
    assert coverage.judge(day) is Result.RECORDED


def test_a_high_percentage_may_hide_a_ten_minute_hole():
    """REC-20: the longest gap stands beside the percentage."""
    day = coverage.cover([(0, 5 * HOUR), (5 * HOUR + 600_000, DAY)], [(0, DAY)])

    assert day.recorded_ms / day.expected_ms > 0.993
    assert day.longest_gap_ms == 600_000
    assert coverage.judge(day) is Result.PARTLY


def test_sixty_lost_seconds_are_allowed_and_one_more_millisecond_is_not():
    short = [(i * HOUR, i * HOUR + 10_000) for i in range(6)]
    exactly = coverage.cover(coverage.subtract([(0, DAY)], short), [(0, DAY)])
    over = coverage.cover(
        coverage.subtract([(0, DAY)], [*short, (20 * HOUR, 20 * HOUR + 1_001)]), [(0, DAY)]
    )

    assert coverage.judge(exactly) is Result.RECORDED
    assert coverage.judge(over) is Result.PARTLY
    assert coverage.judge(over, Limits(lost_ms=120_000)) is Result.RECORDED


def test_time_outside_the_schedule_is_not_expected():
    """REC-5: only scheduled time counts."""
    day = coverage.cover([(8 * HOUR, 18 * HOUR)], [(8 * HOUR, 18 * HOUR)])

    assert coverage.judge(day) is Result.RECORDED
    assert day.lost_ms == 0


def test_nothing_recorded_is_not_recorded_and_nothing_expected_is_exempt():
    assert coverage.judge(coverage.cover([], [(0, DAY)])) is Result.NOT_RECORDED
    assert coverage.judge(coverage.cover([], [])) is Result.EXEMPT


def test_motion_only_is_recorded_from_one_interval_on():
    day = coverage.cover([(HOUR, HOUR + 5_000)], [(0, DAY)])

    assert coverage.judge(day, motion_only=True) is Result.RECORDED
    assert coverage.judge(coverage.cover([], [(0, DAY)]), motion_only=True) is Result.NOT_RECORDED


def test_disputed_minutes_make_a_day_unknown_only_where_they_decide():
    sure = coverage.cover([(0, DAY)], [(0, DAY)], disputed=[(HOUR, 2 * HOUR)])
    bad_anyway = coverage.cover([(0, 12 * HOUR)], [(0, DAY)], disputed=[(HOUR, 2 * HOUR)])

    assert coverage.judge(sure) is Result.UNKNOWN
    assert coverage.judge(bad_anyway) is Result.PARTLY


def test_two_sources_that_differ_by_rounding_agree():
    assert coverage.compare([(0, 10_000)], [(1_000, 9_500)]) == []
    assert coverage.compare([(0, HOUR)], [(0, HOUR // 2)]) == [(HOUR // 2, HOUR)]


def test_a_gap_that_every_channel_has_is_the_recorders():
    """REC-4: a cause stands with each gap."""
    hole = (2 * HOUR, 3 * HOUR)
    both = coverage.cover(coverage.subtract([(0, DAY)], [hole]), [(0, DAY)])
    more = coverage.cover(coverage.subtract([(0, DAY)], [hole, (10 * HOUR, 11 * HOUR)]), [(0, DAY)])
    down = coverage.common_gaps([both, more])

    named = coverage.with_causes(more, recorder_down=down, no_stream=[(10 * HOUR, 12 * HOUR)])

    assert down == [hole]
    assert [gap.cause for gap in named.gaps] == [GapCause.RECORDER_DOWN, GapCause.NO_STREAM]


def test_one_channel_alone_says_nothing_about_the_recorder():
    assert coverage.common_gaps([coverage.cover([], [(0, DAY)])]) == []


def test_what_was_overwritten_is_outside_the_index_and_not_missed():
    day = coverage.cover([(5 * HOUR, DAY)], [(0, DAY)])

    named = coverage.with_causes(day, earliest_ms=5 * HOUR, no_stream=[(0, DAY)])

    assert named.gaps == (Gap(0, 5 * HOUR, GapCause.OUTSIDE_INDEX),)


def test_retention_counts_the_holes_and_knows_when_it_does_not_know():
    kept = coverage.retention(0, 20 * DAY, [(2 * DAY, 5 * DAY), (4 * DAY, 6 * DAY)])

    assert kept is not None
    assert (kept.span_ms, kept.held_ms) == (20 * DAY, 16 * DAY)
    assert coverage.retention(None, 20 * DAY) is None


def test_an_empty_day_has_no_longest_gap():
    assert DayCoverage(0, 0, 0, ()).longest_gap_ms == 0
