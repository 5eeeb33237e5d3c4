"""Door for Celery: long papers are printed for the person who asked."""

from __future__ import annotations

from celery import shared_task

from core import paper_jobs


@shared_task
def print_paper(job_id: int, name: str, parameters: dict[str, str], language: str) -> None:
    """Prints one queued paper; a message that comes twice prints it once."""
    paper_jobs.print_job(job_id, name, parameters, language)
