"""The child process in which bytes of devices meet a codec library.

`python -m cameras.protocols.media_child serve` answers requests on stdin, each in a fork of its own
that dies with its picture. `... mux CODEC FD` copies pictures from stdin into an MP4 file that the
parent has opened. Both limit themselves: memory, processor time, no new files or sockets, no core.
Nothing heavier than PyAV is imported, so that starting takes a fraction of a second; what PyAV would
import at first use is imported at the start, because nothing can be opened later.
"""

from __future__ import annotations

import errno
import heapq
import io
import json
import os
import resource
import struct
import sys
from collections.abc import Mapping
from fractions import Fraction
from typing import BinaryIO, cast

import av
import av.audio.stream
import av.subtitles.stream
import av.video.stream

from cameras.protocols.media_records import PICTURE, SKETCH_HEIGHT, SKETCH_WIDTH

REQUEST = struct.Struct(">BI")  # kind, size
KINDS = {1: "jpeg", 2: "png", 3: "h264", 4: "hevc"}
TIME_BASE = Fraction(1, 90_000)
MAX_PIXELS = 40_000_000
_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
_CPU_S = 10
_MUX_CPU_S = 3600


def main(arguments: list[str]) -> int:
    av.logging.set_level(None)
    source = sys.stdin.buffer
    if arguments[:1] == ["serve"]:
        _limit(cpu_s=None, file_bytes=0)
        return _serve(source)
    codec, descriptor = arguments[1], int(arguments[2])
    with os.fdopen(descriptor, "wb", buffering=1024 * 1024) as out:
        _limit(cpu_s=_MUX_CPU_S, file_bytes=None)
        return _report_mux(codec, source, out)


def _limit(*, cpu_s: int | None, file_bytes: int | None) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What is open stays usable; nothing else, file or socket, can be opened any more.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    if file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    if cpu_s is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))


def _serve(source: BinaryIO) -> int:
    while len(head := source.read(REQUEST.size)) == REQUEST.size:
        kind, size = REQUEST.unpack(head)
        data = source.read(size)
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
            os._exit(_answer(KINDS[kind], data))
        _, status = os.waitpid(child, 0)
        if status != 0:
            _reply({"error": "died"}, b"")
    return 0


def _answer(kind: str, data: bytes) -> int:
    try:
        frame = _decode(kind, data)
        picture = b"" if kind in ("jpeg", "png") else _to_jpeg(frame)
        facts = {"width": frame.width, "height": frame.height, "colour": _colour(frame)}
        _reply(facts, _sketch(frame) + picture)
    except Exception as error:  # noqa: BLE001  (whatever a codec raises means: cannot be decoded)
        _reply({"error": type(error).__name__}, b"")
    return 0


def _reply(facts: Mapping[str, object], blob: bytes) -> None:
    head = json.dumps(facts).encode()
    sys.stdout.buffer.write(struct.pack(">II", len(head), len(blob)) + head + blob)
    sys.stdout.buffer.flush()


def _decode(kind: str, data: bytes) -> av.VideoFrame:
    """The first whole picture. The pixel cap holds from the headers on, before memory is taken."""
    name = "mjpeg" if kind == "jpeg" else kind
    context = cast(av.VideoCodecContext, av.CodecContext.create(name, "r"))
    context.thread_count = 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    packets = [av.Packet(data)]
    if kind in ("h264", "hevc"):
        packets = [*context.parse(data), *context.parse(None)]
    for packet in [*packets, None]:
        for frame in context.decode(packet):
            if not frame.is_corrupt:
                return frame
    raise ValueError("no whole picture")


def _to_jpeg(frame: av.VideoFrame) -> bytes:
    context = av.CodecContext.create("mjpeg", "w")
    context.width, context.height = frame.width, frame.height
    context.pix_fmt = "yuvj420p"
    context.time_base = Fraction(1, 25)
    context.thread_count = 1
    context.options = {"flags": "+qscale", "global_quality": str(118 * 4)}
    picture = frame.reformat(format="yuvj420p")
    picture.pts = 0
    picture.time_base = context.time_base
    return b"".join(bytes(packet) for packet in [*context.encode(picture), *context.encode(None)])


