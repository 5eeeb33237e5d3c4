"""Verifies the log: every seal against its entry, the chain, the tree, and what waits for a seal.

Rows are streamed in chunks, so that a million entries need little memory. Faults name the leaf. What
this cannot see is a log whose end was cut off, or that was rewritten as a whole: only a witness
outside remembers the size and root that it had.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone

from .canon import leaf_hash
from .clock import ClockWatch
from .faults import Report
from .links import ObjectLinks
from .merkle import Frontier
from .models import Checkpoint, Entry, Pending, Seal, VerifyOutcome, Witness
from .sealing import FIRST_CHAIN, LATE_SECONDS, backlog, next_chain

CHUNK = 2000
_SEALED = """
SELECT s.leaf, s.entry_id, s.leaf_hash, s.chain, {sealed_at}, e.id, e.canon, e.leaf_hash,
       e.uuid, {taken_at}, e.actor_id, e.actor_name, e.actor_role, e.action, e.object_type,
       e.object_id, e.object_name, e.because, e.request_id, e.ip, e.session_hash, e.object_prev
FROM audit_seal s LEFT JOIN audit_entry e ON e.id = s.entry_id
WHERE s.leaf >= %s ORDER BY s.leaf LIMIT %s
"""
# Times as text, so that a forged value which no datetime can hold does not end the verification.
_TIME = {
    "postgresql": """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "sqlite": "{} || ''",
}
# Columns from `uuid` on, in the order of _SEALED, and how the sealed text gives each.
_COLUMNS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("uuid", lambda c: c["uuid"].replace("-", "")),
    ("taken_at", lambda c: c["at"]),
    ("actor_id", lambda c: c["actor"]["id"]),
    ("actor_name", lambda c: c["actor"]["name"]),
    ("actor_role", lambda c: c["actor"]["role"]),
    ("action", lambda c: c["action"]),
    ("object_type", lambda c: c["object"]["type"]),
    ("object_id", lambda c: c["object"]["id"]),
    ("object_name", lambda c: c["object"]["name"]),
    ("because", lambda c: c["because"]),
    ("request_id", lambda c: c["request"]["id"]),
    ("ip", lambda c: c["request"]["ip"]),
    ("session_hash", lambda c: c["request"]["session"]),
    ("object_prev", lambda c: c["prev"]),
)
_NEVER_SEALED = """
SELECT e.id FROM audit_entry e
LEFT JOIN audit_seal s ON s.entry_id = e.id LEFT JOIN audit_pending p ON p.entry_id = e.id
WHERE s.leaf IS NULL AND p.entry_id IS NULL AND e.id <= %s ORDER BY e.id
"""
_ID_GAPS = """
SELECT before + 1, id - before - 1
FROM (SELECT id, lag(id) OVER (ORDER BY id) AS before FROM audit_entry WHERE id >= %s) ids
WHERE id - before > 1 ORDER BY id
"""


def verify(
    *, since: int = 0, known_chain: str = "", seen: int = 0, using: str = DEFAULT_DB_ALIAS
) -> Report:
    """Checks the leaves from `since` on, and everything that is not sealed.

    `known_chain` is the chain that an earlier verification saw at leaf `since - 1`, `seen` the size
    that it saw. Raises the database's own errors; the command answers them with exit code 3.
    """
    report = Report(since=since, size=since, chain=FIRST_CHAIN)
    # Asked first: what is written while the chunks are read must not look like a fault.
    newest_id = Entry.objects.using(using).order_by("-pk").values_list("pk", flat=True).first() or 0
    if since:
        _continue_from(report, known_chain, using)
    walk = _Walk(report, using)
    for row in _sealed_rows(since, using):
        walk.check(row)
    walk.finish()
    if report.size < seen:
        report.add(
            "shrunk", facts={"size": report.size, "seen": seen, "who": "the last verification"}
        )
    _check_waiting(report, using)
    _check_never_sealed(report, newest_id, using)
    _check_id_gaps(report, walk.first_id, using)
    return report


def _continue_from(report: Report, known_chain: str, using: str) -> None:
    before = Seal.objects.using(using).filter(leaf=report.since - 1).first()
    if before is None:
        report.add("leaf_missing", leaf=report.since, facts={"count": 1})
        report.chain = ""
        return
    report.chain = before.chain
    if known_chain and known_chain != before.chain:
        report.add("chain_broken", leaf=before.leaf)


def _sealed_rows(since: int, using: str) -> Iterator[tuple[Any, ...]]:
    time = _TIME[connections[using].vendor]
    query = _SEALED.format(sealed_at=time.format("s.sealed_at"), taken_at=time.format("e.taken_at"))
    after = since
    while True:
        with connections[using].cursor() as cursor:
            cursor.execute(query, [after, CHUNK])
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < CHUNK:
            return
        after = rows[-1][0] + 1


def _time_text(value: str | None) -> str:
    """A stored time as the sealed text spells it; SQLite's has a space and no zero microseconds."""
    text = str(value).replace(" ", "T")
    if text.endswith("Z"):
        return text
    return (text if "." in text else f"{text}.000000") + "Z"


