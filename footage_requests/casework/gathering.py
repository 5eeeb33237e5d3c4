"""Reads once what every part of a case's page asks for: its cameras, holds, decisions, packages and records."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from ..models import (
    Decision,
    Destruction,
    FootageRequest,
    HandOverRecord,
    Hold,
    Package,
    RequestItem,
)


def gather(row: FootageRequest) -> None:
    """Gives this instance its rows, so that `row.items.all()` and its like ask no more.

    For pages that only read: a step takes a fresh instance, because what was gathered grows old.
    """
    prefetch_related_objects(
        [row],
        _of("items", RequestItem.objects.select_related("position__floor__building")),
        _of("holds", Hold.objects.select_related("channel__recorder")),
        _of("decisions", Decision.objects.select_related("decided_by")),
        "decisions__refusal_codes",
        _of("packages", _packages()),
        _of("records", _records()),
        _of("destructions", Destruction.objects.all()),
        "fees",
    )


def is_gathered(row: FootageRequest, name: str) -> bool:
    """Whether `row.<name>.all()` is at hand, with what its rows point to."""
    return name in getattr(row, "_prefetched_objects_cache", {})


def _of(name: str, rows: Any) -> Prefetch[Any]:
    return Prefetch(name, queryset=rows)


def _packages() -> Any:
    return Package.objects.select_related(
        "decision", "exporter", "verifier", "deliverer", "approver", "inner_file"
    )


def _records() -> Any:
    return HandOverRecord.objects.select_related(
        "deliverer", "witness", "signed_paper", "package", "destruction"
    )
