"""Keeps a handful of programs running together, and leaves none of them behind.

Three nets, because a run may end in three ways: a stop signal ends the programs in reverse order; a
program that dies is started again with growing pauses; and when the supervisor itself is killed, a small
guardian process notices its pipe closing and ends every process group that was started.

What programs write comes through pipes to one place, a line at a time with the program's name before it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 35.0
GUARDIAN_PATIENCE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 30.0
LAST_LINES = 15
READ_BYTES = 65536
WORKERS = 2
FOOTAGE_WORKERS = 2

# Loaded before any fork: a child between fork and exec must not load libraries.
_libc = ctypes.CDLL(None, use_errno=True)


class NotStarted(RuntimeError):
    """A program that must run did not start; the text says which and why."""


@dataclass
class Program:
    """One program of the set. `ready` is asked after the start; `stop_signal` asks it to end.

    What a `quiet` program writes is shown only when it fails.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    quiet: bool = False
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started_at: float = 0.0
    start_again_at: float = 0.0
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    unfinished_line: bytes = b""

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def _die_with(supervisor: int) -> Callable[[], None]:
    """For the child before exec: Linux ends it when the supervisor goes away, or has just gone."""

    def arrange() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:
            os._exit(1)

    return arrange


def _guard(pipe: int) -> None:
    """The guardian's whole life: remember process groups, end them when the pipe closes without a goodbye."""
    groups: set[int] = set()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with os.fdopen(pipe, "r") as lines:
        for line in lines:
            word = line.strip()
            if word == "bye":
                os._exit(0)
            if word.startswith("-"):
                groups.discard(int(word[1:]))
            else:
                groups.add(int(word))
    for number, patience in ((signal.SIGTERM, GUARDIAN_PATIENCE_SECONDS), (signal.SIGKILL, 0.0)):
        for group in list(groups):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
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
    except PermissionError:
        return True
    return True


