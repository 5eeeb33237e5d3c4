"""Sealed pictures of other apps' rows: the bytes stand in a column `sealed` and open only in that row."""

from __future__ import annotations

from typing import Any

from .crypto import open_bytes, place_of


def open_picture(row: Any) -> bytes:
    """The picture of a row that was sealed for `place_of(row, "sealed")`.

    The caller has asked for permission and writes the audit entry. Raises NotOpened or KeyMissing.
    """
    return open_bytes(bytes(row.sealed), place_of(row, "sealed"))
