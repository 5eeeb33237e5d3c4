"""Mask shapes: what is accepted, and what they look like at one moment. No Django, no pictures.

Times are integer milliseconds from the exhibit's first picture, points are integer ten-thousandths of
width and height, so that a shape means the same at every resolution.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FULL = 10_000
MOST_SHAPES = 60
MOST_KEYS = 600
MOST_POINTS = 40
# How a masked copy is encoded with libx264: hardly any loss that an eye sees, and quick.
CRF = 20
PRESET = "veryfast"

Point = tuple[int, int]


def sigma_of(height: int) -> int:
    """Standard deviation of the blur: what hides a face or a number plate grows with the picture."""
    return max(8, height // 25)


class BadShape(ValueError):
    """A shape that cannot be drawn; the message names the shape and what is wrong (English)."""


@dataclass(frozen=True)
class Key:
    """Where the corners are at one moment."""

    at: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Shape:
    """A polygon that moves from key to key in straight lines; it begins at its first key.

    After the last key it stays where it is, until `until` (exclusive) or to the end.
    """

    name: str
    keys: tuple[Key, ...]
    until: int | None = None
    fixed: bool = False

    def at(self, moment: int) -> tuple[Point, ...] | None:
        """The corners at that moment, or None while the shape is not there."""
        if moment < self.keys[0].at or (self.until is not None and moment >= self.until):
            return None
        index = bisect_right(self.keys, moment, key=lambda key: key.at)
        before = self.keys[index - 1]
        if index == len(self.keys):
            return before.points
        after = self.keys[index]
        done, whole = moment - before.at, after.at - before.at
        return tuple(
            (x + (to_x - x) * done // whole, y + (to_y - y) * done // whole)
            for (x, y), (to_x, to_y) in zip(before.points, after.points, strict=True)
        )

    def as_data(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "fixed": self.fixed,
            "until": self.until,
            "keys": [{"at": key.at, "points": [list(p) for p in key.points]} for key in self.keys],
        }


def read_shapes(data: object, length_ms: int, *, most: int = MOST_SHAPES) -> list[Shape]:
    """Shapes from JSON that a browser sent. Raises BadShape; nothing is guessed or repaired."""
    if not isinstance(data, list) or len(data) > most:
        raise BadShape(f"Send a list of at most {most} shapes.")
    return [_shape(entry, number, length_ms) for number, entry in enumerate(data, start=1)]


def _shape(entry: object, number: int, length_ms: int) -> Shape:
    if not isinstance(entry, dict):
        raise BadShape(f"Shape {number} is not an object.")
    keys = entry.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise BadShape(f"Shape {number} needs 1 to {MOST_KEYS} key positions.")
    read = tuple(_key(key, number, length_ms) for key in keys)
    for one, following in itertools.pairwise(read):
        if one.at >= following.at:
            raise BadShape(f"Shape {number}: key positions must be in order of time.")
        if len(one.points) != len(following.points):
            raise BadShape(f"Shape {number}: every key position needs the same corners.")
    until = entry.get("until")
    if until is not None and (not _is_int(until) or not read[0].at < until <= length_ms):
        raise BadShape(f"Shape {number}: its end lies outside the clip.")
    name = entry.get("name", "")
    if not isinstance(name, str) or len(name) > 100:
        raise BadShape(f"Shape {number}: the name is too long.")
    return Shape(name, read, until, entry.get("fixed") is True)


def _key(key: object, number: int, length_ms: int) -> Key:
    if not isinstance(key, dict) or not _is_int(key.get("at")):
        raise BadShape(f"Shape {number}: a key position has no time.")
    points = key.get("points")
    if not 0 <= key["at"] < max(1, length_ms):
        raise BadShape(f"Shape {number}: a key position lies outside the clip.")
    return Key(key["at"], read_polygon(points, f"Shape {number}"))


def read_polygon(points: object, name: str) -> tuple[Point, ...]:
    """The corners of one polygon. Raises BadShape when they span no area or lie outside the picture."""
    if not isinstance(points, list) or not 3 <= len(points) <= MOST_POINTS:
        raise BadShape(f"{name} needs 3 to {MOST_POINTS} corners.")
    read: list[Point] = []
    for point in points:
        is_pair = isinstance(point, list) and len(point) == 2 and all(map(_is_int, point))
        if not is_pair or not all(0 <= value <= FULL for value in point):
            raise BadShape(f"{name}: a corner lies outside the picture.")
        read.append((point[0], point[1]))
    if not _doubled_area(read):
        raise BadShape(f"{name} covers no area.")
    return tuple(read)


def _doubled_area(points: Sequence[Point]) -> int:
    following = [*points[1:], points[0]]
    return abs(sum(x * b - a * y for (x, y), (a, b) in zip(points, following, strict=True)))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
