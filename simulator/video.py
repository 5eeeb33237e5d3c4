"""Real video made on demand: one key picture per second, P pictures between, the same bytes each time.

Weeks of recordings cost no disk: any second of any camera is encoded when somebody asks for it, in
about a millisecond. The picture carries the camera's name and the device's clock as text for people
and the strip of `simulator.video_strip` for tests. `Camera` and an instant decide every byte.

Instants are milliseconds since 1970 in `DEVICE_UTC` (what the device believes to be UTC); the text
shows the device's wall clock, `zone_ms` ahead of that.
"""

from __future__ import annotations

import datetime as dt
import threading
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import av
import cv2
import numpy as np
from av.video.frame import PictureType

from simulator import video_strip as strip
from simulator.video_h264 import (
    NAL_IDR,
    NAL_PPS,
    NAL_SPS,
    ParameterSets,
    filler,
    p_slice,
    read_parameter_sets,
    split_annex_b,
)
from simulator.video_strip import Picture, read_strip

__all__ = ["AccessUnit", "Camera", "gop", "gops", "parameter_sets", "read_strip", "still"]

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


@dataclass(frozen=True)
class AccessUnit:
    """One coded picture: its instant, whether it is a key picture, its NAL units without start codes."""

    pts_ms: int
    key: bool
    nals: tuple[bytes, ...]

    def annex_b(self) -> bytes:
        """The picture as a byte stream."""
        return b"".join(b"\x00\x00\x00\x01" + nal for nal in self.nals)


def camera_id(name: str) -> int:
    """A stable 32-bit id for a name or token."""
    return zlib.crc32(name.encode())


def gop(
    camera: Camera,
    start_ms: int,
    *,
    until_ms: int | None = None,
    fps: int = 15,
    width: int = 640,
    height: int = 360,
    bitrate: int | None = None,
) -> list[AccessUnit]:
    """The pictures from `start_ms` (a key picture) to the end of its second, or to `until_ms`.

    P pictures stand on the grid whole second + i / fps. `bitrate` in bit/s pads each picture with filler
    data up to its share. `width` is at least 320, both sizes are even, `fps` lies in 1..100.
    """
    second = start_ms - start_ms % 1000
    end = second + 1000 if until_ms is None else min(until_ms, second + 1000)
    share = bitrate // 8 // fps if bitrate else 0
    units = [
        AccessUnit(start_ms, True, _padded(_key_picture(camera, start_ms, width, height), share))
    ]
    for i in range(fps):
        instant = second + i * 1000 // fps
        if start_ms < instant < end:
            nals = (_p_picture(width, height, len(units), instant - second),)
            units.append(AccessUnit(instant, False, _padded(nals, share)))
    return units


def gops(
    camera: Camera,
    start_ms: int,
    end_ms: int,
    *,
    fps: int = 15,
    width: int = 640,
    height: int = 360,
    bitrate: int | None = None,
) -> Iterator[list[AccessUnit]]:
    """Groups of pictures that fill [start_ms, end_ms), the first one beginning exactly at the start."""
    instant = start_ms
    while instant < end_ms:
        yield gop(
            camera, instant, until_ms=end_ms, fps=fps, width=width, height=height, bitrate=bitrate
        )
        instant += 1000 - instant % 1000


def still(
    camera: Camera, instant_ms: int, *, width: int = 640, height: int = 360, quality: int = 85
) -> bytes:
    """A snapshot as JPEG, with the same text and strip."""
    planes = _planes(camera, instant_ms, width, height)
    coloured = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)
    done, data = cv2.imencode(".jpg", coloured, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"no JPEG of {width} x {height}")
    return data.tobytes()


@lru_cache(maxsize=8)
def parameter_sets(width: int = 640, height: int = 360) -> ParameterSets:
    """The SPS and PPS of every stream of this size."""
    return _Encoder.of(width, height).sets


def _padded(nals: tuple[bytes, ...], share: int) -> tuple[bytes, ...]:
    missing = share - sum(map(len, nals))
    return (*nals, _filler(missing)) if missing >= 2 else nals


_filler = lru_cache(maxsize=64)(filler)


