"""Background work of the log: the hourly verification."""

from __future__ import annotations

import datetime as dt
import logging

from celery import shared_task
from django.utils import timezone

from .faults import Level
from .models import VerifyOutcome
from .verifying import remember, verify

logger = logging.getLogger(__name__)
FULL_EVERY = dt.timedelta(days=7)


@shared_task
def verify_recent() -> None:
    """Continues from the last verified leaf; once a week, and after a fault, from the beginning."""
    last = VerifyOutcome.objects.first()
    if last is None or last.exit_code >= Level.TAMPERED or _full_is_due(last):
        report = verify(seen=last.size if last else 0)
    else:
        report = verify(since=last.size, known_chain=last.chain, seen=last.size)
    remember(report)
    if report.exit_code >= Level.TAMPERED:
        logger.error("The audit log was tampered with: %s", report.counts)


def _full_is_due(last: VerifyOutcome) -> bool:
    return last.full_at is None or timezone.now() - last.full_at > FULL_EVERY
