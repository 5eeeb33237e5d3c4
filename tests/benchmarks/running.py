"""Runs a benchmark as a person does, as small as it goes, and reads its last line."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

HANGS_SECONDS = 600


def last_line_of(name: str, *options: str) -> dict[str, Any]:
    """The figures that a benchmark ends with."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *options],
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    assert figures.pop("benchmark") == name
    return dict(figures)


def are_figures(figures: dict[str, Any], *names: str) -> bool:
    """Whether all these figures are there, and are positive numbers."""
    return all(isinstance(figures[name], int | float) and figures[name] > 0 for name in names)
