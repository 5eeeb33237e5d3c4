"""The sealer: gives committed entries their number in the log and continues the chain.

One sealer works at a time (advisory lock on PostgreSQL, the write lock on SQLite); several may run.
A row per pending entry, and not an id watermark, so that an entry whose transaction commits late is
sealed late and never lost.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Min, Value
from django.utils import timezone

from .canon import leaf_hash, utc_text
from .clock import ClockWatch
from .models import Entry, Pending, Seal, VerifyOutcome
from .recording import Draft, write

FIRST_CHAIN = "0" * 64
LATE_SECONDS = 60
ALARM_SECONDS = 300
# Any fixed number: the name of the lock among those who seal this database.
_LOCK = 0x0A0D17


def next_chain(previous: str, leaf: int, entry_id: int, entry_hash: str, sealed_at: str) -> str:
    """SHA-256 over 0x02 and the fields of one seal, separated by newlines; covers the seal row itself."""
    text = "\n".join((previous, str(leaf), str(entry_id), entry_hash, sealed_at))
    return hashlib.sha256(b"\x02" + text.encode()).hexdigest()


def seal_pending(limit: int = 1000, *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Seals up to `limit` waiting entries and returns how many. 0 also when another sealer is at work.

    An entry that is gone, or does not match its hash any more, stays pending: the verifier names it.
    """
    # Asked without the write lock: on SQLite the sealer must not stand in everybody's way for nothing.
    if not Pending.objects.using(using).exists():
        return 0
    with transaction.atomic(using=using):
        if not _may_seal(using):
            return 0
        entries = _sound_entries(limit, using)
        if not entries:
            return 0
        _append(entries, using)
        Pending.objects.using(using).filter(pk__in=[entry.pk for entry in entries]).delete()
    return len(entries)


def _may_seal(using: str) -> bool:
    connection = connections[using]
    if connection.vendor != "postgresql":
        return True  # BEGIN IMMEDIATE already holds the only write lock
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _sound_entries(limit: int, using: str) -> list[Entry]:
    """The oldest waiting entries whose hash is right."""
    after, sound = -1, list[Entry]()
    while len(sound) < limit:
        waiting = Pending.objects.using(using).filter(pk__gt=after).order_by("pk")
        ids = list(waiting.values_list("pk", flat=True)[: limit - len(sound)])
        if not ids:
            break
        after = ids[-1]
        found = Entry.objects.using(using).filter(pk__in=ids).order_by("pk")
        found = found.only("pk", "taken_at", "canon", "leaf_hash")
        sound += [entry for entry in found if leaf_hash(entry.canon) == entry.leaf_hash]
    return sound


def _append(entries: list[Entry], using: str) -> None:
    last = Seal.objects.using(using).order_by("-leaf").first()
    leaf = last.leaf + 1 if last else 0
    chain = last.chain if last else FIRST_CHAIN
    watch = _watch_before(last, using)
    now = timezone.now()
    seals = []
    for number, entry in enumerate(entries, start=leaf):
        back = watch.went_back(entry.pk, entry.taken_at)
        if back is not None:
            _tell_regression(entry, number, back, using)
        chain = next_chain(chain, number, entry.pk, entry.leaf_hash, utc_text(now))
        seals.append(
            Seal(
                leaf=number,
                entry_id=entry.pk,
                leaf_hash=entry.leaf_hash,
                chain=chain,
                sealed_at=now,
            )
        )
    Seal.objects.using(using).bulk_create(seals)


def _watch_before(last: Seal | None, using: str) -> ClockWatch:
    """Continues from the newest sealed id among the last seals; late ones may stand behind it."""
    if last is None:
        return ClockWatch()
    recent = Seal.objects.using(using).filter(leaf__gt=last.leaf - 1000)
    newest = recent.order_by("-entry_id").values_list("entry_id", flat=True)[:1]
    entry = Entry.objects.using(using).filter(pk__in=newest).only("pk", "taken_at").first()
    return ClockWatch(entry.pk, entry.taken_at) if entry else ClockWatch()


def _tell_regression(entry: Entry, leaf: int, back: dt.timedelta, using: str) -> None:
    facts = {"leaf": leaf, "entry": entry.pk, "back_ms": int(back.total_seconds() * 1000)}
    write(Draft(action="clock.regression", actor="sealer", facts=facts), using=using)


@dataclass(frozen=True)
class Backlog:
    """What waits for its seal. `alarm` from 5 minutes on: the sealer is down."""

    count: int
    oldest_seconds: int

    @property
    def late(self) -> bool:
        return self.oldest_seconds > LATE_SECONDS

    @property
    def alarm(self) -> bool:
        return self.oldest_seconds > ALARM_SECONDS


def backlog(*, using: str = DEFAULT_DB_ALIAS) -> Backlog:
    """Count and age of unsealed entries; releases and other steps that need "sealed now" ask this."""
    waiting = Pending.objects.using(using)
    count = waiting.count()
    if not count:
        return Backlog(0, 0)
    ids = waiting.order_by("pk").values_list("pk", flat=True)[:1000]
    entries = Entry.objects.using(using).filter(pk__in=list(ids))
    oldest = entries.aggregate(oldest=Min("taken_at"))["oldest"]
    age = (timezone.now() - oldest).total_seconds() if oldest else 0
    return Backlog(count, max(0, int(age)))


TAMPERED, UNSEALED = "tampered", "unsealed"


def alarm(*, using: str = DEFAULT_DB_ALIAS) -> str:
    """TAMPERED when the last verification said so, UNSEALED when the sealer is down, else "".

    Every page asks it, so it is one query.
    """
    tampered = VerifyOutcome.objects.using(using).tampered()
    waiting = Pending.objects.using(using).order_by("pk").values("pk")[:1000]
    entries = Entry.objects.using(using).filter(pk__in=waiting).order_by()
    told = tampered.values_list(Value(TAMPERED), "checked_at").union(
        entries.values_list(Value(UNSEALED)).annotate(Min("taken_at")), all=True
    )
    since = dict(told)
    if TAMPERED in since:
        return TAMPERED
    oldest = since.get(UNSEALED)
    late = timezone.now() - dt.timedelta(seconds=ALARM_SECONDS)
    return UNSEALED if oldest is not None and oldest < late else ""


def leaf_of(entry: Entry, *, using: str = DEFAULT_DB_ALIAS) -> int | None:
    """The entry's number in the log; None until it is sealed."""
    seals = Seal.objects.using(using).filter(entry_id=entry.pk)
    return seals.values_list("leaf", flat=True).first()
