"""Doors for Celery: what the evidence store needs by itself."""

from __future__ import annotations

from celery import shared_task

from .footage import rechecking, store, store_alarm


@shared_task
def recheck_store() -> None:
    """Measures the files that waited longest, and removes what killed workers left."""
    store.sweep_store()
    rechecking.recheck_store()
    store_alarm.sweep()
