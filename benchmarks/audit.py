"""Audit log on PostgreSQL: how fast entries are written and sealed, and how fast a million is verified.

`bin/bench audit [--seconds 60] [--writers 4] [--entries 1000000]`. Ends with one line of JSON:
`orm_tx_per_second` single-entry transactions (goal 600), `x_unaudited` against the same transactions
without an entry, `batch_entries_per_second` (goal 1000), `p99_overhead_ms` (goal 20),
`seal_lag_p99_s` (goal 1), `verify_seconds` (goal 60) and `verify_mb` (goal 200) for `verify_entries`.

`bin/bench audit --kills 44 [--seconds 15]` does something else: two sealers beside four writers, one of
them killed (SIGKILL) again and again and started anew; everything must be sealed once and verify (A12).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.postgres import Cluster

BATCH = 100
VERIFY_BATCH = 1000


def _django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()


def _timed(seconds: float, work: Callable[[int], None]) -> list[float]:
    """Runs the work again and again; returns the milliseconds of each turn."""
    turns: list[float] = []
    until = time.perf_counter() + seconds
    while (begin := time.perf_counter()) < until:
        work(len(turns))
        turns.append((time.perf_counter() - begin) * 1000)
    return turns


def writer(kind: str, number: int, seconds: float) -> None:
    """One writing process: `plain`, `single` or `batch` transactions; prints its times as JSON."""
    _django()
    from django.db import transaction

    import audit
    from audit.recording import Draft, write_many
    from core.jobs import Job

    job = Job.objects.create(kind="bench", title=f"Writer {number}")

    def single(turn: int) -> None:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(done=turn)
            if kind == "single":
                audit.record("job.tick", actor="bench", target=job, because="rate", turn=turn)

    def batch(turn: int) -> None:
        drafts = [
            Draft(action="job.tick", actor="bench", target=job, facts={"turn": turn, "row": row})
            for row in range(BATCH)
        ]
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(done=turn)
            write_many(drafts)

    sys.stdout.write(json.dumps(_timed(seconds, batch if kind == "batch" else single)))


def _run_writers(kind: str, writers: int, seconds: float) -> tuple[float, float]:
    """(transactions per second, p99 in ms) of all writers together."""

    def one(number: int) -> list[float]:
        command = [sys.executable, "-m", "benchmarks.audit", "--writer", kind, str(number)]
        done = subprocess.run(
            [*command, "--seconds", str(seconds)], capture_output=True, check=True, timeout=600
        )
        return list(json.loads(done.stdout))

    with ThreadPoolExecutor(writers) as pool:
        times = sorted(ms for turns in pool.map(one, range(writers)) for ms in turns)
    return len(times) / seconds, times[int(len(times) * 0.99)]


def _rates(options: argparse.Namespace) -> dict[str, Any]:
    """Writers and one sealer against a durable server."""
    from django.db import connection

    from audit.sealing import backlog

    share = options.seconds / 3
    plain, plain_p99 = _run_writers("plain", options.writers, share)
    print(f"Without audit: {plain:.0f} transactions/s, p99 {plain_p99:.1f} ms.")
    sealer = subprocess.Popen([sys.executable, "manage.py", "audit_sealer"])
    try:
        single, single_p99 = _run_writers("single", options.writers, share)
        print(f"One entry each: {single:.0f} transactions/s, p99 {single_p99:.1f} ms.")
        batches, _p99 = _run_writers("batch", options.writers, share)
        print(f"Batches of {BATCH}: {batches * BATCH:.0f} entries/s.")
        _await(lambda: backlog().count == 0, 120)
    finally:
        sealer.terminate()
        sealer.wait(30)
    with connection.cursor() as cursor:
        # Only what was written one by one: the batches are a flood on purpose.
        cursor.execute(
            "SELECT percentile_cont(0.99) WITHIN GROUP"
            " (ORDER BY extract(epoch FROM s.sealed_at - e.taken_at))"
            " FROM audit_seal s JOIN audit_entry e ON e.id = s.entry_id WHERE e.because = 'rate'"
        )
        lag = float(cursor.fetchone()[0])
    print(f"From writing to seal: p99 {lag:.2f} s while they were written one by one.")
    return {
        "orm_tx_per_second": round(single),
        "x_unaudited": round(single / plain, 2),
        "p99_overhead_ms": round(single_p99 - plain_p99, 1),
        "batch_entries_per_second": round(batches * BATCH),
        "seal_lag_p99_s": round(lag, 2),
        "unsealed": backlog().count,
    }


def _killed(options: argparse.Namespace) -> dict[str, Any]:
    """Two sealers beside the writers; one after the other is killed and another one started in its place."""
    from audit.models import Entry, Seal
    from audit.sealing import backlog

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "manage.py", "audit_sealer"])

    begin = time.monotonic()
    pause = options.seconds / options.kills
    sealers = [start(), start()]
    with ThreadPoolExecutor(1) as pool:
        try:
            writing = pool.submit(_run_writers, "single", options.writers, options.seconds)
            for number in range(options.kills):
                time.sleep(max(0.0, begin + (number + 1) * pause - time.monotonic()))
                sealers[number % 2].kill()
                sealers[number % 2].wait(30)
                sealers[number % 2] = start()
            rate, _p99 = writing.result()
            _await(lambda: backlog().count == 0, 120)
        finally:
            for sealer in sealers:
                sealer.kill()
                sealer.wait(30)
    entries, seals = Entry.objects.count(), Seal.objects.count()
    print(
        f"{options.kills} times SIGKILL in {time.monotonic() - begin:.0f} s while"
        f" {rate:.0f} transactions/s were written: {seals} of {entries} entries sealed."
    )
    if entries != seals:
        raise RuntimeError(f"{seals} seals stand for {entries} entries.")
    return {"kills": options.kills, "entries": entries, "sealed": seals} | _verified()


def _await(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError("The sealers do not come to an end.")
        time.sleep(0.2)


def _verified() -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.audit", "--verify-once"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=900)
    _seconds, _mb, size, code = json.loads(done.stdout)
    print(f"Verified {size} entries; exit code {code}.")
    if code >= 2:
        raise RuntimeError(f"The log does not verify: exit code {code}.")
    return {"verify_entries": size, "verify_exit_code": code}


def _fill(entries: int) -> None:
    """Writes and seals entries until the log has so many."""
    from django.db import connection, transaction

    from audit.models import Seal
    from audit.recording import Draft, write_many
    from audit.sealing import seal_pending

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # filling is not what is measured
    count = Seal.objects.count()
    while count < entries:
        drafts = [
            Draft(
                action="device.check",
                actor="bench",
                target=("inventory.device", (count + row) % 5000, "Camera"),
                because="A reason of ordinary length, as people write it.",
                facts={"row": row},
            )
            for row in range(min(VERIFY_BATCH, entries - count))
        ]
        with transaction.atomic():
            write_many(drafts)
        count += seal_pending(VERIFY_BATCH)


def verify_once() -> None:
    """Verifies in a process of its own, so that its memory can be measured."""
    _django()
    from audit.verifying import verify

    begin = time.perf_counter()
    report = verify()
    seconds = time.perf_counter() - begin
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps([seconds, peak_mb, report.size, int(report.exit_code)]))


def _verification(entries: int) -> dict[str, Any]:
    begin = time.perf_counter()
    _fill(entries)
    print(f"Filled the log in {time.perf_counter() - begin:.0f} s.")
    runs = []
    for _run in range(3 if entries <= 100_000 else 1):
        command = [sys.executable, "-m", "benchmarks.audit", "--verify-once"]
        done = subprocess.run(command, capture_output=True, check=True, timeout=900)
        runs.append(json.loads(done.stdout))
    seconds = statistics.median(run[0] for run in runs)
    _seconds, peak_mb, size, code = runs[-1]
    print(f"Verified {size} entries in {seconds:.1f} s with {peak_mb:.0f} MB; exit code {code}.")
    return {
        "verify_entries": size,
        "verify_seconds": round(seconds, 1),
        "verify_mb": round(peak_mb),
        "verify_exit_code": code,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float)
    parser.add_argument(
        "--kills", type=int, default=0, help="kill sealers so often, and nothing else"
    )
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--writer", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--verify-once", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.seconds = options.seconds or (15.0 if options.kills else 60.0)
    if options.writer:
        writer(options.writer[0], int(options.writer[1]), options.seconds)
        return
    if options.verify_once:
        verify_once()
        return
    print(
        "PostgreSQL writes through to its disk. Every entry is one row, one pending row, one seal."
    )
    # A stop must leave no server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Cluster(durable=True) as cluster:
        os.environ["DATABASE_URL"] = cluster.url("postgres")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        _django()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        if options.kills:
            figures = _killed(options)
        else:
            figures = _rates(options) | _verification(options.entries)
        connection.close()
    print(json.dumps({"benchmark": "audit", **figures}))


if __name__ == "__main__":
    main()
