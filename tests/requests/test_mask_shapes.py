"""Shapes of masks: what a browser may send, and where a corner is between two key positions."""

from __future__ import annotations

import pytest

from footage_requests.exhibits.mask_child import draw
from footage_requests.exhibits.mask_shapes import BadShape, read_shapes

SQUARE = [[1000, 1000], [3000, 1000], [3000, 3000], [1000, 3000]]
MOVED = [[5000, 1000], [7000, 1000], [7000, 3000], [5000, 3000]]


def shape(*keys, **fields):
    return {"name": "a", "keys": [{"at": at, "points": points} for at, points in keys], **fields}


def test_a_shape_moves_in_a_straight_line_between_its_keys():
    (moving,) = read_shapes([shape((1000, SQUARE), (3000, MOVED))], 10_000)

    assert moving.at(999) is None
    assert (moving.at(2000) or ())[0] == (3000, 1000)
    assert (moving.at(9999) or ())[0] == (5000, 1000)


def test_a_shape_ends_where_it_was_told_to():
    (short,) = read_shapes([shape((0, SQUARE), until=500)], 10_000)

    assert short.at(499) is not None
    assert short.at(500) is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        ["x"],
        [{}],
        [shape()],
        [shape((0, SQUARE[:2]))],
        [shape((0, [[0, 0], [1, 0], [2, 0]]))],
        [shape((0, [[0, 0], [10_001, 0], [5, 5]]))],
        [shape((0, [[0, 0], [1.5, 0], [5, 5]]))],
        [shape((0, [[0, 0], [True, 0], [5, 5]]))],
        [shape((-1, SQUARE))],
        [shape((10_000, SQUARE))],
        [shape((5, SQUARE), (5, MOVED))],
        [shape((0, SQUARE), (5, SQUARE[:3]))],
        [shape((0, SQUARE), until=0)],
        [shape((0, SQUARE), until=10_001)],
        [shape((0, SQUARE), name="x" * 101)],
        [shape((0, SQUARE))] * 61,
        [shape(*((n, SQUARE) for n in range(601)))],
    ],
)
def test_what_cannot_be_drawn_is_refused_and_not_repaired(data):
    with pytest.raises(BadShape):
        read_shapes(data, 10_000)


def test_the_mask_covers_its_corners_and_no_more():
    plane = draw((((0, 0), (5000, 0), (5000, 10_000), (0, 10_000)),), (64, 48), inverse=False)

    assert plane.shape == (72, 64)
    assert set(plane[10, :31]) == {255}
    assert set(plane[10, 33:]) == {0}


def test_all_but_the_area_is_the_opposite():
    outline = (((2500, 2500), (7500, 2500), (7500, 7500), (2500, 7500)),)

    there = draw(outline, (64, 48), inverse=True)

    assert there[24, 32] == 0
    assert there[2, 2] == 255
    assert set(draw((), (64, 48), inverse=True).ravel()) == {255}
