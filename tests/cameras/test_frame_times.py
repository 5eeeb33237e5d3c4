"""Gaps and backward steps in the times of pictures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cameras.protocols.frame_times import FrameTimes

STEADY = st.lists(st.integers(1, 1000), min_size=0, max_size=300)
UNSTEADY = st.lists(
    st.one_of(st.integers(1, 1000), st.integers(-5000, 0), st.integers(1001, 90_000)), max_size=200
)


def _all_of(watch: FrameTimes, end_ms: int) -> object:
    gaps = watch.finish(end_ms)
    return (gaps, watch.gap_count, watch.gap_ms, watch.frames, watch.usual_ms, watch.end_ms)


@given(st.integers(-5000, 5000), st.one_of(STEADY, UNSTEADY), st.integers(0, 400_000))
def test_seeing_all_at_once_says_the_same_as_one_after_the_other(
    first: int, distances: list[int], end_ms: int
) -> None:
    stamps = [first]
    for distance in distances:
        stamps.append(stamps[-1] + distance)
    one, all_ = FrameTimes(0), FrameTimes(0)

    for stamp in stamps:
        one.see(stamp)
    all_.see_all(stamps)

    assert all_.steps_back == one.steps_back
    assert _all_of(all_, end_ms) == _all_of(one, end_ms)


def test_a_gap_in_a_long_steady_stream_is_found() -> None:
    stamps = [*range(0, 100_000, 40), *range(160_000, 200_000, 40)]
    watch = FrameTimes(0)

    watch.see_all(stamps)

    assert watch.finish(200_000) == [(100_000, 160_000)]
