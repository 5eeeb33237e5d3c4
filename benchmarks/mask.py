"""Masked copies: does ours keep up with ffmpeg doing the same?

`bin/bench mask [--seconds 60] [--rounds 3]`. A clip of 1280x720 at 25 frames a second gets one moving
area, blurred. Ours is the child process that `footage_requests.exhibits.masking` starts, with everything that
guards it; the baseline is the ffmpeg program with the same filters (gblur, maskedmerge), the same
encoder and the same settings, its mask drawn as a standing box. The last line is JSON: `x_ffmpeg`
(speed against ffmpeg in wall time, median of the rounds; goal 0.8), `x_ffmpeg_cpu` (CPU seconds of
ffmpeg against ours), `realtime` (seconds of video a second), `peak_mb` of our child.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.parts.ending import run, say
from footage_requests.exhibits.mask_shapes import CRF, PRESET, sigma_of

WIDTH, HEIGHT, RATE = 1280, 720, 25


def main() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        raise SystemExit("The baseline needs the ffmpeg program: apt install ffmpeg.")
    say(f"{options.rounds} rounds over {options.seconds} s of {WIDTH}x{HEIGHT} at {RATE} frames/s,")
    say("ours and ffmpeg by turns: gblur inside a moving area, libx264, no sound.")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.mp4"
        make_source(source, options.seconds)
        rounds = [one_round(Path(folder), source, options.seconds) for _ in range(options.rounds)]
    ours, theirs = ([pair[index] for pair in rounds] for index in (0, 1))
    for number, (mine, other) in enumerate(rounds, start=1):
        say(
            f"round {number}: ours {mine.wall:.1f} s ({mine.cpu:.1f} s CPU), "
            f"ffmpeg {other.wall:.1f} s ({other.cpu:.1f} s CPU)"
        )
    return {
        "benchmark": "mask",
        "x_ffmpeg": round(statistics.median(b.wall / a.wall for a, b in rounds), 2),
        "x_ffmpeg_cpu": round(statistics.median(b.cpu / a.cpu for a, b in rounds), 2),
        "realtime": round(options.seconds / statistics.median(cost.wall for cost in ours), 2),
        "ffmpeg_realtime": round(options.seconds / statistics.median(c.wall for c in theirs), 2),
        "peak_mb": max(cost.peak_mb for cost in ours),
    }


class Cost:
    """Wall and CPU seconds and most memory of one command."""

    def __init__(self, command: list[str], **options: Any) -> None:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, **options)
            _pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                errors.seek(0)
                raise SystemExit(f"{command[0]} failed: {errors.read().decode()[-500:]}")
        self.wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.peak_mb = usage.ru_maxrss // 1024


def make_source(path: Path, seconds: int) -> None:
    """Moving test pictures, encoded as a camera would."""
    Cost(
        [
            *("ffmpeg", "-y", "-loglevel", "error", "-f", "lavfi"),
            *("-i", f"testsrc2=s={WIDTH}x{HEIGHT}:r={RATE}:d={seconds}"),
            *("-c:v", "libx264", "-preset", "veryfast", "-b:v", "4M", "-g", "50", str(path)),
        ]
    )


def one_round(folder: Path, source: Path, seconds: int) -> tuple[Cost, Cost]:
    ours = mask_by_child(source, folder / "ours.mp4", seconds)
    theirs = mask_by_ffmpeg(source, folder / "theirs.mp4", seconds)
    counts = [count_frames(folder / name) for name in ("ours.mp4", "theirs.mp4")]
    if counts != [seconds * RATE] * 2:
        raise SystemExit(f"Frames were lost: {counts}")
    return ours, theirs


def mask_by_child(source: Path, target: Path, seconds: int) -> Cost:
    corners = [[1000, 1000], [4000, 1000], [4000, 6000], [1000, 6000]]
    moved = [[x + 5000, y] for x, y in corners]
    keys = [{"at": 0, "points": corners}, {"at": seconds * 1000 - 1, "points": moved}]
    order = {
        "shapes": [{"name": "area", "keys": keys}],
        "style": "BLUR",
        "inverse": False,
        "length_ms": seconds * 1000,
        "crf": CRF,
        "preset": PRESET,
    }
    with source.open("rb") as clip, target.open("w+b") as out, tempfile.TemporaryFile() as told:
        told.write((json.dumps(order) + "\n").encode())
        told.seek(0)
        descriptors = clip.fileno(), out.fileno()
        return Cost(
            [sys.executable, "-m", "footage_requests.exhibits.mask_child", *map(str, descriptors)],
            pass_fds=descriptors,
            stdin=told,
        )


def mask_by_ffmpeg(source: Path, target: Path, seconds: int) -> Cost:
    box = f"drawbox=x=128:y=72:w={WIDTH * 3 // 10}:h={HEIGHT // 2}:color=white:t=fill"
    shade = f"color=black:s={WIDTH}x{HEIGHT}:r={RATE}:d={seconds},{box},format=yuv420p"
    graph = f"[0:v]split[a][b];[b]gblur=sigma={sigma_of(HEIGHT)}:steps=2[c];[a][c][1:v]maskedmerge"
    return Cost(
        [
            *("ffmpeg", "-y", "-loglevel", "error", "-i", str(source), "-f", "lavfi", "-i", shade),
            *("-filter_complex", graph, "-c:v", "libx264", "-crf", str(CRF), "-preset", PRESET),
            *("-an", str(target)),
        ]
    )


def count_frames(path: Path) -> int:
    ask = ["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets"]
    told = subprocess.run(
        [*ask, "-of", "csv=p=0", path], check=True, capture_output=True, timeout=60
    )
    return int(told.stdout.strip().rstrip(b","))


if __name__ == "__main__":
    run(main)
