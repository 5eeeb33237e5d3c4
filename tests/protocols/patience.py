"""How long tests of the device layer wait.

What must come gets as long as a machine under load needs, and costs nothing where it comes at once. What must
never come is waited for only as long as the test likes: nothing that a slow machine does changes that end.
"""

from __future__ import annotations

from collections.abc import Callable

from cameras.protocols.rtsp import StreamLimits

HANG_S = 120.0
A_MOMENT_S = 0.1
PATIENT = StreamLimits(connect_s=HANG_S, reply_s=HANG_S, stall_s=HANG_S, total_s=3 * HANG_S)


def patient_until_silence() -> tuple[StreamLimits, Callable[[], None]]:
    """Limits that wait long for every picture, and what makes them end a moment after a silence has begun."""
    limits = StreamLimits(connect_s=HANG_S, reply_s=HANG_S, stall_s=HANG_S, total_s=3 * HANG_S)
    return limits, lambda: object.__setattr__(limits, "stall_s", A_MOMENT_S)
