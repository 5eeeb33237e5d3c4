"""The child process that writes a masked copy: decode, blur inside the mask, encode again.

`python -m footage_requests.exhibits.mask_child IN_FD OUT_FD` reads one line of JSON from stdin (shapes, style,
inverse, crf, preset) and writes one line of JSON per second of video and a last one with what was
made. Pictures of devices meet the codec library only here: memory and processor time are limited and
nothing can be opened. Blur is gblur + maskedmerge of libavfilter, encoding is libx264; there is no
sound in a masked copy.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO, cast

import av
import av.video.stream
import cv2
import numpy
from av.filter import Graph

from footage_requests.exhibits.mask_shapes import FULL, Point, Shape, read_shapes, sigma_of

_MEMORY_BYTES = 3 * 1024 * 1024 * 1024
_CPU_S = 6 * 3600
_TELL_EVERY_MS = 1000

Outlines = tuple[tuple[Point, ...], ...]


def main(arguments: list[str]) -> int:
    av.logging.set_level(None)
    order = json.loads(sys.stdin.readline())
    with (
        os.fdopen(int(arguments[0]), "rb") as source,
        os.fdopen(int(arguments[1]), "wb") as target,
    ):
        try:
            made = mask(source, target, order)
        except Exception as error:  # noqa: BLE001  (whatever a codec raises: the copy was not made)
            _tell({"error": f"{type(error).__name__}: {error}"[:300]})
            return 1
        target.flush()
        os.fsync(target.fileno())
    _tell(made)
    return 0


def _limit() -> None:
    """After everything is loaded and opened: what is open stays usable, nothing else can be opened."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))


def mask(source: BinaryIO, target: BinaryIO, order: dict[str, Any]) -> dict[str, Any]:
    """Copies the video of `source` into the MP4 `target` with the ordered masks. Returns the facts."""
    _limit()
    with av.open(source, "r", format="mp4") as clip, av.open(target, "w", format="mp4") as out:
        video = clip.streams.video[0]
        video.thread_type = "AUTO"
        painter = _Painter(video, order)
        stream = out.add_stream("libx264", rate=_rate(video))
        (stream.width, stream.height), stream.pix_fmt = painter.size, "yuv420p"
        stream.time_base = video.time_base
        stream.codec_context.time_base = cast(Fraction, video.time_base)
        stream.options = {"crf": str(order["crf"]), "preset": str(order["preset"])}
        frames, told = 0, 0
        for moment, frame in painter.frames(clip):
            # libx264 chooses its own key frames: those of the original mean nothing here.
            frame.pict_type = 0
            out.mux(stream.encode(frame))
            frames += 1
            if moment - told >= _TELL_EVERY_MS:
                told = moment
                _tell({"at": moment, "frames": frames})
        out.mux(stream.encode(None))
        return {
            "frames": frames,
            "width": stream.width,
            "height": stream.height,
            "codec": "h264",
            "masked_frames": painter.masked,
        }


def _rate(video: av.video.stream.VideoStream) -> Fraction:
    return video.average_rate or Fraction(25)