def _sketch(frame: av.VideoFrame) -> bytes:
    """The picture in grey and very small, to be compared with others of the same place."""
    return _plane(_small(frame, "gray"), 0)


def _colour(frame: av.VideoFrame) -> int:
    """How far the picture is from grey on the whole, 0 to 128; infrared pictures have next to none."""
    small = _small(frame, "yuv444p")
    pairs = zip(_plane(small, 1), _plane(small, 2), strict=True)
    away = sum(max(abs(u - 128), abs(v - 128)) for u, v in pairs)
    return round(away / (SKETCH_WIDTH * SKETCH_HEIGHT))


def _small(frame: av.VideoFrame, pixels: str) -> av.VideoFrame:
    return frame.reformat(
        width=SKETCH_WIDTH, height=SKETCH_HEIGHT, format=pixels, interpolation="AREA"
    )


def _plane(small: av.VideoFrame, number: int) -> bytes:
    plane = small.planes[number]
    rows = memoryview(plane)
    starts = range(0, SKETCH_HEIGHT * plane.line_size, plane.line_size)
    return b"".join(bytes(rows[start : start + SKETCH_WIDTH]) for start in starts)


def _report_mux(codec: str, source: BinaryIO, out: BinaryIO) -> int:
    try:
        facts = _mux(codec, source, out)
        out.flush()
        os.fsync(out.fileno())
    except OSError as error:
        # libav hides the errno of a full disk behind errors of its own.
        facts = {"errno": error.errno or errno.EIO}
    except Exception as error:  # noqa: BLE001  (as above)
        facts = {"error": type(error).__name__}
    _reply(facts, b"")
    return 0


def _mux(codec: str, source: BinaryIO, out: BinaryIO) -> dict[str, object]:
    """Copy pictures into an MP4 with the index at its end.

    The first record holds the parameter sets together with the first key picture, as a probe only.
    """
    _, _, size = PICTURE.unpack(source.read(PICTURE.size))
    probe = av.open(io.BytesIO(source.read(size)), format=codec, options={"probesize": "9000000"})
    template = probe.streams.video[0]
    width, height = template.codec_context.width, template.codec_context.height
    if not width or width * height > MAX_PIXELS:
        raise ValueError("no usable size")
    container = av.open(out, "w", format="mp4", options={"fflags": "+bitexact"})
    stream = container.add_stream_from_template(template)
    stream.time_base = TIME_BASE
    order = DecodingOrder(template.codec_context.has_b_frames)
    frames = 0
    while len(head := source.read(PICTURE.size)) == PICTURE.size:
        ticks, is_key, size = PICTURE.unpack(head)
        packet = av.Packet(source.read(size))
        packet.pts, packet.dts = order.place(ticks)
        packet.time_base = TIME_BASE
        packet.is_keyframe = bool(is_key)
        packet.stream = stream
        container.mux(packet)
        frames += 1
    container.close()
    probe.close()
    return {"width": width, "height": height, "frames": frames}


class DecodingOrder:
    """Decoding times for pictures that arrive in decoding order with their times of display."""

    def __init__(self, reordered: int) -> None:
        self._reordered = max(0, min(reordered, 16))
        self._seen: list[int] = []
        self._last: int | None = None

    def place(self, ticks: int) -> tuple[int, int]:
        """Display and decoding time: decoding is never later, and always moves on."""
        heapq.heappush(self._seen, ticks)
        if len(self._seen) > self._reordered:
            decoding = heapq.heappop(self._seen)
        else:
            decoding = self._seen[0] - (self._reordered - len(self._seen) + 1)
        if self._last is not None:
            decoding = max(decoding, self._last + 1)
        self._last = decoding
        return max(ticks, decoding), decoding


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