class Supervisor:
    """Starts programs one after the other, watches them, and ends them in reverse order.

    `say` tells what happens to programs, `show(name, line)` what they write themselves while somebody
    waits in `start`, `watch` or `stop`. Without `show` they write to where this process writes.
    """

    def __init__(
        self, say: Callable[[str], None], show: Callable[[str, str], None] | None = None
    ) -> None:
        self.say = say
        self.show = show
        self.programs: list[Program] = []
        self.stopping = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._guardian_pipe = self._start_guardian()

    def _start_guardian(self) -> int:
        read_end, write_end = os.pipe()
        if os.fork() == 0:
            os.setsid()
            os.close(write_end)
            # A terminal or a pipe that waits for its writers must not wait for the guardian.
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            _guard(read_end)
        os.close(read_end)
        return write_end

    def listen_to_signals(self) -> None:
        """From now on Ctrl+C, SIGTERM and a closed terminal mean: stop."""
        signal.set_wakeup_fd(self._wake_write)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop_requested)

    def _stop_requested(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def start(self, program: Program, *, seconds: float = 60.0) -> None:
        """Starts a program and waits until it is ready. Raises NotStarted when it is not in time."""
        if self.stopping:
            return
        self.programs.append(program)
        self._launch(program)
        until = time.monotonic() + seconds
        while program.ready is not None and not program.ready():
            if self.stopping:
                return
            self._pump(0.1)
            if not program.is_running:
                raise NotStarted(self._why(program, "ended while starting"))
            if time.monotonic() > until:
                raise NotStarted(self._why(program, f"was not ready after {seconds:.0f} s"))

    def complete(self, program: Program) -> None:
        """Runs a program to its end. Raises NotStarted when it fails; a stop request ends it."""
        if self.stopping:
            return
        self._launch(program)
        while program.is_running:
            self._pump(0.1)
            if self.stopping:
                self._end(program)
                return
        self._forget(program)
        if program.process is not None and program.process.returncode:
            raise NotStarted(self._why(program, "failed"))

    def _why(self, program: Program, what: str) -> str:
        self._pump(0)
        lines = "\n    ".join(program.last_lines) if program.quiet else ""
        return f"{program.name} {what}." + (f" Its last lines:\n    {lines}" if lines else "")

    def _launch(self, program: Program) -> None:
        self._close_pipe(program)
        program.process = subprocess.Popen(
            program.command,
            env={**os.environ, **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if self.show else None,
            stderr=subprocess.STDOUT if self.show else None,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),
        )
        program.started_at = time.monotonic()
        self._tell_guardian(f"{program.process.pid}\n")
        if program.process.stdout is not None:
            os.set_blocking(program.process.stdout.fileno(), False)
            self._selector.register(program.process.stdout, selectors.EVENT_READ, program)

    def _tell_guardian(self, line: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self._guardian_pipe, line.encode())

    def _pump(self, seconds: float) -> None:
        """Waits at most so long for a signal or for something that programs write, and shows it."""
        for key, _events in self._selector.select(seconds):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_read, 4096)
            else:
                self._read(key.data, key.fd)

    def _read(self, program: Program, pipe: int) -> None:
        try:
            data = os.read(pipe, READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._close_pipe(program)
            return
        lines = (program.unfinished_line + data).split(b"\n")
        program.unfinished_line = lines.pop()
        self._show(program, lines)

    def _close_pipe(self, program: Program) -> None:
        pipe = program.process.stdout if program.process else None
        if pipe is None or pipe.closed:
            return
        self._selector.unregister(pipe)
        pipe.close()
        self._show(program, [program.unfinished_line])
        program.unfinished_line = b""

    def _show(self, program: Program, lines: list[bytes]) -> None:
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if text:
                program.last_lines.append(text)
                if self.show and not program.quiet:
                    self.show(program.name, text)

    def watch(self) -> None:
        """Keeps everything running until a stop signal comes."""
        while not self.stopping:
            self._pump(0.5)
            for program in self.programs:
                if not program.is_running and not self.stopping:
                    self._revive(program)

    def _revive(self, program: Program) -> None:
        now = time.monotonic()
        if not program.start_again_at:
            self._forget(program)
            program.failures = 1 if now - program.started_at > 60 else program.failures + 1
            pause = min(0.5 * 2**program.failures, LONGEST_PAUSE_SECONDS)
            program.start_again_at = now + pause
            code = program.process.returncode if program.process else None
            self.say(self._why(program, f"ended (code {code}); starting it again in {pause:.0f} s"))
        elif now >= program.start_again_at:
            program.start_again_at = 0.0
            self._launch(program)

    def _forget(self, program: Program) -> None:
        """A program that has ended takes whatever is left of its process group with it."""
        if program.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(program.process.pid, signal.SIGKILL)
        # Its number may soon belong to somebody else.
        self._tell_guardian(f"-{program.process.pid}\n")

    def stop(self) -> None:
        """Ends every program, last started first, and waits for each; then the guardian may go."""
        self.stopping = True
        for program in reversed(self.programs):
            self._end(program)
        with contextlib.suppress(OSError):
            self._tell_guardian("bye\n")
            os.close(self._guardian_pipe)

    def _end(self, program: Program) -> None:
        process = program.process
        if process is None:
            return
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(program.stop_signal)
            until = time.monotonic() + STOP_SECONDS
            while process.poll() is None and time.monotonic() < until:
                self._pump(0.05)
            if process.poll() is None:
                self.say(f"{program.name} did not stop in time; ending it")
        self._forget(program)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)


def manage(*arguments: str) -> list[str]:
    """The command line of one of our own management commands."""
    return [sys.executable, "manage.py", *arguments]


def worker() -> Program:
    """The Celery worker with its processes, as every start of the system runs it."""
    return _worker("worker", "-c", str(WORKERS))


def footage_worker() -> Program:
    """The worker that fetches held and exported footage; it waits for no night."""
    return _worker("footage", "-c", str(FOOTAGE_WORKERS), "-Q", "footage", "-n", "footage@%h")


def _worker(name: str, *options: str) -> Program:
    usual = ("-l", "WARNING", "--without-gossip", "--without-mingle")
    # One machine for a trial may be run by root; production has a user of its own.
    quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
    return Program(name, _celery("worker", *options, *usual), environment=quiet)


def scheduler() -> Program:
    """Celery's beat: it only wakes work up."""
    return Program("scheduler", _celery("beat", "-l", "WARNING", "--pidfile="))


def _celery(*arguments: str) -> list[str]:
    # Hardly anything to say at INFO, and each task would print a line.
    return [sys.executable, "-m", "celery", "-A", "cctv_ops", "-q", *arguments]
