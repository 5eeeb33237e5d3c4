"""The tamper-evident log: `audit.record()` writes one entry inside the caller's transaction.

Entries are canonical JSON (RFC 8785) hashed as leaves of a Merkle tree (RFC 6962); a separate sealer
numbers them shortly after commit. Nothing in this app imports another app.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import AppendOnly, AuditRefused

if TYPE_CHECKING:
    from django.db.models import Model

    from .models import Entry

__all__ = ["AppendOnly", "AuditRefused", "record"]


def record(
    action: str,
    *,
    actor: Model | str,
    target: Model | tuple[str, object, str] | None = None,
    because: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    **facts: Any,
) -> Entry:
    """Writes one entry in the open transaction and returns it.

    `action` is "<noun>.<verb>"; `actor` a person, or the name of a part of the system. `target` is a
    row, or (type, id, name). `before`, `after` and `facts` hold strings, integers, booleans, None,
    dates, UUIDs, and lists and dicts of them; never secrets, never floats.
    Raises AuditRefused (a ValueError; callers answer 400) for what cannot be written canonically, and
    RuntimeError outside a transaction. Any failure must undo the caller's change: do not catch it
    inside the transaction. For many entries at once: `audit.recording.write_many`.
    """
    from .recording import Draft, write  # models can be imported only when the apps are loaded

    return write(
        Draft(
            action=action,
            actor=actor,
            target=target,
            because=because,
            before=before,
            after=after,
            facts=facts,
        )
    )
