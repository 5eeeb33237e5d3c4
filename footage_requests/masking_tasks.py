"""Masked copies in the background; tasks carry primary keys only."""

from __future__ import annotations

from celery import shared_task

from .masking import make_masked, mend
from .models import MaskPlan


@shared_task(name="footage_requests.make_masked_copy")
def make_masked_copy(plan_id: int) -> None:
    """Makes the masked copy of one plan. A second call finds it made and does nothing."""
    plan = MaskPlan.objects.select_related(
        "exhibit__file", "exhibit__package", "exhibit__line__item", "job", "drawn_by"
    ).get(pk=plan_id)
    make_masked(plan)


@shared_task(name="footage_requests.mend_masked_copies")
def mend_masked_copies() -> None:
    """Starts again what a killed worker left."""
    mend()
