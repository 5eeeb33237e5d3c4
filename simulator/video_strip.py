"""The machine-readable strip in the corner of every simulated picture.

It says from which camera a picture is and which instant it claims, so that a test can ask a decoded
frame "when are you?" instead of trusting time stamps around it. It covers 320 x 32 pixels at the top
left: 40 x 4 cells of 8 x 8 pixels, white = 1, black = 0, most significant bit first.

    row 0   marker (8 bits), camera id (32)
    row 1   whole seconds since 1970 of the instant (40)
    rows 2-3, columns 0-7    CRC-16/CCITT of camera id and seconds (8 + 8)
    rows 2-3, columns 8-15   milliseconds (10) and their check (6)

The milliseconds fill four macroblocks of their own, because only they change inside one second.
The instant is in `DEVICE_UTC`: what the device believes to be UTC.
"""

from __future__ import annotations

import binascii
from typing import Any

import numpy as np
from numpy.typing import NDArray

CELL = 8
COLUMNS = 40
ROWS = 4
WIDTH = CELL * COLUMNS
HEIGHT = CELL * ROWS
MILLISECOND_COLUMN = 8
MILLISECOND_COLUMNS = 8

_MARKER = 0xB2
_BLACK = 16
_WHITE = 235
_THRESHOLD = 126

Picture = NDArray[np.uint8]


def _bits(value: int, count: int) -> list[int]:
    return [(value >> shift) & 1 for shift in range(count - 1, -1, -1)]


def _number(cells: NDArray[np.bool_]) -> int:
    return int("".join("1" if cell else "0" for cell in cells.ravel()), 2)


def _fixed_check(camera_id: int, seconds: int) -> int:
    return binascii.crc_hqx(camera_id.to_bytes(4, "big") + seconds.to_bytes(5, "big"), 0xFFFF)


def _millisecond_word(milliseconds: int) -> int:
    return milliseconds << 6 | (milliseconds * 37 + 21) % 61


def millisecond_cells(milliseconds: int) -> Picture:
    """The 2 x 8 cells of the milliseconds."""
    return np.array(_bits(_millisecond_word(milliseconds), 16), np.uint8).reshape(2, -1)


def luma(cells: Picture) -> Picture:
    """Cells as luma samples."""
    samples = np.where(cells, _WHITE, _BLACK).astype(np.uint8)
    return np.repeat(np.repeat(samples, CELL, axis=0), CELL, axis=1)


def draw_strip(picture: Picture, camera_id: int, instant_ms: int) -> None:
    """Draws the strip into the luma plane `picture` (at least 320 x 32)."""
    seconds, milliseconds = divmod(instant_ms, 1000)
    cells = np.zeros((ROWS, COLUMNS), np.uint8)
    cells[0] = _bits(_MARKER << 32 | camera_id, COLUMNS)
    cells[1] = _bits(seconds, COLUMNS)
    cells[2:, :8] = np.array(_bits(_fixed_check(camera_id, seconds), 16)).reshape(2, 8)
    end = MILLISECOND_COLUMN + MILLISECOND_COLUMNS
    cells[2:, MILLISECOND_COLUMN:end] = millisecond_cells(milliseconds)
    picture[:HEIGHT, :WIDTH] = luma(cells)


def read_strip(image: NDArray[Any]) -> tuple[int, int] | None:
    """(camera id, instant in ms) of a decoded picture, or None where no sound strip is found.

    `image` is grey (height, width) or coloured (height, width, 3), at its original size.
    """
    if image.shape[0] < HEIGHT or image.shape[1] < WIDTH:
        return None
    corner = image[:HEIGHT, :WIDTH].astype(np.float32)
    if corner.ndim == 3:
        corner = corner.mean(axis=2)
    blocks = corner.reshape(ROWS, CELL, COLUMNS, CELL)[:, 2:6, :, 2:6]
    cells = blocks.mean(axis=(1, 3)) > _THRESHOLD
    if _number(cells[0, :8]) != _MARKER:
        return None
    camera_id, seconds = _number(cells[0, 8:]), _number(cells[1])
    if _number(cells[2:, :8]) != _fixed_check(camera_id, seconds):
        return None
    end = MILLISECOND_COLUMN + MILLISECOND_COLUMNS
    word = _number(cells[2:, MILLISECOND_COLUMN:end])
    milliseconds = word >> 6
    if milliseconds > 999 or word != _millisecond_word(milliseconds):
        return None
    return camera_id, seconds * 1000 + milliseconds
