from __future__ import annotations

from collections.abc import Callable

import pytest

from cameras.models import Run
from cameras.night import finishing, nights
from tests.cameras.campus import Campus, last_night


@pytest.fixture(autouse=True)
def english_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command prints is compared with English texts, whoever runs the tests."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def campus(db: None, settings) -> Campus:  # type: ignore[no-untyped-def]
    settings.NIGHT_JITTER_SECONDS = 0
    settings.PROOF_SHARE = 0.0
    settings.NTP_SERVERS = []
    return Campus()


@pytest.fixture
def night(campus: Campus) -> Callable[[], Run]:
    """Runs last night through queue, visits and finish."""

    def run_it() -> Run:
        run = last_night()
        nights.start(run)
        campus.work(run)
        finishing.finish_runs()
        run.refresh_from_db()
        return run

    return run_it
