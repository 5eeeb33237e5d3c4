"""Masked copies and other work on packages in the background; tasks carry primary keys only."""

from __future__ import annotations

from celery import shared_task

from .decisions import deciding
from .exhibits import masking, verifying
from .models import MaskPlan

# A copy of an hour takes longer than the broker waits for an answer. It is acknowledged at the start
# instead, and `mend` finds what a killed worker left.
_LONGEST_S = 6 * 3600


@shared_task(acks_late=False, time_limit=_LONGEST_S, soft_time_limit=_LONGEST_S - 60)
def make_masked_copy(plan_id: int) -> None:
    """Makes the masked copy of one plan. A second call finds it made and does nothing."""
    plan = MaskPlan.objects.select_related(
        "exhibit__file", "exhibit__package", "exhibit__line__item", "job", "drawn_by"
    ).get(pk=plan_id)
    masking.make_masked(plan)


@shared_task
def mend_masked_copies() -> None:
    """Starts again what a killed worker left."""
    masking.mend()


@shared_task
def close_viewings() -> None:
    """Ends the viewings whose player has gone."""
    verifying.close_idle()


@shared_task
def expire_approvals() -> None:
    """Takes back approvals whose time has passed."""
    deciding.expire_due()
