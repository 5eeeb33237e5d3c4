"""The runner: one command starts everything, and nothing outlives it however it ends."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.prepared import copy_sqlite

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("simulator", "audit_sealer", "celery", "gunicorn", "broker.sock")
HANG_SECONDS = 300


def small_campus(folder: Path) -> Path:
    """One recorder with its first two cameras, on addresses that no demo uses."""
    campus = json.loads((ROOT / "simulator" / "campus.json").read_text())
    recorder = next(row for row in campus["devices"] if row["kind"] == "recorder")
    recorder["channels"] = recorder["channels"][:2]
    kept = {row["camera"] for row in recorder["channels"]} | {recorder["key"]}
    campus["devices"] = [row for row in campus["devices"] if row["key"] in kept]
    for number, row in enumerate(campus["devices"], 1):
        row["address"] = f"127.99.7.{number}"
    positions = campus["inventory"]["positions"]
    campus["inventory"]["positions"] = [row for row in positions if row["device"] in kept]
    path = folder / "campus.json"
    path.write_text(json.dumps(campus))
    return path


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Below those that the kernel gives away by itself: another test would have it before the program starts."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket(type=kind) as probe:
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(what: Callable[[], object], run: Run | None = None) -> None:
    until = time.monotonic() + HANG_SECONDS
    while not what():
        assert time.monotonic() < until, run.text() if run else "it hangs"
        time.sleep(0.1)


def processes() -> dict[int, int]:
    """Every process that has not ended, with its parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    found[int(entry.name)] = int(parent)
    return found


class Run:
    """`manage.py run` with the demo in a folder of its own."""

    def __init__(self, folder: Path, campus: Path, port: int, **environment: str) -> None:
        self.folder, self.port = folder, port
        self.log = Path(tempfile.mkstemp(dir=folder.parent, suffix=".log")[1])
        clocks = " ".join(f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}" for _clock in range(2))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run", "--campus", str(campus)],
                cwd=ROOT,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(folder),
                    "DEMO": "yes",
                    "DATA_DIR": str(folder),
                    "STATIC_ROOT": str(folder.parent / "static"),
                    "LISTEN": f"127.0.0.1:{port}",
                    "NTP_SERVERS": clocks,
                    "DEVICE_NETWORKS": "127.99.7.0/24",
                    "PYTHONUNBUFFERED": "1",
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def text(self) -> str:
        return self.log.read_text()

    def page(self, path: str = "/health/ready/") -> int:
        address = f"http://127.0.0.1:{self.port}{path}"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=60) as reply:
            return int(reply.status)
        return 0

    def wait_until_ready(self) -> None:
        wait_for(lambda: "Stop with Ctrl+C" in self.text() or self.process.poll() is not None, self)
        assert self.process.poll() is None, self.text()

    def mine(self, word: str = "") -> list[int]:
        """Every living process that was started for this folder, the runner itself left out."""
        mark = str(self.folder).encode()
        found = []
        for pid in processes():
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                # The broker writes its title over its environment, and names the folder there.
                told = Path(f"/proc/{pid}/environ").read_bytes() + command
                if mark in told and word in command.replace(b"\0", b" ").decode():
                    found.append(pid)
        return [pid for pid in found if pid != self.process.pid]

    def family(self) -> set[int]:
        """The runner's descendants, also those that were given an environment of their own."""
        parents = processes()
        found, fresh = set(), {self.process.pid}
        while fresh:
            fresh = {pid for pid, parent in parents.items() if parent in fresh}
            found |= fresh
        return found

    def end(self) -> None:
        """Whatever a failed test left behind."""
        for pid in [self.process.pid, *self.mine()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(HANG_SECONDS)
        # A broker that is still ending would write into the folder while it is being removed.
        until = time.monotonic() + HANG_SECONDS
        while self.mine() and time.monotonic() < until:
            time.sleep(0.05)


@pytest.fixture
def folder() -> Iterator[Path]:
    # The broker's socket needs a short path.
    with tempfile.TemporaryDirectory(prefix="cctv-run-") as made:
        yield Path(made) / "d"


@pytest.fixture
def start(folder: Path, tmp_path: Path) -> Iterator[Callable[..., Run]]:
    campus = small_campus(tmp_path)
    runs: list[Run] = []

    def make(**environment: str) -> Run:
        folder.mkdir(exist_ok=True)
        run = Run(folder, campus, runs[0].port if runs else free_port(), **environment)
        runs.append(run)
        return run

    yield make
    for run in runs:
        run.end()


def test_one_command_starts_everything_and_kill_9_leaves_nothing(
    start: Callable[..., Run], folder: Path
) -> None:
    """The demo starts, a killed worker comes back, a second start is refused, kill -9 leaves no process."""
    folder.mkdir()
    copy_sqlite(folder / "demo.sqlite3")
    run = start()
    run.wait_until_ready()
    assert run.page() == 200
    assert "1001   " in run.text()
    assert [word for word in PROGRAMS if not run.mine(word)] == []
    assert "SecurityWarning" not in run.text()

    second = start()
    second.process.wait(HANG_SECONDS)
    assert "It already runs on" in second.text()

    first_worker = min(run.mine("celery -A cctv_ops -q worker"))
    os.kill(first_worker, signal.SIGKILL)
    wait_for(lambda: "worker ended (code -9); starting it again" in run.text(), run)
    wait_for(lambda: set(run.mine("celery -A cctv_ops -q worker")) - {first_worker}, run)

    family = run.family()
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait(HANG_SECONDS)
    wait_for(lambda: not run.mine() and not family & processes().keys(), run)
    assert run.page() == 0

    # The same folder starts again, on the same people and the same first day.
    people = (folder / "demo-people.txt").read_text()
    again = start()
    again.wait_until_ready()
    assert people in again.text()
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait(HANG_SECONDS) == 0
    assert again.text().rstrip().endswith("Stopped")
    wait_for(lambda: not again.mine(), again)


def test_a_stop_during_the_start_leaves_nothing(start: Callable[..., Run]) -> None:
    run = start()
    wait_for(lambda: "bringing it up to date" in run.text(), run)
    run.process.send_signal(signal.SIGINT)

    assert run.process.wait(HANG_SECONDS) == 0
    wait_for(lambda: not run.mine(), run)


def test_a_busy_port_is_passed_over(start: Callable[..., Run]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        run = start(LISTEN=f"127.0.0.1:{port}")
        wait_for(lambda: f"Port {port} is in use; taking " in run.text(), run)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"LISTEN": "8000"}, "LISTEN=8000 is wrong: write address:port"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL is wrong"),
        ({"NIGHT_AT": "late"}, "NIGHT_AT is wrong"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_sentence(
    start: Callable[..., Run], environment: dict[str, str], sentence: str
) -> None:
    run = start(**environment)

    assert run.process.wait(HANG_SECONDS) == 1
    assert sentence in run.text()
    assert "Traceback" not in run.text()
