"""Doors for Celery to what requests need without people. Each is a sweep: safe to run twice, or to lose."""

from __future__ import annotations

from celery import shared_task

from .casework import checking, reminders, scanning


@shared_task
def sweep_requests() -> None:
    """Calls without a letter, deadlines, reminders, and cameras that were not asked."""
    reminders.sweep()
    checking.ask_due()


@shared_task
def scan_papers() -> None:
    """Hands waiting papers to the virus scanner."""
    scanning.scan_waiting()
