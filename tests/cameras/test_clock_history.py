"""The offset at a past moment, and recordings converted with the offset of that time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameras.clocks.history import KnownOffset, Method, OffsetHistory
from cameras.clocks.measuring import Measurement
from cameras.clocks.verdicts import Verdict, classify

HOUR = 3_600_000
DAY = 24 * HOUR


def history(*points):
    return OffsetHistory(KnownOffset(at, offset, 100) for at, offset in points)


def measured(offset_ms, *, at_ms=10 * DAY, method=Method.EDGE):
    return Measurement(at_ms, offset_ms, None, 100, method)


def test_without_a_measurement_the_offset_is_unknown_and_not_zero():
    """CLK-2: never assumed."""
    assert history().offset_at(0).offset_ms is None
    assert history().device_span(0, DAY) is None
    with pytest.raises(ValueError, match="No offset"):
        history().to_true([(0, DAY)], 0, DAY)


def test_between_two_readings_the_offset_is_interpolated_and_says_so():
    found = history((0, 0), (10 * DAY, 20_000)).offset_at(5 * DAY)

    assert (found.offset_ms, found.method) == (10_000, Method.INTERPOLATED)
    assert found.uncertainty_ms >= 10_000


def test_before_the_first_reading_the_uncertainty_grows():
    clock = history((100 * DAY, 500))

    near, far = clock.offset_at(99 * DAY), clock.offset_at(50 * DAY)

    assert near.method is far.method is Method.EXTRAPOLATED
    assert far.uncertainty_ms > near.uncertainty_ms > 100


def test_a_jump_is_not_averaged_away():
    """CLK-4."""
    found = history((0, 3_600_000), (DAY, 0)).offset_at(DAY // 4)

    assert found.method is Method.ACROSS_JUMP
    assert found.offset_ms == 3_600_000
    assert found.uncertainty_ms >= 3_600_000


def test_a_constant_offset_is_taken_off():
    true, unsure = history((0, 3_600_000)).to_true([(HOUR, 3 * HOUR)], 0, DAY)

    assert true == [(0, 2 * HOUR)]
    assert unsure == []


def test_a_clock_set_forward_leaves_a_hole_in_its_own_time_and_none_in_true_time():
    clock = history((0, -HOUR), (DAY, 0))
    # The clock showed 09:00 when it was set to 10:00, at ten o'clock true time.
    recorded = [(-HOUR, 9 * HOUR), (10 * HOUR, DAY)]

    true, unsure = clock.to_true(recorded, 0, DAY)

    assert true == [(0, DAY)]
    assert unsure == []


def test_a_clock_set_back_at_an_unknown_moment_makes_the_span_between_unsure():
    clock = history((0, HOUR), (DAY, 0))

    true, unsure = clock.to_true([(HOUR, 25 * HOUR)], 0, DAY)

    assert true == [(0, DAY)]
    assert unsure == [(0, DAY)]


@given(st.integers(-40_000, 40_000), st.integers(-40_000, 40_000), st.integers(1, 23))
def test_drifting_time_maps_there_and_back(first, last, hour):
    clock = history((0, first), (DAY, last))
    if abs(last - first) > 43_200 + 200 + 2_000:
        return
    moment = hour * HOUR
    shown = moment + clock.offset_at(moment).offset_ms

    true, _unsure = clock.to_true([(shown, shown + 60_000)], 0, DAY)

    assert abs(true[0][0] - moment) <= 2


def test_the_device_span_surely_contains_the_true_span():
    """CLK-11's ground: the margin is widened by the uncertainty."""
    low, high = history((0, 433_000)).device_span(HOUR, 2 * HOUR, margin_ms=1_000)

    assert low <= HOUR + 433_000 - 1_100
    assert high >= 2 * HOUR + 433_000 + 1_100


@pytest.mark.parametrize(
    ("offset_ms", "verdict"),
    [
        (400, Verdict.OK),
        (-4_900, Verdict.OK),
        (33_000, Verdict.OFF),
        (3_598_000, Verdict.SUMMER_TIME),
        (-3_600_000, Verdict.SUMMER_TIME),
        (-10_800_000, Verdict.ZONE),
        (19_800_000, Verdict.ZONE),
        (-1_790_000_000_000, Verdict.RESET),
        (2_300_000_000_000, Verdict.RESET),
        (-3 * DAY, Verdict.RESET),
    ],
)
def test_the_fault_of_a_clock_has_a_name(offset_ms, verdict):
    """CLK-9, CLK-13: 3598 s is a summer-time fault, not drift."""
    assert classify(measured(offset_ms)).verdict is verdict


def test_slow_growth_is_drift_in_seconds_per_day():
    """CLK-13."""
    earlier = [KnownOffset(day * DAY, 6_000 + day * 2_000, 100) for day in range(10)]

    found = classify(measured(26_000), earlier)

    assert found.verdict is Verdict.DRIFT
    assert found.drift_per_day_ms == 2_000


def test_a_sudden_change_is_a_jump():
    """CLK-4."""
    found = classify(measured(50_000), [KnownOffset(9 * DAY, 100, 100)])

    assert found.verdict is Verdict.JUMP


def test_a_clock_that_was_set_right_is_still_named_a_jump_once():
    found = classify(measured(100), [KnownOffset(9 * DAY, 90_000, 100)])

    assert found.verdict is Verdict.JUMP
    assert not found.is_critical


def test_a_span_without_a_correction_is_one_piece():
    """B12."""
    (piece,) = history((0, 60_000), (10 * DAY, 62_000)).pieces(DAY, DAY + HOUR)

    assert piece.device_span == (DAY + 60_200, DAY + HOUR + piece.last_offset_ms)
    assert piece.to_true(piece.device_span[0]) == DAY


def test_a_span_across_a_correction_is_cut_at_its_moment_where_the_index_tells_it():
    """B12, CLK-4: set forward by an hour at noon; the index shows a hole of an hour of device time."""
    clock = history((0, 0), (DAY, HOUR))
    recorded = [(0, 12 * HOUR), (13 * HOUR, 25 * HOUR)]

    one, two = clock.pieces(11 * HOUR, 13 * HOUR, recorded)

    assert (one.end_ms, one.last_offset_ms, one.is_moment_known) == (12 * HOUR, 0, True)
    assert (two.start_ms, two.first_offset_ms) == (12 * HOUR, HOUR)


def test_a_correction_of_an_unknown_moment_is_cut_between_its_readings_and_says_so():
    clock = history((0, HOUR), (DAY, 0))

    one, two = clock.pieces(10 * HOUR, 14 * HOUR)

    assert (one.start_ms, one.end_ms, two.end_ms) == (10 * HOUR, 12 * HOUR, 14 * HOUR)
    assert (one.first_offset_ms, two.last_offset_ms) == (HOUR, 0)
    assert not one.is_moment_known
    assert not two.is_moment_known


def test_pieces_of_an_unmeasured_clock_are_not_guessed():
    with pytest.raises(ValueError, match="No offset"):
        history().pieces(0, DAY)
