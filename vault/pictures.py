"""Sealed pictures of other apps' rows: the bytes stand in a column `sealed` and open only in that row."""

from __future__ import annotations

from typing import Any

from .crypto import Place, open_bytes


def open_picture(row: Any) -> bytes:
    """The picture of a row that was sealed for `Place(its table, its primary key, "sealed")`.

    The caller has asked for permission and writes the audit entry. Raises NotOpened or KeyMissing.
    """
    place = Place(row._meta.db_table, str(row.pk), "sealed")
    return open_bytes(bytes(row.sealed), place)
