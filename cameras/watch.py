"""Did the night's check run? Computed when it is asked, from rows alone: it needs no scheduler and no worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from django.conf import settings

from cameras.models import Run
from cameras.nights import SWEEPS
from core.tsi import TSI, day_of


class NightWord(StrEnum):
    """What is true of the check over yesterday."""

    FINISHED = "FINISHED"
    RED = "RED"  # finished, and its sum does not hold
    RUNNING = "RUNNING"
    NOT_YET = "NOT_YET"
    DID_NOT_RUN = "DID_NOT_RUN"


@dataclass(frozen=True)
class NightState:
    """The state of the check over `day`. `age` is the time since it finished."""

    day: date
    word: NightWord
    run: Run | None = None
    age: timedelta | None = None
    skipped: int = 0

    @property
    def is_alarm(self) -> bool:
        return self.word in {NightWord.DID_NOT_RUN, NightWord.RED}


def night_state(now: datetime) -> NightState:
    """The state of the latest night. From WATCH_AT on an unfinished night counts as "did not run"."""
    day = day_of(now) - timedelta(days=1)
    run = Run.objects.filter(kind__in=SWEEPS, day=day).exclude(status=Run.Status.SKIPPED).first()
    skipped = Run.objects.filter(kind=Run.Kind.NIGHT, day=day, status=Run.Status.SKIPPED).count()
    if run is not None and run.status == Run.Status.FINISHED and run.finished_at is not None:
        word = NightWord.RED if run.is_red else NightWord.FINISHED
        return NightState(day, word, run, now - run.finished_at, skipped)
    watched = datetime.combine(day + timedelta(days=1), time(*settings.WATCH_AT), TSI)
    if now >= watched:
        return NightState(day, NightWord.DID_NOT_RUN, run, None, skipped)
    running = run is not None and run.status == Run.Status.RUNNING
    return NightState(day, NightWord.RUNNING if running else NightWord.NOT_YET, run, None, skipped)
