"""Writes entries: canonical text, leaf hash, link to the object's previous entry.

A trigger adds the pending row, so that no entry can escape the sealer.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Max, Model
from django.utils import timezone

from .canon import SCHEMA, canonical, clean_text, leaf_hash, plain, reference, utc_text
from .context import current
from .errors import AuditRefused
from .models import Entry

LONGEST_REASON = 10_000
LONGEST_NAME = 200
_ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")

_LATEST = """
SELECT leaf_hash FROM audit_entry WHERE object_type = %s AND object_id = %s ORDER BY id DESC LIMIT 1
"""

try:
    APP_VERSION = version("cctv-ops")
except PackageNotFoundError:  # run from a checkout that is not installed as a package
    APP_VERSION = "0.1.0"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What `audit.record` is told, before it is an entry."""

    action: str
    actor: Model | str
    target: Model | tuple[str, object, str] | None = None
    because: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def write(draft: Draft, *, using: str = DEFAULT_DB_ALIAS) -> Entry:
    """One entry and its pending row on database `using`; see `audit.record` for the contract."""
    _check_transaction(using)
    entry = _prepared(draft)
    entry.object_prev = _previous(entry.object_type, entry.object_id, using)
    _fix(entry, draft)
    entry.save(force_insert=True, using=using)
    return entry


def write_many(drafts: Sequence[Draft], *, using: str = DEFAULT_DB_ALIAS) -> list[Entry]:
    """The entries of one transaction in a handful of statements; all of them or none."""
    _check_transaction(using)
    entries = [_prepared(draft) for draft in drafts]
    latest = _latest_hashes(entries, using)
    for entry, draft in zip(entries, drafts, strict=True):
        key = (entry.object_type, entry.object_id)
        entry.object_prev = latest.get(key, "") if entry.object_type else ""
        _fix(entry, draft)
        latest[key] = entry.leaf_hash
    Entry.objects.using(using).bulk_create(entries)
    return entries


def _check_transaction(using: str) -> None:
    if not connections[using].in_atomic_block:
        raise RuntimeError("audit.record() must run inside the transaction of the change.")


def _prepared(draft: Draft) -> Entry:
    """The entry without time, link and hash."""
    if not _ACTION.fullmatch(draft.action):
        raise AuditRefused(f"{draft.action!r} is not an action: write <noun>.<verb>.")
    if len(draft.because) > LONGEST_REASON:
        raise AuditRefused(f"A reason is limited to {LONGEST_REASON} characters.")
    object_type, object_id, object_name = _target(draft.target)
    actor_id, actor_name, actor_role = _actor(draft.actor)
    origin = current()
    return Entry(
        uuid=uuid.uuid4(),
        actor_id=actor_id,
        actor_name=actor_name,
        actor_role=actor_role,
        action=draft.action,
        object_type=object_type,
        object_id=object_id,
        object_name=object_name,
        because=clean_text(str(draft.because)),
        request_id=origin.request_id,
        ip=origin.ip,
        session_hash=origin.session_hash(),
    )


def _fix(entry: Entry, draft: Draft) -> None:
    """Takes the time and hashes the text: after every other query, so that ids and times agree."""
    entry.taken_at = timezone.now()
    values = {
        "before": plain(draft.before),
        "after": plain(draft.after),
        "facts": plain(draft.facts),
    }
    entry.canon = canonical(content(entry) | values)
    entry.leaf_hash = leaf_hash(entry.canon)


def content(entry: Entry) -> dict[str, Any]:
    """What the canonical text repeats from the columns; the verifier compares the two."""
    return {
        "schema": SCHEMA,
        "app": APP_VERSION,
        "uuid": str(entry.uuid),
        "at": utc_text(entry.taken_at),
        "actor": {"id": entry.actor_id, "name": entry.actor_name, "role": entry.actor_role},
        "action": entry.action,
        "object": {"type": entry.object_type, "id": entry.object_id, "name": entry.object_name},
        "because": entry.because,
        "request": {"id": entry.request_id, "ip": entry.ip, "session": entry.session_hash},
        "prev": entry.object_prev,
    }


def _target(target: Model | tuple[str, object, str] | None) -> tuple[str, str, str]:
    if target is None:
        return "", "", ""
    kind, identity, name = reference(target) if isinstance(target, Model) else target
    return clean_text(kind), clean_text(str(identity)), clean_text(str(name)[:LONGEST_NAME])


def _actor(actor: Model | str) -> tuple[str, str, str]:
    """(id, name, role). A row may say its roles in `audit_role`; a part of the system has only a name."""
    if isinstance(actor, str):
        if not actor:
            raise AuditRefused("An entry needs an actor.")
        return "", clean_text(actor[:LONGEST_NAME]), "system"
    if not isinstance(actor, Model) or actor.pk is None:
        raise AuditRefused(
            "An entry needs an actor: a stored person, or the name of a system part."
        )
    full_name = getattr(actor, "get_full_name", str)()
    name = full_name or str(actor)
    role = str(getattr(actor, "audit_role", "") or "")
    return str(actor.pk), clean_text(name[:LONGEST_NAME]), clean_text(role[:LONGEST_NAME])


def _previous(object_type: str, object_id: str, using: str) -> str:
    """Leaf hash of the object's latest entry; "" for the first. The caller holds the object's row."""
    if not object_type:
        return ""
    # Plain SQL: this runs for every entry, and building the query costs more than answering it.
    with connections[using].cursor() as cursor:
        cursor.execute(_LATEST, [object_type, object_id])
        row = cursor.fetchone()
    return row[0] if row else ""


def _latest_hashes(entries: Sequence[Entry], using: str) -> dict[tuple[str, str], str]:
    """Leaf hash of the latest stored entry of each object that the new entries are about."""
    ids_by_type: dict[str, set[str]] = {}
    for entry in entries:
        if entry.object_type:
            ids_by_type.setdefault(entry.object_type, set()).add(entry.object_id)
    latest = {}
    for object_type, ids in ids_by_type.items():
        earlier = Entry.objects.using(using).filter(object_type=object_type, object_id__in=ids)
        newest = earlier.order_by().values("object_id").annotate(newest=Max("pk"))
        found = Entry.objects.using(using).filter(pk__in=newest.values("newest"))
        for object_id, entry_hash in found.values_list("object_id", "leaf_hash"):
            latest[object_type, object_id] = entry_hash
    return latest
