"""Canonical text of an entry (RFC 8785 for a subset without floats) and its leaf hash (RFC 6962).

For strings, integers below 2^53, booleans, None, lists and dicts with ASCII keys, `json.dumps` with
sorted keys and no spaces gives exactly the RFC's bytes. Everything outside that subset is refused
instead of being spelled differently by the next language that verifies the log.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.functional import Promise

from .errors import AuditRefused

SCHEMA = 1
# Larger texts do not belong in a log line; the cap also bounds what one request can write.
LONGEST_CANON = 256 * 1024
LARGEST_INTEGER = 2**53 - 1
DEEPEST = 16


def utc_text(instant: dt.datetime) -> str:
    """An aware instant as UTC with microseconds: 2026-01-31T09:30:00.000000Z."""
    if instant.tzinfo is None:
        raise AuditRefused("A time without a zone cannot be audited.")
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def clean_text(text: str) -> str:
    """The same text, or AuditRefused when a database or another language could not hold it."""
    if "\0" in text:
        raise AuditRefused("A text with a NUL character cannot be audited.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise AuditRefused("A text with half a surrogate pair cannot be audited.") from None
    return text


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as JSON of the subset: dates, UUIDs, decimals and rows become text or small dicts."""
    if depth > DEEPEST:
        raise AuditRefused("Values are nested too deeply to be audited.")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (str, Promise)):
        # str() turns members of TextChoices and lazy translations into the bare text.
        return clean_text(str(value))
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise AuditRefused("An integer above 2^53 must be written as text to be audited.")
        return int(value)
    if isinstance(value, dict):
        return {_key(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return [plain(item, depth + 1) for item in items]
    return _plain_object(value)


def _plain_object(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return utc_text(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, Model):
        return dict(zip(("type", "id", "name"), reference(value), strict=True))
    if isinstance(value, float):
        raise AuditRefused("A float cannot be audited: use an integer of a smaller unit, or text.")
    raise AuditRefused(f"A value of type {type(value).__name__} cannot be audited.")


def _key(key: Any) -> str:
    if not isinstance(key, str) or not key.isascii():
        raise AuditRefused("Names of audited values must be ASCII text.")
    return clean_text(str(key))


def reference(target: Model) -> tuple[str, str, str]:
    """(type, id, name) of a row. The uuid where it has one: it survives a restore and a merge."""
    identity = getattr(target, "uuid", None) or target.pk
    return target._meta.label_lower, str(identity), str(target)[:200]


def canonical(content: dict[str, Any]) -> str:
    """RFC 8785 text of content that went through `plain`. Raises AuditRefused above the cap."""
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    if len(text.encode()) > LONGEST_CANON:
        raise AuditRefused(f"An audit entry is limited to {LONGEST_CANON // 1024} KiB.")
    return text


def leaf_hash(canon: str) -> str:
    """SHA-256(0x00 || canon) in hex: the leaf of RFC 6962."""
    return hashlib.sha256(b"\x00" + canon.encode()).hexdigest()
