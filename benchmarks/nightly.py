"""A night over 1,000 cameras on 40 recorders, some dead and some dripping, through the real workers.

`bin/bench nightly [--cameras 1000] [--runs 3] [--engine postgresql] [--quick]
[--dead-percent 5] [--slow-percent 2]`. The last line is JSON: `seconds` from the start of the run until it
is closed (goal 180), `healthy_delay` (goal 1.1), `workers_mb` (goal 400), `most_sockets`, and
`sqlite_seconds`. With `--cameras 10000` the goal is 25 minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.parts.campus import CampusPlan, RunningChild
from benchmarks.parts.ending import run, say
from benchmarks.parts.memory import MemoryWatch, cpu_seconds, family
from benchmarks.parts.stores import Store, store
from benchmarks.parts.tables import make_tables

CAMERAS_PER_RECORDER = 25
DEAD_PERCENT, SLOW_PERCENT = 5.0, 2.0
CONNECTIONS_PER_DEVICE = 4
SOCKETS_BESIDE = 60
"""Database, broker and the decoders of all worker processes together."""
LONGEST_SECONDS = 3600
QUICK = {"cameras": 50, "runs": 1}


@dataclass
class Night:
    """What one night took and gave."""

    seconds: float
    healthy_median_s: float
    workers_mb: float
    processes: int
    workers_cpu_s: float
    campus_cpu_s: float
    most_sockets: int
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


def _set_up_django(url: str, folder: Path) -> None:
    os.environ |= {
        "DATABASE_URL": url,
        "DATA_DIR": str(folder / "data"),
        "DEVICE_NETWORKS": "127.64.0.0/10",
        "NIGHT_JITTER_SECONDS": "0",
        "NTP_SERVERS": "",
        "DEMO": "no",
        "DJANGO_SETTINGS_MODULE": "cctv_ops.settings",
    }
    for name in ("REDIS_URL", "DATABASE_OWNER_URL", "DATABASE_SEALER_URL", "CCTV_PROFILE"):
        os.environ.pop(name, None)
    import django

    django.setup()


def _enter(plan: CampusPlan, place: Store) -> None:
    """Writes the inventory once; every night starts from it, and knows no device yet."""
    from django.db import connection, transaction

    from tests.cameras.simulated import enter

    begin = time.monotonic()
    make_tables()
    with transaction.atomic():
        enter(plan.build().devices)
    connection.close()
    place.keep()
    say(f"Entered the inventory in {time.monotonic() - begin:.0f} s.")


class Background:
    """Broker, sealer, worker and scheduler, as bin/run starts them. What they say goes into a log."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def __enter__(self) -> Background:
        from django.conf import settings

        from cctv_ops import broker, processes

        self.supervisor = processes.Supervisor(say)
        folder = settings.DATA_DIR / "broker"
        self.worker = processes.worker()
        try:
            for program in (
                processes.Program(
                    "broker", broker.command(folder), ready=lambda: broker.answers(folder)
                ),
                processes.Program("sealer", processes.manage("audit_sealer")),
                self.worker,
                processes.scheduler(),
            ):
                program.command = [
                    "sh",
                    "-c",
                    'exec "$@" >>"$0" 2>&1',
                    str(self._log),
                    *program.command,
                ]
                self.supervisor.start(program)
        except BaseException:
            self.supervisor.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.supervisor.stop()
        if kind is not None and kind is not KeyboardInterrupt:
            say("The last lines of the programs:\n" + self._log.read_text()[-3000:])

    @property
    def worker_pid(self) -> int:
        assert self.worker.process is not None
        return self.worker.process.pid


def _await_workers(background: Background) -> None:
    """A night begins long after the workers started: their start is not part of it."""
    until = time.monotonic() + 120
    while len(family(background.worker_pid)) < 3 and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(3)


