"""Who may read the log. This app knows no roles: accounts tells it at start, in AppConfig.ready()."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_tests: list[Callable[[Any], bool]] = []


def allow_reading(test: Callable[[Any], bool]) -> None:
    """Registers a test of a person; who passes one of them may read the log."""
    if test not in _tests:
        _tests.append(test)


def may_read_log(person: Any) -> bool:
    """Nobody, until a test was registered."""
    return any(test(person) for test in _tests)
