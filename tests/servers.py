"""Runs a command with a PostgreSQL and a Redis of its own: `python -m tests.servers -- pytest ...`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import Cluster


@contextmanager
def redis_server() -> Iterator[str]:
    """A Redis server on a unix socket in a temporary folder; yields its REDIS_URL."""
    folder = Path(tempfile.mkdtemp(prefix="cctv-redis-"))
    path = folder / "redis.sock"
    options = f"--port 0 --unixsocket {path} --unixsocketperm 700 --dir {folder} --appendonly yes"
    server = subprocess.Popen(
        ["redis-server", *options.split(), "--save", "", "--maxmemory-policy", "noeviction"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 120
        while not path.exists():
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("redis-server did not start: install `redis-server`.")
            time.sleep(0.05)
        yield f"unix://{path}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    with Cluster() as cluster, redis_server() as redis_url:
        environment = {
            **os.environ,
            "DATABASE_URL": cluster.url("postgres"),
            "REDIS_URL": redis_url,
        }
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[sys.argv.index("--") + 1 :]))
