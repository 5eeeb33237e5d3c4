"""Memory that a process no longer uses."""

from __future__ import annotations

import contextlib
import ctypes


def give_back() -> None:
    """Gives the system what was freed and would stay with the process; nothing where its C library cannot.

    For worker processes, which live on after their largest task: see malloc_trim(3) of glibc. Takes a few
    milliseconds.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
