"""A PostgreSQL cluster of our own for tests: temporary folder, unix socket only, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise RuntimeError("PostgreSQL's server programs are missing: install `postgresql`.")
    return found[-1].parent if found else Path(str(on_path)).parent


def prepared_databases() -> Path | None:
    """Where tests.prepared has put migrated, empty databases for this run, if it has."""
    named = os.environ.get("PREPARED_DATABASES")
    return Path(named) if named else None


class Cluster:
    """Context manager around initdb, pg_ctl start and stop. Roles sign in without password (trust).

    Tests do without fsync; `durable` writes through to the disk as a real server does. In a run with prepared
    databases it starts as a copy of theirs, and whatever is created in it is migrated already.
    """

    def __init__(self, *, durable: bool = False) -> None:
        # Commits reach the log in either case: tests crash the server, never the machine.
        self._options = "" if durable else "-c fsync=off -c full_page_writes=off -c autovacuum=off"
        self.folder = Path(tempfile.mkdtemp(prefix="cctv-pg-"))
        self._binaries = _binaries()
        # initdb refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / program), *arguments],
            user=self._user,
            cwd=self.folder,
            check=True,
            timeout=240,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Cluster:
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        data = str(self.folder / "data")
        prepared = prepared_databases()
        if prepared:
            subprocess.run(["cp", "-a", str(prepared / "cluster"), data], check=True, timeout=240)
        else:
            self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        options = f"-c listen_addresses='' -k {self.folder} -c max_connections=60 {self._options}"
        log = str(self.folder / "log")
        data = str(self.folder / "data")
        self._run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", how, "stop")

    def url(self, database: str, user: str = "postgres") -> str:
        """DATABASE_URL for one database of this cluster."""
        return f"postgres://{user}@/{database}?host={self.folder}"
