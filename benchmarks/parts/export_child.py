"""What a footage worker does, in a process of its own that loads nothing else: fetch, seal, put together."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any


def prepare(campus_file: str, seconds: int) -> dict[str, Any]:
    """An empty database with one recorder and an approved request for so many seconds."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
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

    from footage_requests import part_claims

    part_claims.LEASE = dt.timedelta(seconds=4)
    part_claims.RENEW_SECONDS = 1.0


def export(decision: int, operator: int) -> dict[str, Any]:
    """One export from the button to the sealed exhibit, as one footage worker makes it.

    Goes on with what an earlier worker began.
    """
    from accounts.models import Person
    from footage_requests import exporting, hold_tasks
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
    return {
        "seconds": seconds,
        "cpu_seconds": used,
        "bytes": exhibit.file.bytes,
        "bitstream_sha256": exhibit.facts["bitstream_sha256"],
        "frames": exhibit.facts["frames"],
        "gap_ms": exhibit.facts["gap_ms"],
    }


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

    # What a worker has loaded before its first task is not part of an export.
    _load_before_forking()
    from footage_requests import hold_tasks  # noqa: F401 - as above

    print("ready", flush=True)
    if "--killed" in sys.argv:
        hurry_leases()
    for line in sys.stdin:
        decision, operator = json.loads(line)
        print(json.dumps(export(decision, operator)), flush=True)


if __name__ == "__main__":
    main()