def one_night(campus: RunningChild, timed: set[str], place: Store, log: Path) -> Night:
    """Runs one night over a fresh copy of the inventory; `timed` are the addresses to time."""
    from django.db import connection
    from django.utils import timezone

    from cameras.models import DeviceCheck, Run
    from cameras.night import nights
    from core.tsi import day_of

    connection.close()
    place.restore()
    day = day_of(timezone.now()) - timedelta(days=1)
    # By hand, because what is planned in the afternoon is a catch-up and asks for fewer days; and before
    # the scheduler starts, because it plans what is missing.
    night = Run.objects.create(
        kind=Run.Kind.NIGHT,
        slot=f"night:{day}",
        day=day,
        start_at=timezone.now() + timedelta(days=1),
    )
    with Background(log) as background:
        _await_workers(background)
        before = sum(cpu_seconds(pid) for pid in family(background.worker_pid))
        campus_before = campus.cpu_seconds()
        with MemoryWatch(background.worker_pid) as memory:
            nights.start(night)
            _await_end(night)
        used = sum(cpu_seconds(pid) for pid in family(background.worker_pid)) - before
    assert night.started_at is not None
    assert night.finished_at is not None
    if night.is_red:
        raise RuntimeError(f"The night is red: {night.red_because}")
    begin: datetime = night.started_at
    done = DeviceCheck.objects.filter(run=night, device__addresses__ip__in=timed)
    times = [(at - begin).total_seconds() for at in done.values_list("done_at", flat=True) if at]
    _check_sockets(memory.most_sockets)
    _check_answers(night, {each.address for each in campus.campus.devices if not each.faults})
    counts = night.counts
    connection.close()
    return Night(
        seconds=(night.finished_at - begin).total_seconds(),
        healthy_median_s=statistics.median(times),
        workers_mb=memory.most_mb,
        processes=memory.most_processes,
        workers_cpu_s=used,
        campus_cpu_s=campus.cpu_seconds() - campus_before,
        most_sockets=memory.most_sockets,
        counts=counts,
    )


def _await_end(night: Any) -> None:
    until = time.monotonic() + LONGEST_SECONDS
    while not night.is_over:
        if time.monotonic() > until:
            raise RuntimeError("The night did not end.")
        time.sleep(0.5)
        night.refresh_from_db()


def _check_sockets(most: int) -> None:
    """D19: however many devices hang, the open connections have a cap."""
    from django.conf import settings

    from cctv_ops.processes import WORKERS

    devices = settings.DEVICES_AT_ONCE * WORKERS
    cap = CONNECTIONS_PER_DEVICE * devices + SOCKETS_BESIDE
    if most > cap:
        raise RuntimeError(f"{most} sockets were open at once, and {cap} are the most that may be.")


def _check_answers(night: Any, healthy: set[str]) -> None:
    """A fast night with wrong answers would be worth nothing."""
    from cameras.models import CheckKind, CheckResult

    told = CheckResult.objects.filter(device_check__run=night, kind=CheckKind.IDENTITY)
    rows = told.values_list("device_check__device__addresses__ip", "answer", "reason")
    for address, answer, reason in rows:
        expected = "YES" if address in healthy else "UNKNOWN"
        if answer != expected:
            raise RuntimeError(f"{address}: {answer} {reason}, and it should be {expected}")


