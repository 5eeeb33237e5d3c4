"""A new key for everything that is sealed: every column of `crypto.sealed_columns`, batch by batch.

A batch is one transaction, so a kill loses at most the batch that ran; both keys stay readable until
nothing is left. A value that changes meanwhile is sealed with the new key by whoever changes it, and is
left alone here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.models import F, Func, Value
from django.views.decorators.debug import sensitive_variables

import audit

from . import crypto
from .crypto import SealedColumn
from .errors import VaultError

BATCH = 50
"""Rows of one transaction: pictures may have megabytes."""


@dataclass
class Batch:
    """What one batch did: values sealed anew, and those that do not open, as "table.column of row 7"."""

    column: SealedColumn
    last: Any
    count: int = 0
    shut: list[str] = field(default_factory=list)


def rewrap(size: int = BATCH) -> Iterator[Batch]:
    """Seals with the current key what another key has sealed, and tells of every batch."""
    for column in crypto.sealed_columns:
        batch = rewrap_batch(column, size)
        while batch is not None:
            yield batch
            batch = rewrap_batch(column, size, batch.last)


@transaction.atomic
def rewrap_batch(column: SealedColumn, size: int = BATCH, after: Any = None) -> Batch | None:
    """Seals up to `size` values anew, of rows behind `after`; None when no row is left."""
    rows = list(_behind(column, after)[:size])
    if not rows:
        return None
    batch = Batch(column, rows[-1].pk)
    for row in rows:
        try:
            batch.count += _seal_anew(column, row)
        except VaultError as error:
            batch.shut.append(f"{column.name} of row {row.pk}: {error}")
    current = crypto.keys().current
    target = ("vault", current, current)
    audit.record(
        "vault.rewrap", actor="vault", target=target, column=column.name, count=batch.count
    )
    return batch


def _behind(column: SealedColumn, after: Any) -> models.QuerySet[Any]:
    """Rows whose value does not begin with the head of the current key."""
    kind = column.model._meta.get_field(column.field)
    head: Any = f"{crypto.VERSION}:{crypto.keys().current}:"
    empty: Any = ""
    if isinstance(kind, models.BinaryField):
        head, empty = head.encode(), b""
    beginning = Func(
        F(column.field),
        Value(1),
        Value(len(head)),
        function="SUBSTR",
        output_field=type(kind)(),
    )
    rows = column.model._base_manager.annotate(sealed_beginning=beginning)
    rows = rows.exclude(sealed_beginning=head).exclude(**{column.field: empty})
    rows = rows.exclude(**{f"{column.field}__isnull": True})
    return (rows if after is None else rows.filter(pk__gt=after)).order_by("pk")


@sensitive_variables()
def _seal_anew(column: SealedColumn, row: Any) -> int:
    old = getattr(row, column.field)
    place = column.place(row, column.field)
    sealed: str | bytes
    if isinstance(old, str):
        plain = crypto.open_text(old, place).encode()
        sealed = crypto.seal(plain.decode(), place)
    else:
        plain = crypto.open_bytes(old, place)
        sealed = crypto.seal_bytes(plain, place)
    same = column.model._base_manager.filter(pk=row.pk, **{column.field: old})
    return int(same.update(**{column.field: sealed}, **column.along(row, plain)))
