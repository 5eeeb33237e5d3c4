"""Keeps a handful of programs running together, and leaves none of them behind.

Three nets, because a run may end in three ways: a stop signal ends the programs in reverse order; a
program that dies is started again with growing pauses; and when the supervisor itself is killed, a small
guardian process notices its pipe closing and ends every process group that was started.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 35.0
LONGEST_PAUSE_SECONDS = 30.0
WORKERS = 2


@dataclass
class Program:
    """One program of the set. `ready` is asked after the start; `stop_signal` asks it to end."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started_at: float = 0.0
    start_again_at: float = 0.0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def _die_with_parent() -> None:
    """Runs in the child before exec: Linux ends it when the supervisor goes away."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _guard(pipe: int) -> None:
    """The guardian's whole life: remember process groups, and end them when the pipe closes without a goodbye."""
    groups: set[int] = set()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with os.fdopen(pipe, "r") as lines:
        for line in lines:
            if line.strip() == "bye":
                os._exit(0)
            groups.add(int(line))
    for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 0.0)):
        for group in list(groups):
            try:
                os.killpg(group, number)
            except ProcessLookupError:
                groups.discard(group)
            except PermissionError:
                continue
        until = time.monotonic() + patience
        while groups and time.monotonic() < until:
            time.sleep(0.1)
            groups = {group for group in groups if _exists(group)}
    os._exit(0)


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


class Supervisor:
    """Starts programs one after the other, watches them, and ends them in reverse order."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.programs: list[Program] = []
        self.stopping = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._guardian_pipe = self._start_guardian()

    def _start_guardian(self) -> int:
        read_end, write_end = os.pipe()
        if os.fork() == 0:
            os.setsid()
            os.close(write_end)
            os.close(self._wake_write)
            _guard(read_end)
        os.close(read_end)
        return write_end

    def listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_write)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop_requested)

    def _stop_requested(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def start(self, program: Program, *, seconds: float = 60.0) -> None:
        """Starts a program and waits until it is ready. Raises RuntimeError when it is not in time."""
        self.programs.append(program)
        self._launch(program)
        until = time.monotonic() + seconds
        while program.ready is not None and not program.ready():
            if self.stopping:
                return
            if not program.is_running:
                raise RuntimeError(
                    f"{program.name} ended while starting; its last lines are above."
                )
            if time.monotonic() > until:
                raise RuntimeError(f"{program.name} was not ready after {seconds:.0f} s.")
            time.sleep(0.1)

    def _launch(self, program: Program) -> None:
        program.process = subprocess.Popen(
            program.command,
            env={**os.environ, **program.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        program.started_at = time.monotonic()
        os.write(self._guardian_pipe, f"{program.process.pid}\n".encode())

    def watch(self) -> None:
        """Keeps everything running until a stop signal comes."""
        while not self.stopping:
            select.select([self._wake_read], [], [], 0.5)
            for program in self.programs:
                if not program.is_running and not self.stopping:
                    self._revive(program)

    def _revive(self, program: Program) -> None:
        now = time.monotonic()
        if not program.start_again_at:
            program.failures = 1 if now - program.started_at > 60 else program.failures + 1
            pause = min(0.5 * 2**program.failures, LONGEST_PAUSE_SECONDS)
            program.start_again_at = now + pause
            code = program.process.returncode if program.process else None
            self.say(f"{program.name} ended (code {code}); starting it again in {pause:.0f} s")
        elif now >= program.start_again_at:
            program.start_again_at = 0.0
            self._launch(program)

    def stop(self) -> None:
        """Ends every program, last started first, and waits for each; then the guardian may go."""
        self.stopping = True
        for program in reversed(self.programs):
            self._end(program)
        with contextlib.suppress(OSError):
            os.write(self._guardian_pipe, b"bye\n")
            os.close(self._guardian_pipe)

    def _end(self, program: Program) -> None:
        process = program.process
        if process is None:
            return
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(program.stop_signal)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.say(f"{program.name} did not stop in time; ending it")
        # Whatever the program left in its own process group goes with it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)


def manage(*arguments: str) -> list[str]:
    """The command line of one of our own management commands."""
    return [sys.executable, "manage.py", *arguments]


def worker() -> Program:
    """The Celery worker with its processes, as every start of the system runs it."""
    options = ("-l", "WARNING", "-c", str(WORKERS), "--without-gossip", "--without-mingle")
    return Program("worker", _celery("worker", *options))


def scheduler() -> Program:
    """Celery's beat: it only wakes work up."""
    return Program("scheduler", _celery("beat", "-l", "WARNING", "--pidfile="))


def _celery(*arguments: str) -> list[str]:
    # Hardly anything to say at INFO, and each task would print a line.
    return [sys.executable, "-m", "celery", "-A", "cctv_ops", "-q", *arguments]
