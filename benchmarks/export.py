"""An hour of footage from a recorder to a sealed exhibit, against ffmpeg copying the same hour to a file.

Ours is everything between the button and the exhibit: a request and its decision in a database, slices
of five minutes fetched over ONVIF replay, sealed with AES-256-GCM while they arrive, hashed, put together
into one MP4 without touching a picture, sealed again, read back and checked. The baseline is `ffmpeg -c
copy` from the simulator's plain address of the same hour, in clear and without any check.

Each round is of a channel of its own, which is played once before anything is measured: the simulator then
has its pictures ready, as a recorder has them on its disk, and neither side waits for an encoder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.parts.campus import free_port
from benchmarks.parts.ending import run, say
from benchmarks.parts.memory import MemoryWatch, cpu_seconds

ADDRESS = "127.98.7.1"
LOGIN = ("izleme", "a-password")


def campus_file(folder: Path, bitrate: int, channels: int, recorders: int = 1) -> Path:
    """ONVIF recorders that code at this rate; the first has the address of this benchmark."""
    devices = [_recorder(number, bitrate, channels) for number in range(1, recorders + 1)]
    path = folder / "campus.json"
    path.write_text(json.dumps({"devices": devices}))
    return path


def _recorder(number: int, bitrate: int, channels: int) -> dict[str, Any]:
    address = f"{ADDRESS.rpartition('.')[0]}.{number}"
    return {
        "key": f"recorder{number}",
        "kind": "recorder",
        "dialect": "onvif",
        "address": address,
        "http_port": free_port(address),
        "rtsp_port": free_port(address),
        "maker": "Anatolia Vision",
        "model": "NVR-16",
        "serial": f"BENCH{number:06}",
        "users": {LOGIN[0]: LOGIN[1]},
        "recording": {"seam_ms": 0},
        "faults": {"rtsp_video": {"bitrate": bitrate}},
        "channels": [
            {"number": n, "name": f"channel {n}", "token": f"rec{n}"}
            for n in range(1, channels + 1)
        ],
    }


class Simulator:
    """The recorder in a process of its own."""

    def __init__(self, campus: Path) -> None:
        self._command = [sys.executable, "-m", "simulator", "--campus", str(campus)]
        self._command += ["--control", "0", "--die-with-parent", "--discovery-port", "0"]

    def __enter__(self) -> Simulator:
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        if self.process.stdout is None or "ready" not in self.process.stdout.readline():
            raise RuntimeError("The simulated recorder did not start.")
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)


class Worker:
    """A footage worker: a decision goes in, figures come out."""

    def __init__(self, environment: dict[str, str], *options: str) -> None:
        self._environment = environment
        self._options = options

    def __enter__(self) -> Worker:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.parts.export_child", "work", *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment,
        )
        self._answer()
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    def _answer(self) -> str:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError("The worker ended; its last lines are above.")
        return line

    def export(self, decision: int, operator: int) -> dict[str, Any]:
        self.begin(decision, operator)
        return dict(json.loads(self._answer()))

    def begin(self, decision: int, operator: int) -> None:
        if self.process.stdin is None:
            raise RuntimeError("The worker has no input.")
        self.process.stdin.write(json.dumps([decision, operator]) + "\n")
        self.process.stdin.flush()


def ffmpeg(url: str, out: Path) -> dict[str, Any]:
    """The baseline: seconds, CPU seconds and the hash of the elementary stream."""
    out.unlink(missing_ok=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(
        [
            "ffmpeg",
            "-nostdin",
            "-v",
            "error",
            "-rtsp_transport",
            "tcp",
            "-i",
            url,
            "-c",
            "copy",
            str(out),
        ],
        check=True,
        timeout=3600,
    )
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu_seconds": cpu, "bytes": out.stat().st_size}


def plain_url(campus: Path, start_ms: int, seconds: int, channel: int) -> str:
    device = json.loads(campus.read_text())["devices"][0]
    stamps = [
        f"{datetime.fromtimestamp(ms / 1000, UTC):%Y%m%dT%H%M%SZ}"
        for ms in (start_ms, start_ms + seconds * 1000)
    ]
    host = f"{LOGIN[0]}:{LOGIN[1]}@{ADDRESS}:{device['rtsp_port']}"
    return f"rtsp://{host}/plain/{channel}?start={stamps[0]}&end={stamps[1]}"


def measure(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="cctv-export-") as name:
        folder = Path(name)
        copy = folder / "baseline.mp4"
        campus = campus_file(folder, options.bitrate, options.runs + bool(options.kills))
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "cctv_ops.settings",
            "DATA_DIR": str(folder / "data"),
            "DEVICE_NETWORKS": "127.64.0.0/10 10.0.0.0/8",
            "EVIDENCE_RESERVE_GB": "1",
        }
        prepared = _prepare(campus, options.seconds, environment)
        rounds = []
        with (
            Simulator(campus) as simulator,
            Worker(environment) as worker,
            MemoryWatch(worker.process.pid, 0.5) as memory,
        ):
            for channel, decision in enumerate(prepared["decisions"][: options.runs], 1):
                url = plain_url(campus, prepared["start_ms"], options.seconds, channel)
                ffmpeg(url, copy)
                # One after the other, so that both meet the same load.
                base = ffmpeg(url, copy)
                base["bitstream_sha256"] = _child(["hash", str(copy)], environment)
                # Memory that was never touched costs four times as much to write: ffmpeg was given that of
                # its first copy again, we are given that of its second.
                copy.unlink()
                simulated = simulator.cpu_seconds()
                ours = worker.export(decision, prepared["operator"])
                ours["simulator_cpu_seconds"] = simulator.cpu_seconds() - simulated
                rounds.append((base, ours))
                _tell(base, ours)
            if options.kills:
                last = prepared["decisions"][options.runs]
                longest = 1.2 * rounds[0][1]["seconds"]
                broken = killed(last, prepared["operator"], options.kills, longest, environment)
                say(
                    f"Killed {options.kills} times: {broken['frames']} pictures, gaps {broken['gap_ms']} ms."
                )
                if (broken["frames"], broken["gap_ms"]) != (rounds[0][1]["frames"], 0):
                    raise RuntimeError("Something was lost when workers were killed.")
        return _figures(options, rounds, memory.most_mb)


def _prepare(campus: Path, seconds: int, environment: dict[str, str]) -> dict[str, Any]:
    return dict(_child(["prepare", str(campus), str(seconds)], environment))


def _child(order: list[str], environment: dict[str, str]) -> Any:
    """What the child answers to one order; it knows the applications, this process does not."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.parts.export_child", *order],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=900,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def killed(
    decision: int, operator: int, times: int, longest_s: float, environment: dict[str, str]
) -> dict[str, Any]:
    """One export whose worker is killed with SIGKILL at so many random instants, and then finished."""
    for _number in range(times):
        with Worker(environment, "--killed") as worker:
            worker.begin(decision, operator)
            time.sleep(random.uniform(0.05, longest_s))
            worker.process.kill()
    with Worker(environment, "--killed") as worker:
        return worker.export(decision, operator)