@lru_cache(maxsize=512)
def _key_picture(camera: Camera, instant_ms: int, width: int, height: int) -> tuple[bytes, ...]:
    encoder = _Encoder.of(width, height)
    idr = encoder.key_picture(_planes(camera, instant_ms, width, height), instant_ms // 1000)
    return (encoder.sets.sps, encoder.sets.pps, idr)


@lru_cache(maxsize=4096)
def _p_picture(width: int, height: int, frame_num: int, milliseconds: int) -> bytes:
    """The P picture that sets the strip's milliseconds; the same for every camera and second."""
    sets = parameter_sets(width, height)
    samples = strip.luma(strip.millisecond_cells(milliseconds))
    first = sets.width_in_mbs + strip.MILLISECOND_COLUMN * strip.CELL // 16
    macroblocks = {
        first + i: samples[:, 16 * i : 16 * i + 16].tobytes() + b"\x80" * 128
        for i in range(samples.shape[1] // 16)
    }
    return p_slice(sets, frame_num, macroblocks)


def _planes(camera: Camera, instant_ms: int, width: int, height: int) -> Picture:
    """The scene with text and strip: I420, luma above chroma, shape (height * 3 / 2, width)."""
    planes = _scene(camera, width, height).copy()
    shown = dt.datetime.fromtimestamp((instant_ms + camera.zone_ms) / 1000, dt.UTC)
    clock = shown.strftime("%Y-%m-%d %H:%M:%S")
    scale = width / 800
    cv2.putText(planes, clock, (8, strip.HEIGHT + int(34 * scale)), _FONT, scale, 235, 2)
    strip.draw_strip(planes, camera.id, instant_ms)
    planes[: strip.HEIGHT, strip.WIDTH : strip.WIDTH + 16] = 16
    return planes


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
    top = strip.HEIGHT + int(width / 800 * 46)
    luma[:top] = 16
    scale = width / 900
    ascii_name = _without_marks(camera.name)
    cv2.putText(luma, ascii_name, (8, height - 12), _FONT, scale, 16, 5)
    cv2.putText(luma, ascii_name, (8, height - 12), _FONT, scale, 235, 2)
    return planes


def _without_marks(text: str) -> str:
    """Plain letters for the built-in font, which knows ASCII only."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_DOTLESS))
    return decomposed.encode("ascii", "ignore").decode()


class _Encoder:
    """One x264 encoder per picture size, told to write IDR pictures only, at a fixed quantiser.

    x264 numbers IDR pictures and the number stands in the slice, so an encoder with a history would
    write other bytes for the same second. Its number is kept equal to the second's parity by encoding
    once more where needed, which is never needed in a run of seconds.
    """

    _by_size: dict[tuple[int, int], _Encoder] = {}
    _lock = threading.Lock()

    @classmethod
    def of(cls, width: int, height: int) -> _Encoder:
        with cls._lock:
            if (width, height) not in cls._by_size:
                cls._by_size[width, height] = cls(width, height)
            return cls._by_size[width, height]

    def __init__(self, width: int, height: int) -> None:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, 15)
        context.framerate = Fraction(15)
        context.thread_count = 1
        context.max_b_frames = 0
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "forced-idr": "1",
            "x264-params": "qp=30:scenecut=0:threads=1:ref=1:cabac=0:weightp=0:keyint=infinite",
        }
        self._context = context
        self._pictures = 0
        self._own_lock = threading.Lock()
        blank = np.full((height * 3 // 2, width), 128, np.uint8)
        sets = {nal[0] & 31: nal for nal in self._encode(blank)}
        self.sets = read_parameter_sets(sets[NAL_SPS], sets[NAL_PPS])

    def key_picture(self, planes: Picture, second: int) -> bytes:
        """The IDR slice of a picture."""
        with self._own_lock:
            nals = self._encode(planes)
            if self._pictures % 2 != second % 2:
                nals = self._encode(planes)
        return next(nal for nal in nals if nal[0] & 31 == NAL_IDR)

    def _encode(self, planes: Picture) -> list[bytes]:
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = self._pictures
        frame.pict_type = PictureType.I
        self._pictures += 1
        return split_annex_b(b"".join(bytes(packet) for packet in self._context.encode(frame)))
