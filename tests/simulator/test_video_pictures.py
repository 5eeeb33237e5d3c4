"""The simulated video decodes everywhere and says when it is."""

from __future__ import annotations

import io

import av
import cv2
import numpy as np
import pytest

from simulator import video
from simulator.video import Camera, gop, gops, read_strip, still
from simulator.video_scene import draw

CAMERA = Camera(video.camera_id("REC001"), "Kütüphane Işık Kapısı")
SECOND = 1_793_520_000_000


def decoded(stream: bytes, codec: str = "h264") -> list[np.ndarray]:
    with av.open(io.BytesIO(stream), "r", format=codec) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def stream_of(units: list[video.AccessUnit]) -> bytes:
    return b"".join(unit.annex_b() for unit in units)


def test_every_decoded_frame_says_its_camera_and_instant() -> None:
    units = [unit for group in gops(CAMERA, SECOND + 137, SECOND + 2500) for unit in group]
    read = [read_strip(image) for image in decoded(stream_of(units))]
    assert read == [(CAMERA.id, unit.pts_ms) for unit in units]


def test_only_the_first_picture_of_a_second_is_a_key_picture() -> None:
    units = gop(CAMERA, SECOND)
    assert [unit.key for unit in units] == [True] + [False] * 14
    kinds = [nal[0] & 31 for nal in units[0].nals]
    assert (kinds[:2], set(kinds[2:])) == ([7, 8], {5})
    assert {nal[0] & 31 for unit in units[1:] for nal in unit.nals} == {1}


def test_the_same_second_has_the_same_bytes_in_any_order() -> None:
    def key_bytes(second: int) -> bytes:
        video._key_picture.cache_clear()
        return gop(CAMERA, SECOND + 1000 * second)[0].annex_b()

    forwards = [key_bytes(second) for second in range(5)]
    assert [key_bytes(second) for second in (3, 1, 4, 0, 2)] == [
        forwards[i] for i in (3, 1, 4, 0, 2)
    ]


@pytest.mark.parametrize(("width", "height"), [(320, 240), (640, 360), (1280, 720)])
def test_a_key_picture_of_slices_shows_what_is_drawn(width: int, height: int) -> None:
    group = gop(CAMERA, SECOND + 137, fps=1, width=width, height=height)
    with av.open(io.BytesIO(stream_of(group)), "r", format="h264") as container:
        shown = next(container.decode(video=0)).to_ndarray(format="yuv420p").astype(int)
    drawn = draw(CAMERA, SECOND + 137, width, height)
    assert len(group[0].nals) > 3
    assert np.abs(shown - drawn).mean() < 2
    assert np.abs(shown - drawn)[: height * 2 // 3].mean(axis=1).max() < 8


def test_two_cameras_show_different_scenes() -> None:
    other = Camera(video.camera_id("REC002"), "Otopark")
    assert gop(CAMERA, SECOND)[0].nals != gop(other, SECOND)[0].nals


@pytest.mark.parametrize(("width", "height"), [(320, 240), (640, 360), (1280, 720), (704, 576)])
def test_every_usual_size_decodes(width: int, height: int) -> None:
    units = gop(CAMERA, SECOND, fps=5, width=width, height=height)
    images = decoded(stream_of(units))
    assert {image.shape for image in images} == {(height, width, 3)}
    assert [read_strip(image) for image in images] == [(CAMERA.id, unit.pts_ms) for unit in units]


def test_filler_data_reaches_the_stated_bit_rate_and_still_decodes() -> None:
    units = gop(CAMERA, SECOND, bitrate=4_000_000)
    size = sum(len(nal) for unit in units for nal in unit.nals)
    assert size * 8 == pytest.approx(4_000_000, rel=0.01)
    assert len(decoded(stream_of(units))) == 15


def test_a_snapshot_carries_the_same_strip() -> None:
    image = cv2.imdecode(np.frombuffer(still(CAMERA, SECOND + 321), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert read_strip(image) == (CAMERA.id, SECOND + 321)


def test_a_picture_without_a_sound_strip_is_not_read() -> None:
    image = decoded(stream_of(gop(CAMERA, SECOND, fps=1)))[0]
    damaged = image.copy()
    damaged[8:16, 300:308] = 255 - damaged[8:16, 300:308]
    assert read_strip(damaged) is None
    assert read_strip(np.zeros((360, 640), np.uint8)) is None
    assert read_strip(np.zeros((20, 20), np.uint8)) is None
    assert read_strip(image[4:]) is None


def test_the_text_moves_every_second() -> None:
    first, second = (decoded(stream_of(gop(CAMERA, SECOND + i * 1000, fps=1)))[0] for i in (0, 1))
    below_strip = slice(32, 80)
    assert np.abs(first[below_strip].astype(int) - second[below_strip]).max() > 50


def test_h265_says_the_same() -> None:
    units = gop(CAMERA, SECOND + 300, fps=10, codec="h265")
    read = [read_strip(image) for image in decoded(stream_of(units), "hevc")]
    assert read == [(CAMERA.id, SECOND + at) for at in range(300, 1000, 100)]
    assert [unit.key for unit in units] == [True] + [False] * 6