def _tell(base: dict[str, Any], ours: dict[str, Any]) -> None:
    say(
        f"ffmpeg {base['seconds']:.1f} s ({base['cpu_seconds']:.1f} s CPU), "
        f"ours {ours['seconds']:.1f} s ({ours['cpu_seconds']:.1f} s CPU; simulator "
        f"{ours['simulator_cpu_seconds']:.1f} s CPU), {ours['bytes'] / 1e6:.0f} MB"
    )


def _figures(
    options: argparse.Namespace, rounds: list[tuple[dict[str, Any], dict[str, Any]]], most_mb: float
) -> dict[str, Any]:
    base, first = rounds[0]
    return {
        "benchmark": "export",
        "seconds_of_footage": options.seconds,
        "bitrate": options.bitrate,
        "x_ffmpeg": round(statistics.median(b["seconds"] / o["seconds"] for b, o in rounds), 2),
        "x_ffmpeg_cpu": round(
            statistics.median(b["cpu_seconds"] / o["cpu_seconds"] for b, o in rounds), 2
        ),
        "peak_mb": round(most_mb, 1),
        "bitstream_equal": all(b["bitstream_sha256"] == o["bitstream_sha256"] for b, o in rounds),
        "frames": first["frames"],
        "ffmpeg_seconds": round(base["seconds"], 1),
        "ffmpeg_cpu_seconds": round(base["cpu_seconds"], 2),
        "seconds": round(first["seconds"], 1),
        "cpu_seconds": round(first["cpu_seconds"], 2),
        "gap_ms": first["gap_ms"],
        "kills": options.kills,
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bin/bench export", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3600, help="of footage (3600)")
    parser.add_argument("--bitrate", type=int, default=4_000_000, help="bit/s (4000000)")
    parser.add_argument("--runs", type=int, default=3, help="rounds; the median counts (3)")
    parser.add_argument("--kills", type=int, default=0, help="more: an export killed so often (0)")
    options = parser.parse_args()
    say(f"{options.seconds} s at {options.bitrate / 1e6:g} Mbit/s, {options.runs} rounds.")
    return measure(options)


if __name__ == "__main__":
    run(main)
