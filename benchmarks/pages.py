"""Server time and queries of four pages over 10,000 cameras with a year of answers, and calls of the API.

`bin/bench pages [--database sqlite] [--cameras 10000] [--days 365]`. The last line is JSON: of each page
(`today`, `cameras`, `camera`, `day`, and of requests `board`, `case`) `<page>_p95_ms` (goal 150) and
`<page>_queries` (goal 15 for the first four), and `api_per_second`: lists of 50 cameras through gunicorn with two workers (goal 100).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.parts.ending import run, say
from tests.postgres import Cluster

PAGES = ("today", "cameras", "camera", "day", "board", "case")
BASELINE_CAMERAS = 100


def _environment(url: str, folder: Path) -> dict[str, str]:
    """Of every process that is measured. Settings of the tests: front-end files without their hashes."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"REDIS_URL", "DATABASE_OWNER_URL", "DATABASE_SEALER_URL", "CCTV_PROFILE"}
    }
    return kept | {
        "DATABASE_URL": url,
        "DATA_DIR": str(folder / "data"),
        "DEMO": "no",
        "API_CALLS_PER_MINUTE": "1000000",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }


class Servers:
    """Databases by name, and the process whose CPU time is the database's (0: our own)."""

    def __init__(self, engine: str, folder: Path) -> None:
        self._folder = folder
        self._cluster = Cluster(durable=True) if engine == "postgresql" else None

    def __enter__(self) -> Servers:
        if self._cluster:
            self._cluster.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        if self._cluster:
            self._cluster.__exit__(*exc)

    def make(self, name: str) -> str:
        """The DATABASE_URL of a new, empty database."""
        if self._cluster is None:
            return f"sqlite:///{self._folder / name}.sqlite3"
        import psycopg2

        connection = psycopg2.connect(self._cluster.url("postgres"))
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        return self._cluster.url(name)

    @property
    def pid(self) -> int:
        if self._cluster is None:
            return 0
        return int((self._cluster.folder / "data" / "postmaster.pid").read_text().split()[0])


def _child(url: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """Runs this module with a database: Django knows one per process. Returns its last line."""
    command = [sys.executable, "-m", "benchmarks.pages", *arguments]
    with subprocess.Popen(
        command, env=_environment(url, folder), stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        last = ""
        for line in child.stdout:
            if last:
                say(last)
            last = line.rstrip()
    if child.returncode:
        raise RuntimeError(f"It ended with {child.returncode}; its last lines are above.\n{last}")
    return dict(json.loads(last))


def _told(servers: Servers, folder: Path, cameras: int, options: argparse.Namespace) -> Any:
    """Fills a database with so many cameras and measures its pages."""
    url = servers.make(f"pages{cameras}")
    numbers = {"cameras": cameras, "days": options.days, "requests": options.requests}
    size = [part for name, number in numbers.items() for part in (f"--{name}", str(number))]
    begin = time.monotonic()
    rows = _child(url, folder, "--fill", *size)["rows"]
    say(f"{cameras} cameras: {rows:,} rows of coverage in {time.monotonic() - begin:.0f} s.")
    more = ("--turns", str(options.turns), "--seconds", str(options.seconds))
    return _child(url, folder, "--measure", str(servers.pid), *size, *more)


def _say_table(name: str, told: dict[str, Any]) -> None:
    say(f"\n{name}")
    say("  page      person           p50 ms   p95 ms   CPU ms: ours   database   queries")
    for row in told["pages"]:
        say(
            f"  {row['page']:9} {row['person']:14} {row['p50_ms']:8.1f} {row['p95_ms']:8.1f}"
            f" {row['own_cpu_ms']:14.1f} {row['database_cpu_ms']:10.1f} {row['queries']:9}"
        )
    say(
        f"  API: {told['api_per_second']:.0f} lists of 50 cameras a second,"
        f" {told['api_per_cpu_second']:.0f} per CPU second of gunicorn and database together"
    )


def main() -> dict[str, Any]:
    options = _options()
    if options.fill:
        from benchmarks.parts.pages_child import fill

        return fill(options.cameras, options.days, options.requests)
    if options.measure is not None:
        from benchmarks.parts.pages_child import measure

        return measure(options.measure, options.turns, options.seconds)
    say(
        "Server time is from the request to the last byte of the answer inside one process, through all\n"
        "middleware, with the database on the same machine; turns go over different days, cameras, pages\n"
        "and filters. The bare page only asks who is signed in: nothing can be quicker. The same pages\n"
        f"with {BASELINE_CAMERAS} cameras are the baseline. CPU time does not suffer from what else the\n"
        "machine does; wall time does."
    )
    with tempfile.TemporaryDirectory(prefix="cctv-pages-") as text, _load_told():
        folder = Path(text)
        folder.chmod(0o711)
        with Servers(options.database, folder) as servers:
            few = None
            if not options.no_baseline:
                few = _told(servers, folder, BASELINE_CAMERAS, options)
            many = _told(servers, folder, options.cameras, options)
    for cameras, told in ((BASELINE_CAMERAS, few), (options.cameras, many)):
        if told:
            _say_table(f"{cameras} cameras, {options.days} days, {options.database}", told)
    return _figures(many)


def _figures(many: dict[str, Any]) -> dict[str, Any]:
    """The slower of the two persons counts."""
    figures: dict[str, Any] = {"benchmark": "pages"}
    for page in PAGES:
        rows = [row for row in many["pages"] if row["page"] == page]
        figures[f"{page}_p95_ms"] = round(max(row["p95_ms"] for row in rows), 1)
        figures[f"{page}_queries"] = max(row["queries"] for row in rows)
    return figures | {"api_per_second": round(many["api_per_second"])}


@contextmanager
def _load_told() -> Iterator[None]:
    before = os.getloadavg()[0]
    yield
    say(f"\nLoad of the machine: {before:.1f} before, {os.getloadavg()[0]:.1f} at the end.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--cameras", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--requests", type=int, default=500, help="open ones, with their holds")
    parser.add_argument("--turns", type=int, default=100, help="of each page and person")
    parser.add_argument("--seconds", type=float, default=10, help="of calls of the API")
    parser.add_argument("--no-baseline", action="store_true", help="only the full campus")
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