class _Walk:
    """Goes over the seals in order and keeps what the next one needs."""

    def __init__(self, report: Report, using: str) -> None:
        self.report = report
        self.using = using
        self.expected = report.since
        self.chain = report.chain
        self.first_id = 0
        self.clock = ClockWatch()
        self.links = ObjectLinks()
        self.tree = Frontier() if report.since == 0 else None
        self.roots = _roots_seen_outside(using)

    def check(self, row: tuple[Any, ...]) -> None:
        leaf, entry_id, sealed_hash, chain, sealed_at = row[:5]
        if leaf != self.expected:
            self.report.add("leaf_missing", leaf=leaf, facts={"count": leaf - self.expected})
        elif self.chain:
            at = _time_text(sealed_at)
            if next_chain(self.chain, leaf, entry_id, sealed_hash, at) != chain:
                self.report.add("chain_broken", leaf=leaf)
        self.expected, self.chain = leaf + 1, chain
        self._grow(sealed_hash)
        self._check_entry(leaf, entry_id, sealed_hash, row)

    def _grow(self, sealed_hash: str) -> None:
        if self.tree is None:
            return
        try:
            self.tree.append(bytes.fromhex(sealed_hash))
        except ValueError:  # the chain has already told it; the tree only needs to be another one
            self.tree.append(sealed_hash.encode())
        for who, root in self.roots.get(self.tree.size, ()):
            if self.tree.root().hex() != root:
                self.report.add("root_differs", facts={"size": self.tree.size, "who": who})

    def _check_entry(
        self, leaf: int, entry_id: int, sealed_hash: str, row: tuple[Any, ...]
    ) -> None:
        found, canon, stored_hash = row[5:8]
        if found is None:
            self.report.add("entry_missing", leaf=leaf, entry_id=entry_id)
            return
        self.first_id = self.first_id or entry_id
        true_hash = leaf_hash(canon)
        if true_hash != sealed_hash:
            swapped = true_hash == stored_hash
            self.report.add(
                "entry_swapped" if swapped else "text_changed", leaf=leaf, entry_id=entry_id
            )
            return
        try:
            content = json.loads(canon)
            differing = _differing_columns(content, row)
            taken_at = dt.datetime.fromisoformat(content["at"])
            self.links.add(leaf, true_hash, content["prev"])
        except (ValueError, KeyError, TypeError):
            self.report.add("unreadable", leaf=leaf, entry_id=entry_id)
            return
        if stored_hash != true_hash:
            differing.append("leaf_hash")
        if differing:
            facts = {"columns": ", ".join(differing)}
            self.report.add("column_differs", leaf=leaf, entry_id=entry_id, facts=facts)
        back = self.clock.went_back(entry_id, taken_at)
        if back is not None:
            facts = {"seconds": str(int(back.total_seconds()))}
            self.report.add("clock_back", leaf=leaf, entry_id=entry_id, facts=facts)

    def finish(self) -> None:
        report = self.report
        report.size, report.chain = self.expected, self.chain
        if self.tree is not None:
            report.root = self.tree.root().hex()
        for size, witnesses in self.roots.items():
            if size > report.size:
                for who, _root in witnesses:
                    report.add("shrunk", facts={"size": report.size, "seen": size, "who": who})
        self.links.report_missing(report, self.using)


def _differing_columns(content: dict[str, Any], row: tuple[Any, ...]) -> list[str]:
    differing = []
    for (name, sealed), stored in zip(_COLUMNS, row[8:], strict=True):
        if name == "taken_at":
            stored = _time_text(stored)
        elif name == "uuid":
            stored = str(stored).replace("-", "")
        if sealed(content) != stored:
            differing.append(name)
    return differing


def _roots_seen_outside(using: str) -> dict[int, list[tuple[str, str]]]:
    """Size -> who saw which root there."""
    seen: dict[int, list[tuple[str, str]]] = {}
    for size, root in Checkpoint.objects.using(using).values_list("size", "root"):
        seen.setdefault(size, []).append(("the checkpoint", root))
    for name, size, root in Witness.objects.using(using).values_list("name", "size", "root"):
        if size:
            seen.setdefault(size, []).append((name, root))
    return seen


def _check_waiting(report: Report, using: str) -> None:
    waiting = backlog(using=using)
    if waiting.oldest_seconds > LATE_SECONDS:
        facts = {"count": waiting.count, "seconds": waiting.oldest_seconds}
        report.add("unsealed", facts=facts)
    after = -1
    while True:
        rows = Pending.objects.using(using).filter(pk__gt=after).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:CHUNK])
        if not ids:
            return
        after = ids[-1]
        found = Entry.objects.using(using).filter(pk__in=ids)
        hashes = {pk: (canon, h) for pk, canon, h in found.values_list("pk", "canon", "leaf_hash")}
        for pk in ids:
            if pk not in hashes:
                _tell_if_still_waiting(report, pk, using)
            elif leaf_hash(hashes[pk][0]) != hashes[pk][1]:
                report.add("pending_changed", entry_id=pk)


def _tell_if_still_waiting(report: Report, pk: int, using: str) -> None:
    """The entry can only have been read before its pending row if somebody removed it."""
    if Pending.objects.using(using).filter(pk=pk).exists():
        report.add("pending_without_entry", entry_id=pk)


def _check_never_sealed(report: Report, newest_id: int, using: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(_NEVER_SEALED, [newest_id])
        for (entry_id,) in cursor.fetchall():
            report.add("never_sealed", entry_id=entry_id)


def _check_id_gaps(report: Report, first_id: int, using: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(_ID_GAPS, [first_id])
        gaps = cursor.fetchall()
    if gaps:
        facts = {"count": sum(int(length) for _first, length in gaps), "first": gaps[0][0]}
        report.add("id_gaps", facts=facts)


def remember(report: Report, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Stores the outcome for the banner and as the place to continue from."""
    now = timezone.now()
    values: dict[str, Any] = {
        "exit_code": int(report.exit_code),
        "size": report.size,
        "chain": report.chain,
        "findings": [fault.as_dict() for fault in report.faults[:50]],
        "checked_at": now,
    }
    if report.since == 0:
        values["full_at"] = now
    VerifyOutcome.objects.using(using).update_or_create(pk=1, defaults=values)
