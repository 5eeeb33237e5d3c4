"""Doors for Celery: fetching pieces, the life of holds, availability. Each is a sweep over rows."""

from __future__ import annotations

from celery import shared_task
from django.db import transaction

from core.memory import give_back

from .footage import assembling, exporting, fetch_work
from .footage.fetch_loop import FetchLoop
from .footage.part_claims import AnyPart
from .footage.running_hashes import RunningHashes
from .holds import availability, hold_life, hold_weeks
from .models import FootageRequest, HoldPart
from .waking import wake

WORKERS = 2
"""Processes of the footage worker, as bin/run starts it."""


@shared_task
def work_parts() -> None:
    """Fetches pieces of holds and exports, and puts finished exports together."""
    hashes = RunningHashes()
    with FetchLoop() as loop:
        has_worked = fetch_work.work(settled, hashes, loop)
        has_worked += assembling.work_packages(hashes, loop.decode)
    if has_worked:
        give_back()


@shared_task
def check_request(request_pk: int) -> None:
    """Asks the recorders what they still have of a request."""
    request = FootageRequest.objects.filter(pk=request_pk).first()
    if request is not None:
        availability.check_request(request)


@shared_task
def sweep_holds() -> None:
    """Makes missing holds, releases and destroys what is due, reads "hours left" anew."""
    hold_life.sweep()
    availability.refresh_lost()


@shared_task
def file_hold_week() -> None:
    """The weekly paper of holds that outlive their requests, filed from Monday on until it is there."""
    hold_weeks.sweep()


@shared_task
def ask_again() -> None:
    """The morning after a night: is the held span still on the recorders?"""
    hold_life.ask_again()


def settled(part: AnyPart) -> None:
    """What follows when a piece has ended."""
    if isinstance(part, HoldPart):
        hold_life.settle(part.hold)
    else:
        exporting.slice_ended(part)


def call_workers() -> None:
    """Tells every footage worker that there is something to fetch."""
    for _worker in range(WORKERS):
        wake(work_parts)


def ask_recorders(request: FootageRequest) -> None:
    """Has the availability of a request checked as soon as this transaction is committed."""
    transaction.on_commit(lambda: wake(check_request, request.pk), robust=True)
