"""Fifty exports at once from ten recorders: are the recorders' limits kept, and does anybody starve?

One footage worker with two processes, as `bin/run` starts it, on PostgreSQL (or SQLite, to try it out). All buttons are pressed before the
first slice is fetched. `most_per_recorder` (goal: FETCHES_PER_RECORDER, 2) is how many slices one recorder gave at the
same moment, looked at ten times a second; `first_s`, `median_s` and `last_s` are when packages were through;
`workers_mb` is the most PSS of the worker, its processes and their decoders together.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.export import Simulator, campus_file
from benchmarks.parts.ending import run, say
from benchmarks.parts.memory import MemoryWatch
from benchmarks.parts.stores import store

_LONGEST_S = 1800


def _child(*order: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.parts.export_child", *order]


def _told(environment: dict[str, str], *order: str) -> Any:
    done = subprocess.run(
        _child(*order),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=_LONGEST_S,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


@contextmanager
def _workers(environment: dict[str, str], processes: int) -> Iterator[int]:
    """A footage worker; its process number. It ends when its input does."""
    worker = subprocess.Popen(
        _child("drain", str(processes)),
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if worker.stdout is None or "forked" not in worker.stdout.readline():
            raise RuntimeError("The worker did not start.")
        yield worker.pid
    finally:
        worker.communicate(timeout=60)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="cctv-exports-") as name,
        store(options.engine, Path(name)) as database,
    ):
        folder = Path(name)
        channels = -(-options.exports // options.recorders)
        campus = campus_file(folder, options.bitrate, channels, options.recorders)
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "cctv_ops.settings",
            "DATABASE_URL": database.url,
            "DATA_DIR": str(folder / "data"),
            "DEVICE_NETWORKS": "127.64.0.0/10 10.0.0.0/8",
            "EVIDENCE_RESERVE_GB": "1",
        }
        prepared = _told(environment, "prepare", str(campus), str(options.seconds))
        decisions = prepared["decisions"][: options.exports]
        with (
            Simulator(campus),
            _workers(environment, options.processes) as worker,
            MemoryWatch(worker, 0.5) as memory,
        ):
            order = json.dumps([decisions, prepared["operator"]])
            told = _told(environment, "watch", order)
        return _figures(options, told, memory.most_mb)


def _figures(options: argparse.Namespace, told: dict[str, Any], most_mb: float) -> dict[str, Any]:
    ends = told["ends"]
    return {
        "benchmark": "exports",
        "exports": len(ends),
        "recorders": options.recorders,
        "seconds_of_footage": options.seconds,
        "most_per_recorder": told["most_per_recorder"],
        "first_s": round(ends[0], 1),
        "median_s": round(statistics.median(ends), 1),
        "last_s": round(ends[-1], 1),
        "workers_mb": round(most_mb, 1),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bin/bench exports", description=__doc__)
    parser.add_argument("--exports", type=int, default=50)
    parser.add_argument("--recorders", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=30, help="of footage each (30)")
    parser.add_argument("--bitrate", type=int, default=4_000_000, help="bit/s (4000000)")
    parser.add_argument(
        "--engine", choices=("postgresql", "sqlite"), default="postgresql", help="(postgresql)"
    )
    parser.add_argument("--processes", type=int, default=2, help="of the worker (2)")
    options = parser.parse_args()
    say(f"{options.exports} exports of {options.seconds} s from {options.recorders} recorders.")
    return measure(options)


if __name__ == "__main__":
    run(main)