class _Painter:
    """Decoded frames with the masks laid over them, in order, with their media time."""

    def __init__(self, video: av.video.stream.VideoStream, order: dict[str, Any]) -> None:
        self.masked = 0
        self._video = video
        # Colour is sampled in squares of two: an odd last row or column is left out.
        self.size = (video.width // 2 * 2, video.height // 2 * 2)
        length = order["length_ms"]
        # The limit is for who draws: fixed masks come on top of what was drawn.
        shapes = read_shapes(order["shapes"], length, most=len(order["shapes"]))
        self._drawn = [shape for shape in shapes if not shape.fixed]
        self._fixed = [shape for shape in shapes if shape.fixed]
        self._inverse = bool(order["inverse"])
        self._graph = _graph(video, self.size, order["style"])
        self._last: tuple[tuple[Outlines, Outlines], numpy.ndarray] | None = None

    def frames(self, clip: Any) -> Iterator[tuple[int, Any]]:
        start = None
        base = cast(Fraction, self._video.time_base)
        for frame in clip.decode(self._video):
            start = frame.pts if start is None else start
            moment = int((frame.pts - start) * base * 1000)
            drawn, fixed = (_there(shapes, moment) for shapes in (self._drawn, self._fixed))
            # Without a mask there is nothing to filter; "all but" without an area hides everything.
            if not drawn and not fixed and not self._inverse:
                yield moment, self._plain(frame)
                continue
            self.masked += 1
            yield moment, self._merge(frame, drawn, fixed)

    def _plain(self, frame: Any) -> Any:
        return frame.reformat(*self.size, format="yuv420p")

    def _merge(self, frame: Any, drawn: Outlines, fixed: Outlines) -> Any:
        picture, shade = self._graph.inputs
        shape = self._mask(drawn, fixed)
        shape.pts, shape.time_base = frame.pts, frame.time_base
        picture.push(self._plain(frame))
        shade.push(shape)
        return self._graph.output.pull()

    def _mask(self, drawn: Outlines, fixed: Outlines) -> Any:
        """The mask as a picture; drawn again only when a corner has moved."""
        if self._last is None or self._last[0] != (drawn, fixed):
            plane = draw(drawn, self.size, inverse=self._inverse, hidden=fixed)
            self._last = (drawn, fixed), plane
        return av.VideoFrame.from_ndarray(self._last[1], format="yuv420p")


def _there(shapes: Iterable[Shape], moment: int) -> Outlines:
    return tuple(filter(None, (shape.at(moment) for shape in shapes)))


def draw(
    outlines: Outlines, size: tuple[int, int], *, inverse: bool, hidden: Outlines = ()
) -> numpy.ndarray:
    """White where the picture is hidden: all planes of a yuv420p frame, one above the other.

    `outlines` are hidden, or with `inverse` left visible; `hidden` stays hidden in both, wherever they meet.
    """
    width, height = size
    plane = numpy.full((height, width), 255 if inverse else 0, numpy.uint8)
    for some, shade in ((outlines, 0 if inverse else 255), (hidden, 255)):
        for outline in some:
            corners = numpy.array([_pixel(point, size) for point in outline], numpy.int32)
            cv2.fillPoly(plane, [corners], shade)
    half = cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    # Half a colour sample inside the mask still shows a colour that was to be hidden.
    half = numpy.where(half > 0, 255, 0).astype(numpy.uint8)
    return numpy.concatenate([plane.ravel(), half.ravel(), half.ravel()]).reshape(
        height * 3 // 2, width
    )


def _pixel(point: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    return point[0] * (size[0] - 1) // FULL, point[1] * (size[1] - 1) // FULL


@dataclass(frozen=True)
class _Inputs:
    """The filter graph with its two doors, found once."""

    graph: Graph
    inputs: tuple[Any, Any]
    output: Any


def _graph(video: av.video.stream.VideoStream, size: tuple[int, int], style: str) -> _Inputs:
    """picture -> hidden version; picture, hidden version and mask -> maskedmerge."""
    graph = Graph()
    graph.threads = 0
    shape: dict[str, Any] = {
        "width": size[0],
        "height": size[1],
        "format": "yuv420p",
        "time_base": video.time_base,
    }
    picture = graph.add_buffer(**shape)
    shade = graph.add_buffer(**shape)
    split = graph.add("split")
    if style == "SOLID":
        hidden = graph.add("drawbox", "color=black:t=fill")
    else:
        hidden = graph.add("gblur", f"sigma={sigma_of(size[1])}:steps=2")
    merge = graph.add("maskedmerge")
    sink = graph.add("buffersink")
    picture.link_to(split)
    split.link_to(merge, 0, 0)
    split.link_to(hidden, 1, 0)
    hidden.link_to(merge, 0, 1)
    shade.link_to(merge, 0, 2)
    merge.link_to(sink)
    graph.configure()
    return _Inputs(graph, (picture, shade), sink)


def _tell(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
