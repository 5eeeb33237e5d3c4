"""The clock of the host is stepped back under writers and sealer as they run (libfaketime); PostgreSQL's is not."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from audit.faults import Level
from audit.models import Entry, Pending, Seal
from audit.verifying import verify
from tests.postgres import Cluster

ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import select, sys
import django
django.setup()
from django.db import transaction
import audit
turn = 0
print("writing", flush=True)
while not sys.stdin.closed and turn < 20_000:
    with transaction.atomic():
        audit.record("test.turn", actor="test", target=("test.thing", turn % 3, "Thing"), turn=turn)
    turn += 1
    if turn % 10 == 0:
        print(turn, flush=True)
    # libfaketime breaks time.sleep where it leaves the monotonic clock alone.
    select.select([], [], [], 0.005)
"""


def stepped(clock: Path, command: list[str], url: str) -> subprocess.Popen[str]:
    """Runs a program whose time of day is what the file says, and whose other clocks are right."""
    [library] = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ
        | {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def written_beyond(writer: subprocess.Popen[str], turns: int) -> None:
    """Reads the writer's count until it is past `turns`."""
    assert writer.stdout is not None
    for line in writer.stdout:
        if line.strip().isdigit() and int(line) > turns:
            return
    raise AssertionError(writer.stderr.read()[-2000:] if writer.stderr else "the writer ended")


def test_an_hour_back_under_load_loses_and_refuses_nothing(
    postgres_log: str, postgres_cluster: Cluster, tmp_path: Path
) -> None:
    """A9: no lost or refused entry, `clock.regression`, and the order is by leaf and not by time."""
    clock = tmp_path / "clock"
    clock.write_text("+0s\n")
    url = postgres_cluster.url("postgres")
    sealer = stepped(clock, [sys.executable, "manage.py", "audit_sealer"], url)
    writer = stepped(clock, [sys.executable, "-c", WRITER], url)
    try:
        written_beyond(writer, 20)
        clock.write_text("-1h\n")
        written_beyond(writer, 100)
        assert writer.poll() is None, "an entry was refused"
        writer.kill()
        writer.wait(300)
        until = time.monotonic() + 240
        while Pending.objects.using(postgres_log).exists():
            assert time.monotonic() < until, "entries stay unsealed"
            time.sleep(0.05)
        assert sealer.poll() is None
    finally:
        for process in (writer, sealer):
            process.kill()
            process.communicate(timeout=240)

    leaves = dict(Seal.objects.using(postgres_log).values_list("entry_id", "leaf"))
    rows = Entry.objects.using(postgres_log).filter(action="test.turn").order_by("pk")
    turns = [(leaves[row.pk], json.loads(row.canon)["facts"]["turn"], row.taken_at) for row in rows]
    assert [turn for _leaf, turn, _at in sorted(turns)] == list(range(len(turns)))
    fell_back = [before[2] - after[2] for before, after in itertools.pairwise(turns)]
    assert max(fell_back).total_seconds() > 3_500
    assert Entry.objects.using(postgres_log).filter(action="clock.regression").count() == 1
    assert verify(using=postgres_log).exit_code < Level.TAMPERED