def _say_night(name: str, night: Night) -> None:
    say(
        f"  {name}: {night.seconds:.0f} s; half of the healthy devices answered after"
        f" {night.healthy_median_s:.1f} s; workers {night.workers_cpu_s:.0f} s of CPU and"
        f" {night.workers_mb:.0f} MB in {night.processes} processes, at most {night.most_sockets} open"
        f" sockets; campus {night.campus_cpu_s:.0f} s of CPU"
    )


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All nights on one engine."""
    recorders = max(1, options.cameras // CAMERAS_PER_RECORDER)
    # One port for both campuses: the inventory is entered once.
    ports = RunningChild(CampusPlan(options.cameras, recorders)).plan
    bad = CampusPlan(
        options.cameras,
        recorders,
        options.dead_percent / 100,
        options.slow_percent / 100,
        latency_ms=options.latency_ms,
        http_port=ports.http_port,
        rtsp_port=ports.rtsp_port,
    )
    clean = CampusPlan(**{**bad.__dict__, "dead_share": 0.0, "slow_share": 0.0})
    devices = bad.build().devices
    healthy = {device.address for device in devices if not device.faults}
    say(
        f"{options.engine}: {options.cameras} cameras on {recorders} recorders;"
        f" {len(devices) - len(healthy)} devices are dead, silent or dripping."
    )
    with store(options.engine, folder) as place:
        _set_up_django(place.url, folder)
        _enter(bad, place)
        nights: dict[str, list[Night]] = {"with them": [], "without": []}
        for _run in range(options.runs):
            for name, plan in (("with them", bad), ("without", clean)):
                if name == "without" and options.no_baseline:
                    continue
                with RunningChild(plan) as campus:
                    nights[name].append(one_night(campus, healthy, place, folder / "log"))
                _say_night(name, nights[name][-1])
    return _figures(nights["with them"], nights["without"])


def _figures(bad: list[Night], clean: list[Night]) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "seconds": round(statistics.median(night.seconds for night in bad)),
        "workers_mb": round(max(night.workers_mb for night in bad + clean)),
        "workers_cpu_s": round(statistics.median(night.workers_cpu_s for night in bad)),
        "campus_cpu_s": round(statistics.median(night.campus_cpu_s for night in bad)),
        "most_sockets": max(night.most_sockets for night in bad + clean),
        "runs": len(bad),
        "recording": bad[-1].counts["RECORDING"],
    }
    if clean:
        delayed = statistics.median(night.healthy_median_s for night in bad)
        undisturbed = statistics.median(night.healthy_median_s for night in clean)
        figures["healthy_delay"] = round(delayed / undisturbed, 2)
        figures["seconds_without"] = round(statistics.median(night.seconds for night in clean))
    return figures


def _on_sqlite(options: argparse.Namespace) -> dict[str, Any]:
    """The same night on SQLite, in a process of its own: Django knows one database per process."""
    command = [sys.executable, "-m", "benchmarks.nightly", "--engine", "sqlite", "--runs", "1"]
    command += ["--cameras", str(options.cameras), "--no-baseline"]
    command += ["--latency-ms", str(options.latency_ms)]
    command += ["--dead-percent", str(options.dead_percent)]
    command += ["--slow-percent", str(options.slow_percent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        last = ""
        for line in child.stdout:
            if last:
                say(last)
            last = line.rstrip()
    if child.returncode:
        raise RuntimeError("The night on SQLite failed; its last lines are above.")
    return dict(json.loads(last))


def main() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cameras", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3, help="nights of each sort")
    parser.add_argument("--engine", choices=("postgresql", "sqlite", "both"), default="both")
    parser.add_argument("--latency-ms", type=int, default=20)
    parser.add_argument("--no-baseline", action="store_true", help="no night without the bad ones")
    parser.add_argument(
        "--dead-percent", type=float, default=DEAD_PERCENT, help="refused or silent"
    )
    parser.add_argument("--slow-percent", type=float, default=SLOW_PERCENT, help="a byte a second")
    parser.add_argument("--quick", action="store_true", help="50 cameras, one night of each sort")
    options = parser.parse_args()
    if options.quick:
        vars(options).update(QUICK)
    say(
        "Every night starts from an inventory in which no device was ever visited: all of them are first\n"
        "recognised, then asked who they are, their clock, their picture, and recorders for five days\n"
        "of every channel; one channel in twenty is played back. Real broker, sealer, scheduler and two\n"
        "worker processes as bin/run starts them, without jitter; the campus runs on the same cores.\n"
        "Seconds are from the start of the run until it is closed."
    )
    begin = datetime.now(UTC)
    engine = options.engine
    figures: dict[str, Any] = {
        "benchmark": "nightly",
        "cameras": options.cameras,
        "dead_percent": options.dead_percent,
        "slow_percent": options.slow_percent,
    }
    with tempfile.TemporaryDirectory(prefix="cctv-night-") as folder:
        Path(folder).chmod(0o711)
        if engine != "sqlite":
            options.engine = "postgresql"
        figures |= {"engine": options.engine} | measure(options, Path(folder))
    if engine == "both":
        figures["sqlite_seconds"] = _on_sqlite(options)["seconds"]
    say(f"All of it took {(datetime.now(UTC) - begin).total_seconds():.0f} s.")
    return figures


if __name__ == "__main__":
    run(main)
