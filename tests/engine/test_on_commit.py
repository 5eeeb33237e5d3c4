"""Messages go out when the rows that they speak of are there, and never before."""

from __future__ import annotations

import subprocess
import sys

from django.conf import settings

from cameras.models import Run
from tests.cameras.simulated import enter
from tests.engine.campus_rows import wait_until_over
from tests.engine.engine import child_environment

ASK = """
import sys, django
django.setup()
from django.db import transaction
from cameras.night import nights
for outcome in sys.argv[1:]:
    try:
        with transaction.atomic():
            nights.check_now(by="test", subject=outcome)
            if outcome == "undone":
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
"""


def ask(engine, *outcomes):
    """Asks for checks in a process of its own, as the web does; `undone` ones are rolled back."""
    subprocess.run(
        [sys.executable, "-c", ASK, *outcomes],
        cwd=settings.BASE_DIR,
        env=child_environment(engine.url, engine.broker.url),
        check=True,
        timeout=240,
    )


def test_only_a_committed_check_wakes_a_worker_and_it_finds_its_rows(engine, served):
    """E13: a rolled-back transaction sends nothing; a committed one needs no scheduler to be worked."""
    enter(served(2, 1).devices)

    ask(engine, "undone", "undone")
    assert engine.queued() == 0
    assert not Run.objects.exists()

    ask(engine, "done")
    assert engine.queued() >= 1
    engine.worker(pool=1)
    run = Run.objects.get()
    wait_until_over(engine, run)
    assert run.progress == (3, 3)


def test_a_check_is_planned_even_when_the_broker_is_away(engine, served):
    """The row is the queue: the scheduler's next sweep finds it."""
    enter(served(2, 1).devices)
    engine.broker.kill()

    ask(engine, "done")
    assert Run.objects.get().status == Run.Status.RUNNING

    engine.broker.start()
    engine.worker(pool=1)
    engine.beat()
    wait_until_over(engine, Run.objects.get())
