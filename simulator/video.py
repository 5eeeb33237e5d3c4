"""Real video made on demand: one key picture per second, P pictures between, the same bytes each time.

Weeks of recordings cost no disk: any second of any camera is encoded when somebody asks for it, in
about a millisecond. The picture carries the camera's name and the device's clock as text for people
and the strip of `simulator.video_strip` for tests. `Camera` and an instant decide every byte.

Instants are milliseconds since 1970 in `DEVICE_UTC` (what the device believes to be UTC); the text
shows the device's wall clock, `zone_ms` ahead of that.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import av
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
from simulator.video_h265 import group_of_pictures
from simulator.video_scene import Camera, band_height, camera_id, draw, draw_band, still
from simulator.video_strip import Picture, read_strip

__all__ = [
    "AccessUnit",
    "Camera",
    "camera_id",
    "gop",
    "gops",
    "parameter_sets",
    "read_strip",
    "still",
]


_KEPT_SECONDS = 8192
"""An hour that is played again costs no encoding, as a recorder reads it from its disk; at 3.5 KB each."""


@dataclass(frozen=True)
class AccessUnit:
    """One coded picture: its instant, whether it is a key picture, its NAL units without start codes."""

    pts_ms: int
    key: bool
    nals: tuple[bytes, ...]

    def annex_b(self) -> bytes:
        """The picture as a byte stream."""
        return b"".join(b"\x00\x00\x00\x01" + nal for nal in self.nals)


def gop(
    camera: Camera,
    start_ms: int,
    *,
    until_ms: int | None = None,
    fps: int = 15,
    width: int = 640,
    height: int = 360,
    bitrate: int | None = None,
    codec: str = "h264",
) -> list[AccessUnit]:
    """The pictures from `start_ms` (a key picture) to the end of its second, or to `until_ms`.

    P pictures stand on the grid whole second + i / fps. `bitrate` in bit/s pads each picture with filler
    data up to its share. `width` is at least 320, both sizes are even, `fps` lies in 1..100.
    `codec` "h265" costs fifty times as much and takes no `bitrate`.
    """
    second = start_ms - start_ms % 1000
    end = second + 1000 if until_ms is None else min(until_ms, second + 1000)
    instants = [second + i * 1000 // fps for i in range(fps)]
    instants = [start_ms, *(each for each in instants if start_ms < each < end)]
    if codec == "h265":
        coded = group_of_pictures(camera, tuple(instants), fps, width, height)
        pairs = zip(instants, coded, strict=True)
        return [AccessUnit(each, each == start_ms, nals) for each, nals in pairs]
    share = bitrate // 8 // fps if bitrate else 0
    units = [
        AccessUnit(start_ms, True, _padded(_key_picture(camera, start_ms, width, height), share))
    ]
    for instant in instants[1:]:
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
    codec: str = "h264",
) -> Iterator[list[AccessUnit]]:
    """Groups of pictures that fill [start_ms, end_ms), the first one beginning exactly at the start."""
    instant = start_ms
    while instant < end_ms:
        yield gop(
            camera,
            instant,
            until_ms=end_ms,
            fps=fps,
            width=width,
            height=height,
            bitrate=bitrate,
            codec=codec,
        )
        instant += 1000 - instant % 1000


@lru_cache(maxsize=8)
def parameter_sets(width: int = 640, height: int = 360) -> ParameterSets:
    """The SPS and PPS of every stream of this size."""
    return _Encoder.of(width, height, band_height(width, height)).sets


def _padded(nals: tuple[bytes, ...], share: int) -> tuple[bytes, ...]:
    missing = share - sum(map(len, nals))
    return (*nals, _filler(missing)) if missing >= 2 else nals


_filler = lru_cache(maxsize=64)(filler)


@lru_cache(maxsize=_KEPT_SECONDS)
def _key_picture(camera: Camera, instant_ms: int, width: int, height: int) -> tuple[bytes, ...]:
    """The band that tells the time is a slice of its own, so that nothing else is encoded for each second."""
    sets, second = parameter_sets(width, height), instant_ms // 1000
    rows = band_height(width, height)
    band = _Encoder.of(width, rows, rows).key_picture(
        draw_band(camera, instant_ms, width, height), second
    )
    return (sets.sps, sets.pps, *band, *_below_band(camera, second % 2, width, height))


@lru_cache(maxsize=128)
def _below_band(camera: Camera, second: int, width: int, height: int) -> tuple[bytes, ...]:
    """The slices below the band, which are the same in every even second, and in every odd one."""
    encoder = _Encoder.of(width, height, band_height(width, height))
    return encoder.key_picture(draw(camera, 0, width, height), second)[1:]


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


class _Encoder:
    """One x264 encoder per picture size, told to write IDR pictures only, at a fixed quantiser.

    No slice is longer than a band of `rows`. Nothing in a slice depends on another one, or on the picture's height.

    x264 numbers IDR pictures and the number stands in the slice, so an encoder with a history would
    write other bytes for the same second. Its number is kept equal to the second's parity by encoding
    once more where needed, which is never needed in a run of seconds.
    """

    _by_size: dict[tuple[int, int, int], _Encoder] = {}
    _lock = threading.Lock()

    @classmethod
    def of(cls, width: int, height: int, rows: int) -> _Encoder:
        with cls._lock:
            if (width, height, rows) not in cls._by_size:
                cls._by_size[width, height, rows] = cls(width, height, rows)
            return cls._by_size[width, height, rows]

    def __init__(self, width: int, height: int, rows: int) -> None:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, 15)
        context.framerate = Fraction(15)
        context.thread_count = 1
        context.max_b_frames = 0
        params = "qp=30:scenecut=0:threads=1:ref=1:cabac=0:weightp=0:keyint=infinite"
        longest = -(-width // 16) * -(-rows // 16)
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "forced-idr": "1",
            "x264-params": f"{params}:slice-max-mbs={longest}",
        }
        self._context = context
        self._pictures = 0
        self._own_lock = threading.Lock()
        blank = np.full((height * 3 // 2, width), 128, np.uint8)
        sets = {nal[0] & 31: nal for nal in self._encode(blank)}
        self.sets = read_parameter_sets(sets[NAL_SPS], sets[NAL_PPS])

    def key_picture(self, planes: Picture, second: int) -> tuple[bytes, ...]:
        """The IDR slices of a picture."""
        with self._own_lock:
            nals = self._encode(planes)
            if self._pictures % 2 != second % 2:
                nals = self._encode(planes)
        return tuple(nal for nal in nals if nal[0] & 31 == NAL_IDR)

    def _encode(self, planes: Picture) -> list[bytes]:
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = self._pictures
        frame.pict_type = PictureType.I
        self._pictures += 1
        return split_annex_b(b"".join(bytes(packet) for packet in self._context.encode(frame)))
