"""Stills and key frames are decoded in a child process; hostile ones end there (D15, D16, D17)."""

import asyncio
import os
import random
import signal
import struct
import zlib
from pathlib import Path

import pytest

from cameras.protocols.base import BadAnswer, DeviceError, TooLarge
from cameras.protocols.decoding import Decoder, check_still, decode_key_frame
from tests.protocols.rtsp_server import pictures


def png(width: int, height: int, rows: bytes | None = None) -> bytes:
    """A grey PNG; its pixels are all zero unless given."""
    data = bytes((width + 1) * height) if rows is None else rows

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packed = zlib.compress(data, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


async def jpeg() -> bytes:
    return (await decode_key_frame(pictures()[0][1], "h264")).jpeg


@pytest.mark.parametrize("codec", ["h264", "hevc"])
async def test_a_key_frame_becomes_a_jpeg(codec):
    decoded = await decode_key_frame(pictures(codec)[0][1], codec)
    assert (decoded.width, decoded.height) == (160, 96)
    still = await check_still(decoded.jpeg)
    assert (still.width, still.height, still.format) == (160, 96, "jpeg")


async def test_a_png_is_a_still_too():
    still = await check_still(png(64, 48))
    assert (still.width, still.height, still.format) == (64, 48, "png")


async def test_a_picture_that_is_not_a_key_frame_does_not_decode():
    with pytest.raises(BadAnswer):
        await decode_key_frame(pictures()[3][1], "h264")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<!DOCTYPE html><html>login</html>",
        b"GIF89a" + bytes(100),
        b"BM" + bytes(100),
        b"RIFF\x00\x00\x00\x00WEBP",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff\xe0" + b"\xff" * 100_000,
        png(64, 48)[:60],
    ],
)
async def test_what_is_no_whole_jpeg_or_png_is_refused(data):
    """D16."""
    with pytest.raises(BadAnswer):
        await check_still(data)


@pytest.mark.parametrize("text", [b"#EXTM3U\n", b"ffconcat version 1.0\n", b"RIFF", b""])
async def test_what_is_no_bitstream_is_refused(text):
    """D16."""
    with pytest.raises(BadAnswer):
        await decode_key_frame(text, "h264")


@pytest.mark.parametrize("size", [(65_000, 65_000), (13_000, 13_000), (8000, 5001)])
async def test_more_than_forty_megapixels_are_refused_before_decoding(size):
    """D17."""
    width, height = size
    with pytest.raises(TooLarge):
        await check_still(png(width, height, rows=b""))
    head = b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + bytes(20)
    with pytest.raises(TooLarge):
        await check_still(head)


async def test_more_than_eight_megabytes_are_refused():
    """D17."""
    with pytest.raises(TooLarge):
        await check_still(b"\xff\xd8\xff" + bytes(8 * 1024 * 1024))


async def test_sixty_mutated_pictures_all_end_and_leave_the_decoder_usable():
    """D15."""
    chance = random.Random(60)
    still = await jpeg()
    async with Decoder() as decoder:
        for _ in range(20):
            for kind, source in (
                ("h264", pictures()[0][1]),
                ("hevc", pictures("hevc")[0][1]),
                ("still", still),
            ):
                data = bytearray(source)
                for _ in range(8):
                    data[chance.randrange(4, len(data))] = chance.randrange(256)
                try:
                    if kind == "still":
                        await decoder.check_still(bytes(data))
                    else:
                        await decoder.decode_key_frame(bytes(data), kind)
                except DeviceError:
                    continue
        assert (await decoder.check_still(still)).width == 160


async def test_a_decoder_that_takes_too_long_is_killed_as_a_group():
    async with Decoder(deadline_s=0.0) as decoder:
        with pytest.raises(BadAnswer):
            await decoder.check_still(png(64, 48))
    assert children_of(os.getpid()) == []


async def test_a_cancelled_decoding_leaves_no_process():
    async with Decoder(1) as decoder:
        await decoder.check_still(png(64, 48))
        (child,) = children_of(os.getpid())
        os.kill(child, signal.SIGSTOP)  # so that it is at work, however late we look
        task = asyncio.create_task(decoder.check_still(png(64, 48)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert children_of(os.getpid()) == []


async def test_a_child_that_died_is_replaced():
    async with Decoder(1) as decoder:
        await decoder.check_still(png(64, 48))
        for pid in children_of(os.getpid()):
            os.kill(pid, 9)
        with pytest.raises(BadAnswer):
            await decoder.check_still(png(64, 48))
        assert (await decoder.check_still(png(64, 48))).width == 64


async def test_the_child_sees_no_environment_and_opens_nothing(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "CANARY-9f")
    async with Decoder(1) as decoder:
        await decoder.check_still(png(64, 48))
        (pid,) = children_of(os.getpid())
        assert b"CANARY" not in Path(f"/proc/{pid}/environ").read_bytes()
        limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
        (open_files,) = [line.split() for line in limits if line.startswith("Max open files")]
        assert open_files[3:5] == ["0", "0"]


def children_of(pid: int) -> list[int]:
    """Media children of this process; other children are none of our business."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        if b"media_child" in command:
            found.append(int(child))
    return found
