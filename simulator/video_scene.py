"""What a simulated camera sees: a scene of its own, its name, the device's clock and the strip.

Instants are milliseconds since 1970 in `DEVICE_UTC`; the text shows the device's wall clock.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
import zlib
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from simulator import video_strip as strip
from simulator.video_strip import Picture

TURKIYE_MS = 3 * 3600 * 1000
_DOTLESS = str.maketrans("ıİ", "iI")
_SHAPES = 36
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class Camera:
    """Whose pictures these are. `id` (32 bits) is what the strip says; `camera_id` makes one."""

    id: int
    name: str
    zone_ms: int = TURKIYE_MS


def camera_id(name: str) -> int:
    """A stable 32-bit id for a name or token."""
    return zlib.crc32(name.encode())


def still(
    camera: Camera, instant_ms: int, *, width: int = 640, height: int = 360, quality: int = 85
) -> bytes:
    """A snapshot as JPEG, with the same text and strip."""
    planes = draw(camera, instant_ms, width, height)
    coloured = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)
    done, data = cv2.imencode(".jpg", coloured, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"no JPEG of {width} x {height}")
    return data.tobytes()


def draw(camera: Camera, instant_ms: int, width: int, height: int) -> Picture:
    """The scene with text and strip: I420, luma above chroma, shape (height * 3 / 2, width)."""
    planes = _scene(camera, width, height).copy()
    _write_time(planes, camera, instant_ms)
    return planes


def band_height(width: int, height: int) -> int:
    """So many rows from the top, in whole macroblocks, hold everything that tells the time."""
    return min(-(-_black_rows(width) // 16) * 16, height)


def draw_band(camera: Camera, instant_ms: int, width: int, height: int) -> Picture:
    """The uppermost rows of `draw` as a picture of their own: only they differ from second to second."""
    scene, rows = _scene(camera, width, height), band_height(width, height)
    planes = np.empty((rows * 3 // 2, width), np.uint8)
    planes[:rows] = scene[:rows]
    planes[rows:].reshape(2, -1)[:] = scene[height:].reshape(2, -1)[:, :1]
    _write_time(planes, camera, instant_ms)
    return planes


def _write_time(planes: Picture, camera: Camera, instant_ms: int) -> None:
    """The clock as text for people, the strip for tests."""
    shown = dt.datetime.fromtimestamp((instant_ms + camera.zone_ms) / 1000, dt.UTC)
    clock = shown.strftime("%Y-%m-%d %H:%M:%S")
    scale = planes.shape[1] / 800
    cv2.putText(planes, clock, (8, strip.HEIGHT + int(34 * scale)), _FONT, scale, 235, 2)
    strip.draw_strip(planes, camera.id, instant_ms)
    planes[: strip.HEIGHT, strip.WIDTH : strip.WIDTH + 16] = 16


def _black_rows(width: int) -> int:
    return strip.HEIGHT + int(width / 800 * 46)


@lru_cache(maxsize=64)
def _scene(camera: Camera, width: int, height: int) -> Picture:
    """A still scene of the camera's own, with its name: what is the same in every picture."""
    random = np.random.default_rng(camera.id)
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    luma = planes[:height]
    luma[:] = np.linspace(70, 150, height, dtype=np.uint8)[:, None]
    for _ in range(_SHAPES):
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        size = int(random.integers(width // 40, width // 6))
        grey = int(random.integers(40, 200))
        cv2.rectangle(luma, (x, y), (x + size, y + size * 2 // 3), grey, -1)
    planes[height:] = np.repeat(random.integers(112, 144, 2), height // 4)[:, None]
    luma[: _black_rows(width)] = 16
    scale = width / 900
    ascii_name = _without_marks(camera.name)
    cv2.putText(luma, ascii_name, (8, height - 12), _FONT, scale, 16, 5)
    cv2.putText(luma, ascii_name, (8, height - 12), _FONT, scale, 235, 2)
    return planes


def _without_marks(text: str) -> str:
    """Plain letters for the built-in font, which knows ASCII only."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_DOTLESS))
    return decomposed.encode("ascii", "ignore").decode()
