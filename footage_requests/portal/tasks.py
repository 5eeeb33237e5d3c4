"""Doors for Celery to what the portal needs without people. Each is a sweep: safe to run twice, or to lose."""

from __future__ import annotations

from celery import shared_task

from accounts import idempotency

from . import endpoints, webhooks


@shared_task
def send_webhooks() -> None:
    """Sends messages that are due, until none is left."""
    for _round in range(20):
        if not webhooks.send_due():
            return


@shared_task
def forget() -> None:
    """Drops kept answers, old secrets and old deliveries whose time has passed."""
    idempotency.forget_answers()
    endpoints.forget_old_secrets()
    webhooks.forget()
