"""Everything on one machine: broker, database, demo campus, web, workers, scheduler, sealer."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cctv_ops import broker
from cctv_ops.processes import Program, Supervisor, manage, scheduler, worker


class Command(BaseCommand):
    help = "Starts everything on this machine and keeps it running until Ctrl+C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--listen", default=os.environ.get("LISTEN", "127.0.0.1:8000"))

    def say(self, text: str) -> None:
        self.stdout.write(f"{time.strftime('%H:%M:%S')}  {text}")
        self.stdout.flush()

    def handle(self, *args: Any, listen: str, **options: Any) -> None:
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        with only_one(settings.DATA_DIR):
            self.supervisor = Supervisor(self.say)
            self.supervisor.listen_to_signals()
            try:
                self.start_all(listen)
                self.supervisor.watch()
            except RuntimeError as error:
                raise CommandError(str(error)) from None
            finally:
                self.say("Stopping")
                self.supervisor.stop()
                self.say("Stopped")

    def start_all(self, listen: str) -> None:
        host, port = free_address(listen)
        if port != int(listen.rpartition(":")[2]):
            self.say(f"Port {listen.rpartition(':')[2]} is in use; taking {port}")
        self.start_broker()
        self.prepare()
        if settings.DEMO:
            self.start_campus()
        self.start_background()
        if not self.supervisor.stopping:
            self.start_web(host, port)
            self.greet(host, port)

    def start_broker(self) -> None:
        if os.environ.get("REDIS_URL"):
            self.say("Broker: the one of REDIS_URL")
            return
        folder = settings.DATA_DIR / "broker"
        if broker.answers(folder):
            raise CommandError(f"Another broker still runs in {folder}. Stop it first.")
        self.supervisor.start(
            Program("broker", broker.command(folder), ready=lambda: broker.answers(folder))
        )
        self.say("Broker: ready")

    def prepare(self) -> None:
        self.say("Database: bringing it up to date")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("compile_catalogues", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)

    def start_campus(self) -> None:
        control = settings.DATA_DIR / "campus.sock"
        control.unlink(missing_ok=True)
        command = [
            *(manage()[0], "-m", "simulator", "--campus", "simulator/campus.json"),
            *("--control", f"unix:{control}", "--die-with-parent"),
        ]
        self.supervisor.start(Program("campus", command, ready=control.exists))
        self.say("Simulated campus: ready")
        call_command("demo", verbosity=0)

    def start_background(self) -> None:
        start = self.supervisor.start
        start(Program("sealer", manage("audit_sealer")))
        start(worker())
        start(scheduler())

    def start_web(self, host: str, port: int) -> None:
        self.supervisor.start(
            Program(
                "web",
                [
                    *(manage()[0], "-m", "gunicorn", "cctv_ops.wsgi", "--bind", f"{host}:{port}"),
                    *(
                        "--workers",
                        "2",
                        "--threads",
                        "8",
                        "--log-level",
                        "warning",
                        "--no-control-socket",
                    ),
                ],
                ready=lambda: answers(f"http://{host}:{port}/accounts/sign-in/"),
            )
        )

    def greet(self, host: str, port: int) -> None:
        line = "─" * 72
        self.stdout.write(f"\n{line}\n  Open  http://{host}:{port}/\n")
        people = settings.DATA_DIR / "demo-people.txt"
        if settings.DEMO and people.exists():
            self.stdout.write("\n  Sign in as one of:\n\n" + people.read_text())
        elif not settings.DEMO:
            self.stdout.write("\n  First person: manage.py person_create\n")
        self.stdout.write(f"\n  Stop with Ctrl+C\n{line}\n\n")
        self.stdout.flush()


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Two runs on one data folder would fight over it: the second is told so."""
    with (folder / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandError(
                f"It already runs on {folder}. Stop that one first, or set another DATA_DIR."
            ) from None
        # Children must not keep the lock alive when this process is killed.
        os.set_inheritable(lock.fileno(), False)
        yield


def free_address(listen: str) -> tuple[str, int]:
    """The address to listen on, or the next free port when it is taken."""
    host, _, written = listen.rpartition(":")
    first = int(written)
    for port in range(first, first + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return host, port
    raise CommandError(f"No free port from {first} on. Set LISTEN=127.0.0.1:PORT.")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310  our own loopback address
            return reply.status == 200
    except OSError:
        return False
