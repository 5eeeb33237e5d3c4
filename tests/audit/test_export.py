"""An exported log is verified by one file that knows nothing of this system."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from audit.sealing import seal_pending
from audit.verifying import verify
from tests.audit.conftest import write_entry

HOSTILE = 'line\n\r\x1b[31m \u202e " \\ \u2028 \x7f \x01 <script> =cmd() \U0001f600 ğ'


@pytest.fixture
def exported(log: str, tmp_path: Path) -> Path:
    for number in range(7):
        write_entry(
            log,
            target=("test.thing", 1, HOSTILE),
            because=HOSTILE,
            facts={"number": number, "list": [None, True, {"z": -1, "a": 2**53 - 1}]},
        )
    seal_pending(using=log)
    folder = tmp_path / "export"
    call_command("audit_export", str(folder), f"--database={log}", verbosity=0)
    return folder


def check(folder: Path, *arguments: str) -> tuple[int, str]:
    outcome = subprocess.run(
        [sys.executable, "-I", str(folder / "verify.py"), str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=240,
    )
    return outcome.returncode, outcome.stdout


def change(path: Path, edit: Callable[[list[str]], list[str]]) -> None:
    # Not splitlines: it would also cut at U+2028 inside a reason.
    kept = edit(path.read_text(encoding="utf-8").rstrip("\n").split("\n"))
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def test_a_sound_export_has_the_root_of_the_log(exported, log):
    """A19"""
    code, told = check(exported)

    assert code == 0, told
    assert verify(using=log).root in told


def test_an_edited_entry_is_named(exported):
    """A1"""
    change(
        exported / "entries.jsonl",
        lambda rows: [row.replace('\\"number\\":3', '\\"number\\":4') for row in rows],
    )

    assert check(exported) == (2, "leaf 3: the text is not the sealed one\n")


def test_a_missing_entry_is_named(exported):
    """A3"""
    change(exported / "entries.jsonl", lambda rows: rows[:2] + rows[3:])

    assert check(exported) == (2, "leaf 2: the entry is missing\n")


def test_a_missing_seal_is_named(exported):
    """A3"""
    change(exported / "seals.jsonl", lambda rows: rows[:2] + rows[3:])

    code, told = check(exported)
    assert code == 2
    assert "leaf 2: the seal is missing" in told


def test_a_shortened_export_differs_from_what_the_witness_saw(exported, log):
    """A4"""
    root = verify(using=log).root
    assert check(exported, "--size", "7", "--root", root)[0] == 0
    for name in ("entries.jsonl", "seals.jsonl"):
        change(exported / name, lambda rows: rows[:5])
    head = json.loads((exported / "head.json").read_text())
    last = json.loads((exported / "seals.jsonl").read_text().splitlines()[-1])
    head |= {"size": 5, "chain": last["chain"]}
    (exported / "head.json").write_text(json.dumps(head))

    code, told = check(exported, "--size", "7", "--root", root)
    assert code == 2
    assert "the log has 5 entries, the witness has 7" in told


def test_a_broken_file_cannot_be_checked(exported):
    (exported / "seals.jsonl").write_text("{")

    assert check(exported)[0] == 3


def test_an_export_does_not_overwrite(exported, log):
    with pytest.raises(CommandError):
        call_command("audit_export", str(exported), f"--database={log}")


def test_the_database_computes_the_same_hashes(postgres_log):
    """A19: PostgreSQL's own SHA-256 over the stored text."""
    write_entry(postgres_log, because=HOSTILE, target=("test.thing", 1, HOSTILE))
    with connections[postgres_log].cursor() as cursor:
        cursor.execute(
            "SELECT leaf_hash = encode(sha256('\\x00'::bytea || convert_to(canon, 'UTF8')), 'hex'),"
            " canon::json ->> 'because' FROM audit_entry"
        )
        assert cursor.fetchall() == [(True, HOSTILE)]
