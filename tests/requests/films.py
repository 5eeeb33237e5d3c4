"""Small real films for tests of packages."""

from __future__ import annotations

import io
from functools import cache

import av
import numpy as np


@cache
def film(
    seconds: int = 2,
    *,
    codec: str = "libx264",
    width: int = 320,
    height: int = 240,
    shade: int = 90,
) -> bytes:
    """An MP4 file of so many seconds at 5 frames a second, with a key frame every second."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream(codec, rate=5)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"g": "5", "bf": "0", "preset": "ultrafast", "x265-params": "log-level=0"}
        for number in range(5 * seconds):
            picture = np.full((height, width, 3), shade, np.uint8)
            picture[:, : 8 * number % width] = 200
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return out.getvalue()


def fragmented(data: bytes) -> bytes:
    """The same pictures as a fragmented MP4 with its index (mfra) at the end."""
    out = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov"}
    with (
        av.open(io.BytesIO(data), "r") as source,
        av.open(out, "w", format="mp4", options=options) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return out.getvalue()


def frames(data: bytes) -> int:
    """How many frames a player shows."""
    with av.open(io.BytesIO(data), "r") as container:
        return sum(1 for _picture in container.decode(video=0))
