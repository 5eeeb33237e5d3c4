"""bin/run from a fresh clone to a page that a person has signed in to, and a second start.

`bin/bench start [--own]`. Takes minutes and downloads every package anew. The last line is JSON:
`first_start_s` (goal 240), `second_start_s` (goal 15), `second_start_cpu_s`, `stop_s`. With `--own` no
simulated campus is started (`DEMO=no`), and the page is the one on which people sign in.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from benchmarks.parts.campus import free_port
from benchmarks.parts.ending import run, say
from benchmarks.parts.memory import cpu_seconds, family
from cctv_ops.environment import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SECONDS = 900
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
OPEN = re.compile(r"Open\s+(http://\S+)")
PERSON = re.compile(r"^\s+(\d{3,})\s+(\S+)\s+\S")


class Start:
    """One running bin/run. What it says is read line by line in a thread, and shown on failure."""

    def __init__(self, clone: Path, environment: dict[str, str]) -> None:
        self.begin = time.monotonic()
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        port = free_port("127.0.0.1")
        self.process = subprocess.Popen(
            ["bin/run", "--listen", f"127.0.0.1:{port}"],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_until_said(self, ending: str) -> None:
        """Reads until a line has `ending` in it. Raises RuntimeError when bin/run ends before."""
        while not self.said or ending not in self.said[-1]:
            left = self.begin + LONGEST_SECONDS - time.monotonic()
            line = self._lines.get(timeout=max(left, 0.1))
            if line is None:
                raise RuntimeError("bin/run ended:\n" + "".join(self.said[-20:]))
            self.said.append(line)

    def stop(self) -> float:
        """Ctrl+C; returns the seconds until it was over."""
        begin = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(90)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        return time.monotonic() - begin


def address_in(said: list[str]) -> str:
    """The address that bin/run printed."""
    return next(found[1] for line in said if (found := OPEN.search(line)))


def person_in(said: list[str]) -> tuple[str, str] | None:
    """Number and password of the first demo person that bin/run printed."""
    return next(((found[1], found[2]) for line in said if (found := PERSON.match(line))), None)


def open_page(address: str, person: tuple[str, str] | None) -> None:
    """Signs in as a browser does and opens the first page; without a person, the page to sign in."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    sign_in = urllib.parse.urljoin(address, "/accounts/sign-in/")
    page = browser.open(sign_in, timeout=30).read().decode()
    token = TOKEN.search(page)
    if token is None:
        raise RuntimeError("The page to sign in has no form.")
    if person is None:
        return
    fields = {"csrfmiddlewaretoken": token[1], "username": person[0], "password": person[1]}
    request = urllib.request.Request(
        sign_in, urllib.parse.urlencode(fields).encode(), {"Referer": sign_in}
    )
    with browser.open(request, timeout=30) as reply:
        if reply.status != 200 or "/sign-in/" in reply.url:
            raise RuntimeError(f"Nobody could sign in: {reply.status} at {reply.url}")


def _environment(folder: Path, own: bool) -> dict[str, str]:
    """Ours without any setting of the system, and with caches that are empty."""
    names = {setting.name for setting in SETTINGS} | {"LISTEN", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return {
        **kept,
        "DEMO": "no" if own else "yes",
        "PIP_NO_CACHE_DIR": "1",
        "UV_NO_CACHE": "1",
        "npm_config_cache": str(folder / "npm"),
    }


def _timed(clone: Path, environment: dict[str, str]) -> tuple[float, float, float]:
    """Seconds until somebody has the page before them, CPU seconds until then, and seconds to stop."""
    start = Start(clone, environment)
    try:
        start.wait_until_said("Ctrl+C")
        open_page(address_in(start.said), person_in(start.said))
        seconds = time.monotonic() - start.begin
        used = sum(cpu_seconds(pid) for pid in family(start.process.pid))
    finally:
        stopped = start.stop()
    return seconds, used, stopped


def measure(folder: Path, own: bool) -> dict[str, Any]:
    """Clone, first start, stop, second start, stop."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True, timeout=120)
    environment = _environment(folder, own)
    first, first_cpu, stopped = _timed(clone, environment)
    say(f"First start: {first:.0f} s, {first_cpu:.0f} s of CPU; stopped in {stopped:.0f} s.")
    second, second_cpu, stopped = _timed(clone, environment)
    say(f"Second start: {second:.1f} s, {second_cpu:.1f} s of CPU; stopped in {stopped:.0f} s.")
    return {
        "benchmark": "start",
        "first_start_s": round(first),
        "second_start_s": round(second, 1),
        "second_start_cpu_s": round(second_cpu, 1),
        "stop_s": round(stopped, 1),
        "demo": not own,
    }


def main() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--own", action="store_true", help="without the simulated campus")
    options = parser.parse_args()
    say(
        "A clone of the last commit in a temporary folder, started with bin/run: packages and front-end\n"
        "files are downloaded, with empty caches. System packages that are already here are not counted."
    )
    folder = Path(tempfile.mkdtemp(prefix="cctv-start-"))
    try:
        return measure(folder, options.own)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    run(main)
