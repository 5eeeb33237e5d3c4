"""Doors for Celery to what requests need without people. Each is safe to run twice and to be killed."""

from __future__ import annotations

from celery import shared_task

from . import checking, reminders, scanning


@shared_task
def check_request(request_id: int) -> None:
    """Asks the recorders about one case."""
    checking.check(request_id)


@shared_task
def sweep_requests() -> None:
    """Papers that wait for the scanner, cameras that were not asked, calls without a letter, reminders."""
    scanning.scan_waiting()
    reminders.sweep()
    checking.check_due()


@shared_task
def scan_papers() -> None:
    """Scans papers as soon as they have come."""
    scanning.scan_waiting()
