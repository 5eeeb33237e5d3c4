"""What makes the tests' outcome independent of the machine's load and of the time of day (a plugin of pytest).

Tests say "today" and "yesterday" to the product and look for what it made of them. What the product does at
midnight is tested with a clock of the test's own; here is only seen to it that no test begins so late in a day
that the day changes under it, nor before the product calls the day before complete.
"""

from __future__ import annotations

import time

import pytest

HOUR_S = 3_600
# Midnight in Türkiye and in UTC, in seconds of the UTC day, and for how long no test begins after it: recorders
# are asked about a day up to two minutes ago, so that the night before ends two minutes late.
MIDNIGHTS_S = {21 * HOUR_S: 125, 24 * HOUR_S: 0}
USUAL_S = 60
# Tests that work for tens of seconds also on a machine with nothing else to do.
LONG_S = 300
LONG = (
    "tests/engine/",
    "tests/requests/test_from_letter_to_destruction.py",
    "tests/cctv_ops/test_running.py",
    "tests/test_access.py",
    "tests/benchmarks/",
)


def pytest_configure() -> None:
    """Examples of Hypothesis have no time limit, and are the same ones in every run."""
    from hypothesis import settings

    settings.load_profile("ci")


def seconds_to_wait(now_s: float, margin_s: float) -> float:
    """How long a test that may last `margin_s` has to wait; `now_s` is the time since 1970 (UTC)."""
    of_day = now_s % (24 * HOUR_S)
    for midnight, pause_s in MIDNIGHTS_S.items():
        if midnight - margin_s < of_day < midnight + pause_s:
            return midnight + pause_s - of_day
    return 0.0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    margin_s = LONG_S if item.nodeid.startswith(LONG) else USUAL_S
    while wait_s := seconds_to_wait(time.time(), margin_s):
        time.sleep(wait_s)
