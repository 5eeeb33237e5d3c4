"""Sealing and encrypting in the background; tasks carry primary keys only."""

from __future__ import annotations

from celery import shared_task

from core.jobs import Job

from .models import Package, PackageCheck, RecipientCopy
from .release import check_work, release_work

# Acknowledged at the start: a large package takes longer than the broker waits for an answer.
_LONGEST_S = 1500


@shared_task(acks_late=False, time_limit=_LONGEST_S, soft_time_limit=_LONGEST_S - 60)
def seal_package(package_id: int, job_id: int) -> None:
    """Seals one package for the person who started the job."""
    package = Package.objects.select_related("request__kind", "approver").get(pk=package_id)
    job = Job.objects.select_related("started_by").get(pk=job_id)
    if job.started_by is not None:
        release_work.seal_now(package, job, job.started_by)


@shared_task(acks_late=False, time_limit=_LONGEST_S, soft_time_limit=_LONGEST_S - 60)
def make_copy(copy_id: int) -> None:
    """Encrypts one package for its recipient."""
    rows = RecipientCopy.objects.select_related(
        "package__request__kind", "package__inner_file", "job"
    )
    release_work.make_copy(rows.get(pk=copy_id))


@shared_task(acks_late=False, time_limit=_LONGEST_S, soft_time_limit=_LONGEST_S - 60)
def check_brought(check_id: int) -> None:
    """Judges what somebody brought back, and removes it."""
    rows = PackageCheck.objects.select_related("package__inner_file", "job", "by")
    check_work.work(rows.get(pk=check_id))


@shared_task
def sweep_releases() -> None:
    """Wipes passphrases that nobody has read, and calls workers for what nobody has begun."""
    release_work.forget_passphrases()
    release_work.wake_waiting()
    check_work.wake_waiting()
