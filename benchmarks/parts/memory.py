"""Memory, CPU time and open sockets of a process and everything that it started, from /proc."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _fields(int(folder.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def pss_mb(pid: int) -> float:
    """Proportional set size of a process: pages that n processes share count 1/n in each."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def open_sockets(pid: int) -> int:
    """Sockets that a process holds open, of whatever kind."""
    found = 0
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            # Files come and go while they are looked at.
            with contextlib.suppress(OSError):
                found += str(link.readlink()).startswith("socket:")
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and of the children that it has waited for."""
    fields = _fields(pid)
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS if fields else 0.0


def _fields(pid: int) -> list[str]:
    """/proc/PID/stat from the state on: [0] state, [1] parent, [11] to [14] times."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


class MemoryWatch:
    """Context manager: notes the most memory and sockets that a process family held together.

    It looks every two seconds.
    """

    def __init__(self, pid: int, every_s: float = 2.0) -> None:
        self.most_mb = 0.0
        self.most_processes = 0
        self.most_sockets = 0
        self._pid = pid
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            begin = time.monotonic()
            pids = family(self._pid)
            self.most_mb = max(self.most_mb, sum(pss_mb(pid) for pid in pids))
            self.most_processes = max(self.most_processes, len(pids))
            self.most_sockets = max(self.most_sockets, sum(open_sockets(pid) for pid in pids))
            self._over.wait(max(0.1, self._every_s - (time.monotonic() - begin)))
