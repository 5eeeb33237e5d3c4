"""How a benchmark ends: one line of JSON when it is through, everything stopped when it is not."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from typing import Any


def _stop(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def run(main: Callable[[], dict[str, Any]]) -> None:
    """Runs a benchmark and prints its figures. SIGTERM ends it as Ctrl+C does: servers are stopped."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        figures = main()
    except KeyboardInterrupt:
        sys.exit("\nStopped; nothing was left running.")
    print(json.dumps(figures), flush=True)


def say(text: str) -> None:
    """A line for the reader, shown at once even when it goes into a file."""
    print(text, flush=True)
