"""A broker that is away: nobody's button fails, one line is logged, and the sweep finds the work."""

from __future__ import annotations

import logging

import pytest
from celery import Celery

from footage_requests.exhibits import masking
from footage_requests.release import release_work
from footage_requests.waking import wake


def told(caplog):
    return [record for record in caplog.records if record.name == "footage_requests.waking"]


def test_a_broker_that_is_away_is_one_line_and_no_stack_trace(caplog):
    app = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
    ran = []

    @app.task(name="tests.work")
    def work(number):
        ran.append(number)

    with caplog.at_level(logging.WARNING):
        wake(work, 7)

    (line,) = told(caplog)
    assert (line.levelno, line.exc_info) == (logging.WARNING, None)
    assert "tests.work" in line.getMessage()
    assert ran == []


@pytest.mark.parametrize(
    ("module", "ask"),
    [
        (masking, lambda: masking._queue(1)),
        (release_work, lambda: release_work._send_seal(1, 1)),
        (release_work, lambda: release_work._send_copy(1)),
    ],
)
def test_masking_sealing_and_copying_are_asked_for_through_it(monkeypatch, module, ask):
    asked = []
    monkeypatch.setattr(module, "wake", lambda task, *arguments: asked.append(arguments))

    ask()

    assert len(asked) == 1
