"""What a footage worker does, in a process of its own that loads nothing else: fetch, seal, put together."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any

from benchmarks.parts.tables import make_tables


def prepare(campus_file: str, seconds: int) -> dict[str, Any]:
    """An empty database with one recorder and an approved request for so many seconds."""
    import django

    django.setup()
    make_tables()
    from pathlib import Path

    from simulator.campus_file import read_campus
    from simulator.recording import tsi_midnight
    from simulator.world import true_now_ms
    from tests.cameras.simulated import enter
    from tests.requests.case import Campus

    document = json.loads(Path(campus_file).read_text())
    devices = read_campus(document, tsi_midnight(true_now_ms())).devices
    entered = enter(devices)
    people = Campus()
    start_ms = (true_now_ms() - 1000 * (seconds + 3600)) // 60_000 * 60_000
    decisions = []
    for device in entered.values():
        for channel in device.channels.all():
            decisions.append(_approved(people, channel, start_ms, seconds))
    return {"start_ms": start_ms, "decisions": decisions, "operator": people.operator.pk}


def _approved(people: Any, channel: Any, start_ms: int, seconds: int) -> int:
    import datetime as dt

    from core.tsi import from_ms

    begins = from_ms(start_ms)
    request = people.request(
        channel.assignments.get().position,
        starts_at=begins,
        ends_at=begins + dt.timedelta(seconds=seconds),
    )
    request.take("review", by=people.operator)
    request.take("submit", by=people.operator)
    return int(people.decide(request).pk)


def hurry_leases() -> None:
    """A worker's pieces come back after seconds, where workers are killed on purpose."""
    import datetime as dt

    from footage_requests.footage import part_claims

    part_claims.LEASE = dt.timedelta(seconds=4)
    part_claims.RENEW_SECONDS = 1.0


def export(decision: int, operator: int) -> dict[str, Any]:
    """One export from the button to the sealed exhibit, as one footage worker makes it.

    Goes on with what an earlier worker began.
    """
    from accounts.models import Person
    from footage_requests import hold_tasks
    from footage_requests.footage import exporting, store
    from footage_requests.models import Decision, Exhibit, Package

    row = Decision.objects.get(pk=decision)
    began, cpu = time.monotonic(), _cpu()
    package = row.packages.first() or exporting.start_export(row, Person.objects.get(pk=operator))
    while Package.objects.get(pk=package.pk).status == Package.Status.EXPORTING:
        hold_tasks.work_parts()
        package.refresh_from_db()
        time.sleep(0.05)
        if package.failure:
            raise RuntimeError(package.failure)
    seconds, used = time.monotonic() - began, _cpu() - cpu
    exhibit = Exhibit.objects.get(package=package)
    figures = {
        "seconds": seconds,
        "cpu_seconds": used,
        "bytes": exhibit.file.bytes,
        "bitstream_sha256": _bitstream_in_store(exhibit.file),
        "frames": exhibit.facts["frames"],
        "gap_ms": exhibit.facts["gap_ms"],
    }
    # What one round leaves in memory and on the disk must not slow the next one down.
    store.destroy(exhibit.file)
    return figures


def watch(decisions: list[int], operator: int) -> dict[str, Any]:
    """Presses all the buttons at once, and looks on until every package is through."""
    from accounts.models import Person
    from footage_requests.footage import exporting
    from footage_requests.models import Decision, Package

    by = Person.objects.get(pk=operator)
    rows = [exporting.start_export(Decision.objects.get(pk=pk), by) for pk in decisions]
    began, most, ends = time.monotonic(), 0, dict.fromkeys((row.pk for row in rows), 0.0)
    while not all(ends.values()):
        most = max(most, most_per_recorder())
        waiting = Package.objects.filter(pk__in=[pk for pk, end in ends.items() if not end])
        for package in waiting.exclude(status=Package.Status.EXPORTING):
            ends[package.pk] = time.monotonic() - began
        for package in waiting.exclude(failure=""):
            raise RuntimeError(package.failure)
        time.sleep(0.1)
    return {"most_per_recorder": most, "ends": sorted(ends.values())}


def most_per_recorder() -> int:
    """How many slices the busiest recorder gives at this moment."""
    from collections import Counter

    from footage_requests.models import ExportSlice
    from footage_requests.models.holds import Part

    claimed = ExportSlice.objects.filter(state=Part.State.CLAIMED)
    return max(Counter(claimed.values_list("channel__recorder", flat=True)).values(), default=0)


def drain(processes: int) -> None:
    """A footage worker with so many processes that share what was loaded; works until it is ended."""
    from django.db import connections

    from footage_requests import hold_tasks

    connections.close_all()
    children = []
    for _number in range(processes):
        child = os.fork()
        if child == 0:
            while True:
                hold_tasks.work_parts()
                time.sleep(0.2)
        children.append(child)
    print("forked", flush=True)
    sys.stdin.read()
    for child in children:
        os.kill(child, 9)
        os.waitpid(child, 0)


def _bitstream_in_store(file: Any) -> str:
    """Of a sealed exhibit; read when its time has been taken."""
    from footage_requests.footage import store
    from footage_requests.sealing.film import bitstream_sha256, read_film
    from footage_requests.sealing.sources import StoredFile

    with StoredFile(store.open_file(file)) as source:
        return bitstream_sha256(source, read_film(source))


def bitstream_of(path: str) -> str:
    """The hash of a file's elementary stream, read by what checks packages for strangers."""
    from pathlib import Path

    from footage_requests.sealing.film import bitstream_sha256, read_film
    from footage_requests.sealing.sources import PlainFile

    with PlainFile(Path(path)) as source:
        return bitstream_sha256(source, read_film(source))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cctv_ops.settings")
    if sys.argv[1] == "prepare":
        print(json.dumps(prepare(sys.argv[2], int(sys.argv[3]))), flush=True)
        return
    import django

    django.setup()
    if sys.argv[1] == "hash":
        print(json.dumps(bitstream_of(sys.argv[2])), flush=True)
        return
    from cctv_ops.celery import _load_before_forking

    if sys.argv[1] == "watch":
        print(json.dumps(watch(*json.loads(sys.argv[2]))), flush=True)
        return
    # What a worker has loaded before its first task is not part of an export.
    _load_before_forking()
    from footage_requests import hold_tasks  # noqa: F401 - as above

    if sys.argv[1] == "drain":
        drain(int(sys.argv[2]))
        return
    print("ready", flush=True)
    if "--killed" in sys.argv:
        hurry_leases()
    for line in sys.stdin:
        decision, operator = json.loads(line)
        print(json.dumps(export(decision, operator)), flush=True)


if __name__ == "__main__":
    main()
