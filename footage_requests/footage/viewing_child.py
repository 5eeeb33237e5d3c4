"""The child process that transcodes one MP4 to H.264: from stdin to stdout, facts as JSON on stderr.

Pictures of devices meet the codec library only here: memory and processor time are limited, and nothing
can be opened once it runs. The copy is fragmented, because a pipe cannot be wound back.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any, cast

import av
import av.video.stream

_MEMORY_BYTES = 3 * 1024 * 1024 * 1024
_CPU_S = 6 * 3600


def main() -> int:
    av.logging.set_level(None)
    source = av.open(sys.stdin.buffer, "r", format="mp4")
    target = av.open(
        sys.stdout.buffer,
        "w",
        format="mp4",
        options={"movflags": "frag_keyframe+empty_moov+default_base_moof", "fflags": "+bitexact"},
    )
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    facts = transcode(source, target)
    os.write(2, json.dumps(facts).encode())
    return 0


def transcode(source: Any, target: Any) -> dict[str, Any]:
    """Every picture at its own time, in H.264 (x264, CRF 20)."""
    video = source.streams.video[0]
    video.thread_type = "AUTO"
    made = cast(av.video.stream.VideoStream, target.add_stream("libx264", rate=25))
    made.width, made.height = video.codec_context.width, video.codec_context.height
    made.pix_fmt = "yuv420p"
    made.codec_context.time_base = video.time_base
    made.codec_context.options = {"crf": "20", "preset": "veryfast"}
    frames = 0
    for frame in source.decode(video):
        frame.pict_type = 0
        target.mux(made.encode(frame.reformat(format="yuv420p")))
        frames += 1
    target.mux(made.encode(None))
    target.close()
    return {"codec": "h264", "width": made.width, "height": made.height, "frames": frames}


if __name__ == "__main__":
    sys.exit(main())
