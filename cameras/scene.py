"""Do two pictures show the same scene? Compared by the directions of their edges, coarsely.

A picture is reduced to an outline: how much edge of each direction lies in each cell of a coarse grid. Edges
stay where they are when the light changes, when colours turn to infrared grey or somebody walks through; a
turned or moved camera puts them elsewhere. An outline shows nobody and nothing and may be kept.

The comparison gives a doubt for a person to look at, never a verdict: fog, darkness and a door left open
lower it as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cameras.protocols.media_records import SKETCH_HEIGHT, SKETCH_WIDTH

SAME_SCENE = 0.6
"""From here on two pictures are taken for the same scene."""
OTHER_SCENE = 0.45
"""Below this there is a doubt; in between nothing is said."""

_CELL = 4
_DIRECTIONS = 4
_ROWS, _COLUMNS = SKETCH_HEIGHT // _CELL, SKETCH_WIDTH // _CELL
OUTLINE_BYTES = _ROWS * _COLUMNS * _DIRECTIONS
_FAINT = 4.0
_TOO_EMPTY = 0.06
# Devices write clock and name along the upper and lower edge of what they send: all of them alike.
_WRITTEN_ROWS = 2


def outline_of(sketch: bytes) -> bytes:
    """The outline of a picture, `OUTLINE_BYTES` long, from the sketch that the decoder made of it.

    Raises ValueError when the sketch has another size.
    """
    if len(sketch) != SKETCH_WIDTH * SKETCH_HEIGHT:
        raise ValueError("no sketch")
    grey = np.frombuffer(sketch, np.uint8).reshape(SKETCH_HEIGHT, SKETCH_WIDTH).astype(np.float32)
    down, across = np.gradient(grey)
    strength = np.hypot(down, across)
    strength[strength < _FAINT] = 0
    # Directions half a turn apart are the same: light on dark may become dark on light at night.
    angle = np.mod(np.arctan2(down, across), np.pi)
    binned = np.minimum((angle * (_DIRECTIONS / np.pi) + 0.5).astype(int) % _DIRECTIONS, 3)
    cells = np.zeros((_ROWS, _COLUMNS, _DIRECTIONS), np.float32)
    for direction in range(_DIRECTIONS):
        # The root keeps one bright lamp from outweighing the room.
        part = np.sqrt(np.where(binned == direction, strength, 0))
        cells[:, :, direction] = part.reshape(_ROWS, _CELL, _COLUMNS, _CELL).sum(axis=(1, 3))
    return np.clip(cells * 1.5, 0, 255).astype(np.uint8).tobytes()


def scenes_agree(a: bytes, b: bytes) -> float | None:
    """How far two outlines agree: 1 is the same scene, about 0 are two that have nothing to do with each other.

    None when nothing can be said: an outline is missing, or a picture has hardly any edges (dark, covered, fog).
    """
    first, second = _told(a), _told(b)
    if first is None or second is None:
        return None
    return float(np.clip((first * second).sum(), -1, 1))


def _told(outline: bytes) -> NDArray[np.float32] | None:
    """The outline without what all pictures have in common, as a vector of length 1."""
    if len(outline) != OUTLINE_BYTES:
        return None
    cells = np.frombuffer(outline, np.uint8).reshape(_ROWS, _COLUMNS, _DIRECTIONS)
    cells = cells[_WRITTEN_ROWS:-_WRITTEN_ROWS].astype(np.float32)
    if np.count_nonzero(cells) < _TOO_EMPTY * cells.size:
        return None
    cells -= cells.mean(axis=(0, 1))
    length = float(np.sqrt((cells * cells).sum()))
    return (cells / length).astype(np.float32) if length else None
