"""Did the night's check run? Computed when it is asked, from rows alone: it needs no scheduler and no worker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Q

from cameras.models import Run
from cameras.night.nights import SWEEPS
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
    return state_of(Run.objects.filter(sweeps_of(watched_day(now))), now)


def watched_day(now: datetime) -> date:
    """The day whose check is watched: yesterday."""
    return day_of(now) - timedelta(days=1)


def sweeps_of(day: date) -> Q:
    """The condition for the nightly runs over a day, skipped ones too."""
    return Q(kind__in=SWEEPS, day=day)


def state_of(runs: Iterable[Run], now: datetime) -> NightState:
    """The state out of runs that are read already; runs of other kinds and days are left aside."""
    day = watched_day(now)
    sweeps = [run for run in runs if run.day == day and run.kind in SWEEPS]
    tried = [run for run in sweeps if run.status != Run.Status.SKIPPED]
    run = max(tried, key=lambda run: (run.start_at, run.pk), default=None)
    skipped = sum(run.status == Run.Status.SKIPPED for run in sweeps)
    if run is not None and run.status == Run.Status.FINISHED and run.finished_at is not None:
        word = NightWord.RED if run.is_red else NightWord.FINISHED
        return NightState(day, word, run, now - run.finished_at, skipped)
    watched = datetime.combine(day + timedelta(days=1), time(*settings.WATCH_AT), TSI)
    if now >= watched:
        return NightState(day, NightWord.DID_NOT_RUN, run, None, skipped)
    running = run is not None and run.status == Run.Status.RUNNING
    return NightState(day, NightWord.RUNNING if running else NightWord.NOT_YET, run, None, skipped)
