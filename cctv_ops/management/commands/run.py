"""Everything on one machine: broker, database, demo campus, web, workers, scheduler, sealer."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import http.client
import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from cameras import tasks
from cctv_ops import broker, demo
from cctv_ops.processes import (
    GUARDIAN_PATIENCE_SECONDS,
    NotStarted,
    Program,
    Supervisor,
    footage_worker,
    manage,
    scheduler,
    worker,
)

LONGEST_NAME = 9
WEB_OPTIONS = ("--workers", "2", "--threads", "8", "--log-level", "warning", "--no-control-socket")


class Command(BaseCommand):
    help = "Starts everything on this machine and keeps it running until Ctrl+C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--listen", default=os.environ.get("LISTEN", "127.0.0.1:8000"))
        parser.add_argument(
            "--campus", type=Path, default=demo.CAMPUS, help="campus file of the demo"
        )

    def say(self, text: str) -> None:
        self.stdout.write(f"{time.strftime('%H:%M:%S')}  {text}")
        self.stdout.flush()

    def show(self, name: str, line: str) -> None:
        self.say(f"{name:<{LONGEST_NAME}} | {line}")

    def handle(self, *args: Any, listen: str, campus: Path, **options: Any) -> None:
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        with only_one(settings.DATA_DIR):
            self.supervisor = Supervisor(self.say, self.show)
            self.supervisor.listen_to_signals()
            try:
                self.start_all(listen, campus)
                self.supervisor.watch()
            except NotStarted as error:
                raise CommandError(str(error)) from None
            finally:
                self.say("Stopping")
                self.supervisor.stop()
                self.say("Stopped")

    def start_all(self, listen: str, campus: Path) -> None:
        # A proxy in front knows one port, and would show a dead page for ever if another one were taken.
        host, port = free_address(listen, tries=1 if settings.HTTPS else 50)
        if port != int(listen.rpartition(":")[2]):
            self.say(f"Port {listen.rpartition(':')[2]} is in use; taking {port}")
        self.start_broker()
        self.prepare()
        if settings.DEMO:
            self.start_campus(campus)
        self.start_background()
        self.start_web(host, port)
        if not self.supervisor.stopping:
            self.greet(host, port)

    def start_broker(self) -> None:
        if os.environ.get("REDIS_URL"):
            self.say("Broker: the one of REDIS_URL")
            return
        folder = settings.DATA_DIR / "broker"
        broker.end_leftover(folder)
        self.supervisor.start(
            Program(
                "broker", broker.command(folder), ready=lambda: broker.answers(folder), quiet=True
            )
        )
        self.say("Broker: ready")

    def prepare(self) -> None:
        if not has_every_migration():
            self.say("Database: bringing it up to date (a minute at most at the first start)")
            # Processes of their own, because only they sign in with DATABASE_OWNER_URL.
            self.supervisor.complete(
                Program("database", manage("migrate", "--noinput", "--verbosity", "0"))
            )
            if os.environ.get("DATABASE_OWNER_URL") and not self.supervisor.stopping:
                self.supervisor.complete(Program("roles", manage("audit_roles", "--apply")))
        if not self.supervisor.stopping:
            call_command("compile_catalogues", verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
            self.say("Database and pages: ready")

    def start_campus(self, campus: Path) -> None:
        control = settings.DATA_DIR / "campus.sock"
        control.unlink(missing_ok=True)
        clocks = [server for server in settings.NTP_SERVERS if server.startswith("127.")]
        command = [
            *(sys.executable, "-m", "simulator", "--campus", str(campus), "--die-with-parent"),
            *("--control", f"unix:{control}", "--anchor", demo.anchor().isoformat()),
            *(["--ntp", *clocks] if clocks else []),
        ]
        try:
            self.supervisor.start(Program("campus", command, ready=control.exists, quiet=True))
        except NotStarted as error:
            if f"[Errno {errno.EADDRINUSE}]" not in str(error):
                raise
            raise NotStarted(
                "Another demo runs on this machine: its simulated devices have the same addresses. "
                f"Stop that one first.\n{error}"
            ) from None
        if self.supervisor.stopping:
            return
        self.say("Simulated campus: ready")
        call_command("demo", campus=campus, stdout=self.stdout)
        connections.close_all()

    def start_background(self) -> None:
        sealer = Program("sealer", manage("audit_sealer"))
        for program in (sealer, worker(), footage_worker(), scheduler()):
            self.supervisor.start(program)
        if settings.DEMO and not self.supervisor.stopping:
            # The scheduler would begin in half a minute; at the first start somebody is waiting.
            for _process in range(2):
                tasks.work_due_checks.delay()

    def start_web(self, host: str, port: int) -> None:
        address = f"{host}:{port}"
        command = [sys.executable, "-m", "gunicorn", "cctv_ops.wsgi", "--bind", address]
        self.supervisor.start(
            Program(
                "web",
                [*command, *WEB_OPTIONS],
                ready=lambda: answers(host, port),
            )
        )

    def greet(self, host: str, port: int) -> None:
        line = "─" * 78
        commands = [".venv/bin/python", "manage.py"]
        address = f"http://{host}:{port}/"
        if settings.HTTPS:
            address = f"https://{settings.ALLOWED_HOSTS[0].lstrip('.')}/  (its proxy speaks to {host}:{port})"
        self.stdout.write(f"\n{line}\n  Open  {address}\n")
        people = demo.people_file()
        if settings.DEMO and people.exists():
            commands.insert(0, "DEMO=yes")
            self.stdout.write(f"\n  Sign in as one of:\n\n{people.read_text()}")
            self.stdout.write(
                "\n  At the first start the recorders are asked about the past 14 days; the first"
                "\n  answers are there within a minute, and Checks shows how far it is.\n"
            )
        else:
            self.stdout.write(f"\n  First person: {' '.join(commands)} person_create --help\n")
        if (settings.BASE_DIR / ("var/demo" if settings.DEMO else "var/site")) != settings.DATA_DIR:
            commands.insert(0, f"DATA_DIR={shlex.quote(str(settings.DATA_DIR))}")
        self.stdout.write(f"\n  Commands (list: help):  {' '.join(commands)} help\n")
        self.stdout.write(f"  Stop with Ctrl+C\n{line}\n\n")
        self.stdout.flush()


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Two runs on one data folder would fight over it: the second is told so."""
    with (folder / "run.lock").open("a+") as lock:
        # A killed run's guardian holds the lock until it has ended what that run had started.
        until = time.monotonic() + GUARDIAN_PATIENCE_SECONDS + 10
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                lock.seek(0)
                if _lives(lock.read().strip()) or time.monotonic() > until:
                    raise CommandError(
                        f"It already runs on {folder}. Stop that one first, or set another DATA_DIR."
                    ) from None
            time.sleep(0.2)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def has_every_migration() -> bool:
    """Whether nothing is left to migrate; asking takes a small part of what `migrate` takes."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        # It may be empty, or this role may not look: then migrate decides.
        return False
    finally:
        connections.close_all()


def free_address(listen: str, tries: int) -> tuple[str, int]:
    """The address to listen on: of so many ports the first that is free."""
    host, _, written = listen.rpartition(":")
    if not host or not written.isdecimal() or not 0 < int(written) < 65_536:
        raise CommandError(f"LISTEN={listen} is wrong: write address:port, such as 127.0.0.1:8000.")
    for port in range(int(written), min(int(written) + tries, 65_536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return host, port
    above = " and above" if tries > 1 else ""
    raise CommandError(f"No free port at {listen}{above}. Set LISTEN=address:port.")


def answers(host: str, port: int) -> bool:
    """Whether the sign-in page is there, asked for as the proxy in front would; over TLS it is a redirection."""
    asked_for = settings.ALLOWED_HOSTS[0].lstrip(".")
    asking = http.client.HTTPConnection(host, port, timeout=5)
    try:
        asking.request("GET", "/accounts/sign-in/", headers={"Host": asked_for})
        return asking.getresponse().status in {200, 301}
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()
