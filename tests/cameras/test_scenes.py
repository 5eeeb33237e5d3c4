"""Pictures are compared by their edges: light and people change little, another view changes much."""

from __future__ import annotations

import zlib
from typing import Any

import cv2
import numpy as np
import pytest

from cameras.protocols.decoding import Decoder
from cameras.scene import OTHER_SCENE, SAME_SCENE, outline_of, scenes_agree
from simulator.video_scene import Camera, camera_id, still

INSTANT = 1_700_000_000_000


def picture(name: str, width: int = 640, height: int = 360) -> np.ndarray:
    data = still(Camera(camera_id(name), name), INSTANT, width=width, height=height)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def jpeg(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image)[1].tobytes()


async def outline(image: np.ndarray) -> bytes:
    async with Decoder(1) as decoder:
        return outline_of((await decoder.check_still(jpeg(image))).sketch)


def darker(image: np.ndarray) -> np.ndarray:
    return (image * 0.3).astype(np.uint8)


def noisy(image: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(7).normal(0, 20, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def with_somebody(image: np.ndarray) -> np.ndarray:
    image = image.copy()
    image[100:320, 200:280] = 60
    return image


def infrared(image: np.ndarray) -> np.ndarray:
    """Light on dark has become dark on light, without colours."""
    return 255 - cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


@pytest.mark.parametrize("change", [darker, noisy, with_somebody, infrared])
async def test_other_light_noise_and_people_leave_a_scene_the_same(change: Any) -> None:
    before = picture("Kitaplık kuzey kapısı")

    agreement = scenes_agree(await outline(before), await outline(change(before)))

    assert agreement is not None
    assert agreement >= SAME_SCENE


async def test_size_and_compression_do_not_matter() -> None:
    large, small = picture("Otopark", 1280, 720), picture("Otopark", 640, 360)
    shrunk = cv2.resize(large, (352, 240))

    assert small.shape != large.shape
    assert (scenes_agree(await outline(large), await outline(shrunk)) or 0) >= SAME_SCENE


async def test_a_camera_that_was_turned_shows_another_scene() -> None:
    before = picture("Kitaplık kuzey kapısı")
    turned = np.roll(before, 200, axis=1)

    agreement = scenes_agree(await outline(before), await outline(turned))

    assert agreement is not None
    assert agreement < OTHER_SCENE


async def test_two_cameras_show_two_scenes() -> None:
    """B19: another channel's pictures are recognised as such."""
    one, other = await outline(picture("Otopark")), await outline(picture("Yemekhane"))

    agreement = scenes_agree(one, other)
    assert agreement is not None
    assert agreement < OTHER_SCENE
    assert scenes_agree(one, one) == pytest.approx(1)


async def test_about_darkness_and_fog_nothing_is_said() -> None:
    scene = await outline(picture("Otopark"))

    assert scenes_agree(scene, await outline(np.zeros((360, 640, 3), np.uint8))) is None
    assert scenes_agree(scene, await outline(np.full((360, 640, 3), 180, np.uint8))) is None
    assert scenes_agree(scene, b"") is None


def test_a_sketch_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="no sketch"):
        outline_of(zlib.compress(b"x"))
