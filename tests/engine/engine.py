"""The engine out of real parts: broker, database, workers and scheduler are processes of their own.

The test process talks to the same database through Django's usual connection, which is exchanged while
an `Engine` is open.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import redis
from celery import Celery
from django.conf import settings
from django.db import connections
from django.db.utils import load_backend

from cctv_ops import broker, environment
from tests.postgres import Cluster

LONGEST_WAIT_SECONDS = 300.0


class Database(Protocol):
    """A server or file that holds a migrated, empty database to copy."""

    def new(self) -> str:
        """URL of a fresh copy."""


class PostgresDatabases:
    """A cluster of our own; every test gets a copy of one migrated database."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.made = 0
        self._sql("CREATE DATABASE empty")
        migrate(cluster.url("empty"))

    def _sql(self, text: str) -> None:
        with other_connection(self.cluster.url("postgres")) as connection, connection.cursor() as c:
            c.execute(text)

    def new(self) -> str:
        self.made += 1
        self._sql(f"CREATE DATABASE engine{self.made} TEMPLATE empty")
        return self.cluster.url(f"engine{self.made}")


class SqliteDatabases:
    """SQLite files; every test gets a copy of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made = 0
        migrate(f"sqlite:///{folder / 'empty.sqlite3'}")

    def new(self) -> str:
        self.made += 1
        copy = self.folder / f"engine{self.made}.sqlite3"
        shutil.copy(self.folder / "empty.sqlite3", copy)
        return f"sqlite:///{copy}"


def migrate(url: str) -> None:
    """Brings an empty database up to date in a process of its own."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=settings.BASE_DIR,
        env=child_environment(url, ""),
        check=True,
        timeout=300,
    )


def child_environment(url: str, redis_url: str) -> dict[str, str]:
    """What the processes of the engine see: this test's keys, database and broker."""
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATA_DIR": str(settings.DATA_DIR),
        "VAULT_KEY_FILE": str(settings.VAULT_KEY_FILE),
        "SECRET_KEY_FILE": str(settings.SECRET_KEY_FILE),
        "DATABASE_URL": url,
        "REDIS_URL": redis_url,
        "PROOF_SHARE": "0",
        "NTP_SERVERS": "",
        "DEVICES_AT_ONCE": "8",
        # Devices answer at once, but theirs and ours may be a busy machine.
        "DEVICE_DEADLINE_SECONDS": "60",
    }


def _wrapper(url: str) -> Any:
    configured = connections.configure_settings({"default": environment.database(url)})["default"]
    return load_backend(configured["ENGINE"]).DatabaseWrapper(configured, "default")


@contextmanager
def other_connection(url: str) -> Iterator[Any]:
    connection = _wrapper(url)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def connected_to(url: str) -> Iterator[None]:
    """Django's default connection of this thread goes to `url` meanwhile."""
    before = connections["default"]
    connections["default"] = _wrapper(url)
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before


def reconnect() -> None:
    """After a crash of the server this process needs a new connection too."""
    connections["default"].close()


class Broker:
    """The broker as `bin/run` starts it; it may be killed and started again on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{broker.socket_path(self.folder)}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            broker.command(self.folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(lambda: broker.answers(self.folder), "the broker to answer")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Program:
    """A Celery process in a process group of its own, its words in a file."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], folder: Path) -> None:
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env=env,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def children(self) -> list[int]:
        """Process ids of the pool."""
        told = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in told.split()]

    def hold(self) -> None:
        """Nothing of it moves on until `go_on`, so that what is seen now is still so when it is killed."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """What a power cut does: the whole group at once, without a goodbye."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Engine:
    """Broker, database and the programs started so far. Everything ends with the context."""

    def __init__(self, database: Database) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cctv-engine-"))
        self.broker = Broker(self.folder / "broker")
        self.url = database.new()
        self.programs: list[Program] = []
        self.caller = Celery(
            "caller",
            set_as_current=False,
            broker=self.broker.url.replace("unix://", "redis+socket://"),
        )
        self.caller.conf.task_default_queue = "checks"

    def __enter__(self) -> Engine:
        self.broker.start()
        return self

    def __exit__(self, *exc: object) -> None:
        for program in self.programs:
            program.kill()
        self.caller.close()
        self.broker.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _celery(self, name: str, *arguments: str, **environ: str) -> Program:
        command = [sys.executable, "-m", "celery", "-A", "tests.engine.quick", "-q", *arguments]
        env = {**child_environment(self.url, self.broker.url), **environ}
        program = Program(f"{name}{len(self.programs)}", command, env, self.folder)
        self.programs.append(program)
        return program

    def worker(self, pool: int = 2, **environ: str) -> Program:
        """A worker with real pool processes."""
        options = ("-c", str(pool), "-l", "WARNING", "--without-gossip", "--without-mingle")
        return self._celery("worker", "worker", *options, **environ)

    def beat(self) -> Program:
        """A scheduler; its sweeps come every second."""
        schedule = str(self.folder / f"schedule{len(self.programs)}")
        return self._celery("beat", "beat", "-l", "WARNING", "--pidfile=", "-s", schedule)

    def send(self, task: str, times: int = 1) -> None:
        for _time in range(times):
            self.caller.send_task(f"cameras.tasks.{task}")

    def queued(self) -> int:
        """Messages that wait in the broker."""
        with redis.Redis(unix_socket_path=str(broker.socket_path(self.broker.folder))) as client:
            return int(client.llen("checks"))

    def said(self) -> str:
        """What the programs wrote, for a failing assertion."""
        return "\n".join(p.log.read_text(errors="replace")[-3000:] for p in self.programs)


def wait_for(true: Callable[[], Any], what: str, *, seconds: float = LONGEST_WAIT_SECONDS) -> None:
    """Waits until something holds. The bound is only there to end a hang."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise AssertionError(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(0.05)
