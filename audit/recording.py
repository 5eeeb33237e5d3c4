"""Writes entries: canonical text, leaf hash, link to the object's previous entry, pending row."""

from __future__ import annotations

import re
import uuid
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model
from django.utils import timezone

from .canon import SCHEMA, canonical, clean_text, leaf_hash, plain, reference, utc_text
from .context import current
from .errors import AuditRefused
from .models import Entry, Pending

LONGEST_REASON = 10_000
LONGEST_NAME = 200
_ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")

try:
    APP_VERSION = version("cctv-ops")
except PackageNotFoundError:  # run from a checkout that is not installed as a package
    APP_VERSION = "0.1.0"


def write(
    action: str,
    *,
    actor: Model | str,
    target: Model | tuple[str, object, str] | None,
    because: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    facts: dict[str, Any],
    using: str = DEFAULT_DB_ALIAS,
) -> Entry:
    """One entry and its pending row on database `using`; see `audit.record` for the contract."""
    if not connections[using].in_atomic_block:
        raise RuntimeError("audit.record() must run inside the transaction of the change.")
    if not _ACTION.fullmatch(action):
        raise AuditRefused(f"{action!r} is not an action: write <noun>.<verb>.")
    if len(because) > LONGEST_REASON:
        raise AuditRefused(f"A reason is limited to {LONGEST_REASON} characters.")
    object_type, object_id, object_name = _target(target)
    actor_id, actor_name, actor_role = _actor(actor)
    origin = current()
    entry = Entry(
        uuid=uuid.uuid4(),
        actor_id=actor_id,
        actor_name=actor_name,
        actor_role=actor_role,
        action=action,
        object_type=object_type,
        object_id=object_id,
        object_name=object_name,
        because=clean_text(str(because)),
        request_id=origin.request_id,
        ip=origin.ip,
        session_hash=origin.session_hash(),
        object_prev=_previous(object_type, object_id, using),
    )
    # After every other query, so that ids and times of concurrent writers run in the same order.
    entry.taken_at = timezone.now()
    entry.canon = canonical(
        content(entry) | {"before": plain(before), "after": plain(after), "facts": plain(facts)}
    )
    entry.leaf_hash = leaf_hash(entry.canon)
    entry.save(force_insert=True, using=using)
    Pending.objects.using(using).create(entry_id=entry.pk)
    return entry


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
    earlier = Entry.objects.using(using).filter(object_type=object_type, object_id=object_id)
    return earlier.order_by("-pk").values_list("leaf_hash", flat=True).first() or ""
